#!/usr/bin/env bash
# Opens the function's page in Chromium, as "local serve" serves it, in both
# languages. PICTURES=docs has it take the pictures of the READMEs.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/clients/common.sh

CHROMIUM=$(command -v chromium)
DTS_API_VERSION=2021-12-06
export CHROMIUM DTS_API_VERSION
for DTS_LANGUAGE in en-US zh-CN; do
  export DTS_LANGUAGE
  start serve -jobs .ci/clients/jobs.json -listen 127.0.0.1:0 -api 127.0.0.1:0 -dts 127.0.0.1:0 -dead-letters "$tmp/dead-letters.jsonl"
  FUNCTION_URL=$(value "HTTP")
  export FUNCTION_URL
  client browser.mjs
  kill "$service"
  wait "$service" || true
  service=
  if [ -n "${PICTURES:-}" ]; then
    start serve -listen 127.0.0.1:0 -api 127.0.0.1:0 -dts 127.0.0.1:0 -dead-letters "$tmp/dead-letters.jsonl"
    FUNCTION_URL=$(value "HTTP")
    PICTURE=$PICTURES/board.png
    [ "$DTS_LANGUAGE" = en-US ] || PICTURE=$PICTURES/$DTS_LANGUAGE/board.png
    export FUNCTION_URL PICTURE
    client board.mjs
    kill "$service"
    wait "$service" || true
    service=
  fi
done
