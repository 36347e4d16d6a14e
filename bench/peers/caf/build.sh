#!/bin/sh
# build.sh - builds OUT_DIR/bench-caf. Usage: build.sh OUT_DIR
#
# Installs nothing: ends with 3 and one line where CAF, CMake or a C++ compiler is missing. For a CAF of one's own say
# CMAKE_PREFIX_PATH=WHERE_IT_IS_INSTALLED build.sh OUT_DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT_DIR}
mkdir -p "$out/caf"
if ! command -v cmake >/dev/null 2>&1; then
    echo "bench-caf: cmake is not installed" >&2
    exit 3
fi
if ! cmake -S "$here" -B "$out/caf" >"$out/caf/configure.log" 2>&1; then
    echo "bench-caf: no C++ compiler or no CAF (apt install g++ libcaf-dev); see $out/caf/configure.log" >&2
    exit 3
fi
if ! cmake --build "$out/caf" >"$out/caf/build.log" 2>&1; then
    grep -m 10 error "$out/caf/build.log" >&2 || tail "$out/caf/build.log" >&2
    exit 1
fi
cp "$out/caf/bench-caf" "$out/bench-caf"
