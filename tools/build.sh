#!/bin/sh
# build.sh - configures a preset where that is needed, and builds it. Usage: tools/build.sh PRESET [target...]
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
test -f "build/$preset/build.ninja" || cmake --preset "$preset"
test $# -eq 0 || set -- --target "$@"
cmake --build --preset "$preset" "$@"
