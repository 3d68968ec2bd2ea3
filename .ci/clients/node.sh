#!/usr/bin/env bash
# Runs Tencent's SDK for Node.js, from its registry, against the DTS endpoint.
# Leaves nothing behind in the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

tmp=$(mktemp -d)
endpoint_pid=
stop() {
  if [ -n "$endpoint_pid" ]; then
    kill "$endpoint_pid" 2>/dev/null || true
    wait "$endpoint_pid" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp .ci/clients/node/package.json .ci/clients/node/package-lock.json .ci/clients/node/check.mjs "$tmp"
(cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

go build -o "$tmp/local" ./cmd/local
coproc ENDPOINT { exec "$tmp/local" dts -listen 127.0.0.1:0 -quota -1 -jobs testdata/jobs.json; }
endpoint_pid=$ENDPOINT_PID
exec {output}<&"${ENDPOINT[0]}" # bash closes its own when the endpoint ends

# value NAME reads the endpoint's output up to the line "NAME: value".
value() {
  local line
  while IFS= read -r -t 30 -u "$output" line; do
    if [[ $line =~ ^$1:\ +(.+)$ ]]; then
      printf '%s' "${BASH_REMATCH[1]}"
      return
    fi
  done
  echo "node.sh: the endpoint did not print its $1" >&2
  return 1
}
DTS_ENDPOINT=$(value "DTS endpoint")
TENCENTCLOUD_SECRET_ID=$(value SecretId)
TENCENTCLOUD_SECRET_KEY=$(value SecretKey)
TENCENTCLOUD_TOKEN=$(value Token)
export DTS_ENDPOINT TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY TENCENTCLOUD_TOKEN

# Without the proxy, through which the SDK would send even calls to this machine.
env -u http_proxy node "$tmp/check.mjs"
