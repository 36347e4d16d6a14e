#!/bin/sh
# soak.sh - the scenario tests, long and without sanitizers. Usage: tools/soak.sh [ROUNDS]
#
# Each prints its messages per second; here what it took in all: seconds, and the most memory it ever held.
set -eu
cd "$(dirname "$0")/.."
names=
for source in tests/scenario/*_test.c; do
    names="$names $(basename "$source" .c)"
done
# shellcheck disable=SC2086 # names are words
tools/build.sh soak $names
export EDA_LONG=1 EDA_ROUNDS="${1:-1000}"
failed=
for name in $names; do
    echo "== $name"
    python3 tools/soak.py "build/soak/bin/$name" || failed="$failed $name"
done
if [ -n "$failed" ]; then
    echo "soak: FAILED:$failed"
    exit 1
fi
echo "soak: all passed"
