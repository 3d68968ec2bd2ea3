#!/usr/bin/env bash
# Runs check.mjs on serverless.yml, and cases.mjs on the cases of the local
# cloud, with the deployer from its registry. The function must have been built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$scratch"/
(cd "$scratch" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
node "$scratch/check.mjs" "$here/../../serverless.yml"
node "$scratch/cases.mjs" "$here/../../internal/local/scf/testdata/deployer" "$@"
