#!/usr/bin/env bash
# Runs Tencent's SDK for Node.js, from its registry, against the DTS endpoint.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/clients/common.sh

start dts -listen 127.0.0.1:0 -quota -1 -jobs testdata/jobs.json
DTS_ENDPOINT=$(value "DTS endpoint")
export DTS_ENDPOINT
client dts.mjs
