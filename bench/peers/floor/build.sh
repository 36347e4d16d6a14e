#!/bin/sh
# build.sh OUT_DIR - builds OUT_DIR/bench-floor with $CC or cc; exit status 3 where there is none.
set -eu
out=$(mkdir -p "${1:?usage: build.sh OUT_DIR}" && cd "$1" && pwd)
cd "$(dirname "$0")"
if ! command -v "${CC:-cc}" >/dev/null; then
    echo "bench-floor: left out, there is no C compiler ${CC:-cc}" >&2
    exit 3
fi
"${CC:-cc}" -std=c17 -O3 -march=native -Wall -Wextra -o "$out/bench-floor" ./*.c -pthread
