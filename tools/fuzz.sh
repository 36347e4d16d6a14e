#!/bin/sh
# fuzz.sh - runs each fuzz target for some seconds. Usage: tools/fuzz.sh SECONDS
#
# Starts from the seeds in tests/fuzz/corpus; what it finds new goes to build/fuzz/corpus, crashes to build/fuzz/crash.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
mkdir -p build/fuzz/crash
found=0
for program in build/fuzz/bin/*_fuzz; do
    test -x "$program" || continue
    found=1
    name=$(basename "$program" _fuzz)
    mkdir -p "build/fuzz/corpus/$name"
    echo "fuzz: $name, $seconds s"
    "$program" -max_total_time="$seconds" -verbosity=0 -print_final_stats=1 -timeout=10 \
        -artifact_prefix="build/fuzz/crash/$name-" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
done
if [ $found = 0 ]; then
    echo "fuzz: no target tests/fuzz/*_fuzz.c was built" >&2
    exit 1
fi
