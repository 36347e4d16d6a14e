#!/bin/sh
# check.sh - the house's rules. Usage: tools/check.sh [--list | CHECK...]; without a name, all of them.
#
# A check ends with 0 (kept), 77 (its tool is not installed) or anything else (broken).
set -eu
cd "$(dirname "$0")/.."
all="format layers sizes documented defaults texts leftovers clippy tidy"

run_check() {
    case $1 in
    format) tools/format.sh --check ;;
    layers) python3 tools/layers.py ;;
    sizes) python3 tools/sizes.py ;;
    documented) python3 tools/documented.py ;;
    defaults) python3 tools/defaults.py ;;
    texts) python3 tools/docs_texts.py ;;
    leftovers) python3 tools/leftovers.py ;;
    clippy) tools/clippy.sh ;;
    tidy) cmake --preset tidy >/dev/null && python3 tools/tidy.py ;;
    *)
        echo "check: there is no check $1; there are: $all" >&2
        return 2
        ;;
    esac
}

if [ "${1:-}" = --list ]; then
    echo "$all"
    exit 0
fi
test $# -gt 0 || set -- $all
worst=0
for name; do
    status=0
    run_check "$name" || status=$?
    case $status in
    0) echo "check: $name: kept" ;;
    77) echo "check: $name: skipped" ;;
    *) echo "check: $name: BROKEN" ;;
    esac
    if [ $status -ne 0 ] && { [ $worst -eq 0 ] || [ $worst -eq 77 ]; }; then
        worst=$status
    fi
done
# Skipped alone is no failure, unless it was all that was asked for.
if [ $worst -eq 77 ] && [ $# -gt 1 ]; then
    worst=0
fi
exit $worst
