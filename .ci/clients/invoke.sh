#!/usr/bin/env bash
# Runs Tencent's SDK for Node.js, from its registry, against the SCF API of
# "local serve", which runs the function.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/clients/common.sh

# This generation tells a check that is about to start from one that does not exist.
export DTS_API_VERSION=2018-03-30
export DEAD_LETTERS=$tmp/dead-letters.jsonl
start serve -listen 127.0.0.1:0 -api 127.0.0.1:0 -dts 127.0.0.1:0 -quota -1 -jobs testdata/jobs.json \
  -retry-after 10ms -dead-letters "$DEAD_LETTERS"
SCF_ENDPOINT=$(value "Invoke API")
export SCF_ENDPOINT
client invoke.mjs
