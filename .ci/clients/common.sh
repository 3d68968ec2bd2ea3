# What the clients have in common: a room of their own with Tencent's SDK for
# Node.js from its registry, and a service of cmd/local. Nothing is left behind.
# Read with ".", in the project's folder.

tmp=$(mktemp -d)
service=
stop() {
  if [ -n "$service" ]; then
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp .ci/clients/package.json .ci/clients/package-lock.json .ci/clients/*.mjs "$tmp"
(cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
go build -o "$tmp/local" ./cmd/local

# start ARGUMENTS starts a service and waits until it has said all of itself,
# which an empty line ends, or has ended.
start() {
  "$tmp/local" "$@" >"$tmp/log" 2>&1 &
  service=$!
  for _ in $(seq 600); do
    if grep -q '^$' "$tmp/log" || ! kill -0 "$service" 2>/dev/null; then
      break
    fi
    sleep 0.1
  done
}

# value NAME prints the rest of the line "NAME: value" of what it said.
value() {
  sed -n "s/^$1: *//p;/^\$/q" "$tmp/log" | grep . || {
    echo "the service did not print its $1:" >&2
    cat "$tmp/log" >&2
    return 1
  }
}

# client FILE runs a client with the key of the service. The proxy is left out,
# through which the SDK would send even calls to this machine.
client() {
  TENCENTCLOUD_SECRET_ID=$(value SecretId)
  TENCENTCLOUD_SECRET_KEY=$(value SecretKey)
  TENCENTCLOUD_TOKEN=$(value Token)
  export TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY TENCENTCLOUD_TOKEN
  env -u http_proxy node "$tmp/$1" || {
    cat "$tmp/log"
    return 1
  }
}
