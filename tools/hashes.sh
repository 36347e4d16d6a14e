#!/bin/bash
# hashes.sh - the same seed gives the same rolling hash from gcc and clang, plain and under each sanitizer, in every process.
# Compares edacious-sim of the presets named, which are built; 77: fewer than two of them are there.
set -uo pipefail
cd "$(dirname "$0")/.."
seeds=${SEEDS:-20}
first=
compared=0
for preset in "$@"; do
    program=build/$preset/bin/edacious-sim
    test "$preset" = release && program=build/bin/edacious-sim
    if ! test -x "$program"; then
        echo "hashes: $program is not built"
        continue
    fi
    if ! "$program" --seeds "$seeds" --hash >"build/hashes-$preset.txt" 2>&1; then
        tail -n 3 "build/hashes-$preset.txt"
        exit 1
    fi
    if test -z "$first"; then
        first=$preset
    elif ! cmp -s "build/hashes-$first.txt" "build/hashes-$preset.txt"; then
        echo "hashes: $first and $preset differ:"
        diff "build/hashes-$first.txt" "build/hashes-$preset.txt" | head -n 4
        exit 1
    fi
    compared=$((compared + 1))
done
test $compared -ge 2 || exit 77
echo "hashes: $compared builds agree on $seeds seeds of each scenario"
