#!/bin/sh
# build.sh OUT_DIR - builds OUT_DIR/bench-handwritten with $CC or cc; exit status 3 where a compiler or a library misses.
#
# Built as the library is, -O3 as a whole and no -march=native: like is compared with like.
set -eu
out=$(mkdir -p "${1:?usage: build.sh OUT_DIR}" && cd "$1" && pwd)
cd "$(dirname "$0")"
if ! command -v "${CC:-cc}" >/dev/null; then
    echo "bench-handwritten: left out, there is no C compiler ${CC:-cc}" >&2
    exit 3
fi
if ! command -v pkg-config >/dev/null || ! pkg-config --exists libcbor jansson; then
    echo "bench-handwritten: left out, pkg-config finds no libcbor and jansson" >&2
    exit 3
fi
# shellcheck disable=SC2046 # flags are words
"${CC:-cc}" -std=c17 -O3 -flto -Wall -Wextra -o "$out/bench-handwritten" ./*.c \
    $(pkg-config --cflags --libs libcbor jansson)
