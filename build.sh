#!/usr/bin/env bash
# Builds the function: build/function/main, the static linux/amd64 executable
# that runtime Go1 starts, and build/function.zip, which holds it alone, with a
# copy of the zip that has its hash in its name. It says what it made. The same
# commit and the same version of Go give the same bytes, wherever and whenever it
# is built; go.mod names the version. What was built before stays until all of it
# is there.
set -euo pipefail
cd "$(dirname "$0")"

# Nothing of the caller's settings decides what is built.
export GOWORK=off GO111MODULE=on GOFLAGS=-mod=readonly GOEXPERIMENT= CGO_ENABLED=0
unset GOOS GOARCH

mkdir -p build
new=$(mktemp -d build/new.XXXXXX)
trap 'rm -rf "$new"' EXIT
mkdir "$new/function"
# The function speaks HTTP/1.1 alone: without HTTP/2 the zip is 4 % smaller.
GOOS=linux GOARCH=amd64 GOAMD64=v1 \
  go build -tags nethttpomithttp2 -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$new/function/main" .
chmod 755 "$new/function" "$new/function/main"
GOOS=$(go env GOHOSTOS) GOARCH=$(go env GOHOSTARCH) go run ./cmd/package "$new/function/main" "$new/function.zip" >"$new/made"

made=$(sed "s|$new/|build/|" "$new/made")
rm -rf build/function build/function*.zip "$new/made"
mv "$new"/* build/
printf '%s\n' "$made"
