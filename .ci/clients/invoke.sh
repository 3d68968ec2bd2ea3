#!/usr/bin/env bash
# Runs Tencent's SDK for Node.js, from its registry, against the SCF API of
# "local serve", which runs the function. Leaves nothing behind in the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

tmp=$(mktemp -d)
serve_pid=
stop() {
  if [ -n "$serve_pid" ]; then
    kill "$serve_pid" 2>/dev/null || true
    wait "$serve_pid" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp .ci/clients/invoke/package.json .ci/clients/invoke/package-lock.json .ci/clients/invoke/invoke.mjs "$tmp"
(cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

go build -o "$tmp/local" ./cmd/local
export DEAD_LETTERS=$tmp/dead-letters.jsonl
"$tmp/local" serve -listen 127.0.0.1:0 -api 127.0.0.1:0 -dts 127.0.0.1:0 -quota -1 -jobs testdata/jobs.json \
  -retry-after 10ms -dead-letters "$DEAD_LETTERS" >"$tmp/log" 2>&1 &
serve_pid=$!

# The first empty line comes after all that serve says of itself.
for _ in $(seq 600); do
  if grep -q '^$' "$tmp/log" || ! kill -0 "$serve_pid" 2>/dev/null; then
    break
  fi
  sleep 0.1
done

# value NAME prints the rest of the line "NAME: value".
value() {
  sed -n "s/^$1: *//p;/^\$/q" "$tmp/log" | grep . || {
    echo "invoke.sh: serve did not print its $1:" >&2
    cat "$tmp/log" >&2
    return 1
  }
}
SCF_ENDPOINT=$(value "Invoke API")
TENCENTCLOUD_SECRET_ID=$(value SecretId)
TENCENTCLOUD_SECRET_KEY=$(value SecretKey)
TENCENTCLOUD_TOKEN=$(value Token)
export SCF_ENDPOINT TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY TENCENTCLOUD_TOKEN

# Without the proxy, through which the SDK would send even calls to this machine.
env -u http_proxy node "$tmp/invoke.mjs" || {
  cat "$tmp/log"
  exit 1
}
