#!/bin/sh
# format.sh - formats the C sources. Usage: tools/format.sh [--check]
#
# Only with clang-format 14, because versions differ in what they make of the same style; status 77 where there is none.
set -eu
cd "$(dirname "$0")/.."
for program in clang-format-14 clang-format ''; do
    if [ -n "$program" ] && "$program" --version 2>/dev/null | grep -q 'version 14\.'; then
        break
    fi
done
if [ -z "$program" ]; then
    echo "format: clang-format 14 is not installed"
    exit 77
fi
mode=-i
test "${1:-}" != --check || mode='--dry-run -Werror'
# The macro ladder is laid out by hand; misuse is to be read with the line it must fail on.
# shellcheck disable=SC2086 # mode is words
tools/tree.py '*.c' '*.h' |
    grep -v -e '^include/edacious/ladder\.h$' -e '^tests/compile_fail/' |
    xargs "$program" $mode
if cargo fmt --version >/dev/null 2>&1; then
    test "${1:-}" != --check || mode='-- --check'
    # shellcheck disable=SC2086 # mode is words
    cargo fmt --manifest-path drivers/zenoh/Cargo.toml ${mode#-i}
fi
