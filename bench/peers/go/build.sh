#!/bin/sh
# build.sh OUT_DIR - builds OUT_DIR/bench-go; exit status 3 where there is no go.
set -eu
out=$(mkdir -p "${1:?usage: build.sh OUT_DIR}" && cd "$1" && pwd)
cd "$(dirname "$0")"
if ! command -v go >/dev/null; then
    echo "bench-go: left out, go is not installed" >&2
    exit 3
fi
GOTOOLCHAIN=local go build -buildvcs=false -o "$out/bench-go" .
