#!/bin/sh
# guard.sh - builds tests/guard/hot_path.c as a preset says and counts its instructions.
#
# Usage: tools/guard.sh release|guard-clang [--renew | --prove]; see tools/guard.py. Ends with 77 where that cannot be done.
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
case $preset in
release) program=build/bin/hot_path ;;
*) program=build/$preset/bin/hot_path ;;
esac
if [ "$preset" = guard-clang ] && ! command -v clang >/dev/null; then
    echo "guard: skipped: clang is not installed"
    exit 77
fi
mkdir -p build
# An old configuration would not know the program.
if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --target hot_path; } >"build/guard-$preset.log" 2>&1; then
    tail -n 60 "build/guard-$preset.log"
    exit 1
fi
python3 tools/guard.py "$@" "$program"
