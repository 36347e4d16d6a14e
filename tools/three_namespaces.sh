#!/bin/sh
# three_namespaces.sh - the building on three nodes, each in a network namespace of its own, joined by a bridge.
#
# Usage: tools/three_namespaces.sh [PROGRAM LIBRARY [ARGUMENT...]]: the building program and the Zenoh driver, by
# default those that `make` builds; arguments go to examples/building/nodes_test.py. Needs root, and ip (iproute2);
# without them, or without the driver, it says so and ends with 77. The namespaces go with it.
set -eu
cd "$(dirname "$0")/.."
program=${1:-build/bin/building}
library=${2:-build/lib/libedacious-zenoh.so}
if [ $# -ge 2 ]; then shift 2; else set --; fi

skip() {
    echo "three_namespaces: skipped: $1"
    exit 77
}
test "$(id -u)" -eq 0 || skip "network namespaces need root"
command -v ip >/dev/null || skip "there is no ip: install iproute2"
test -x "$program" || skip "there is no $program: run make"
test -f "$library" || skip "there is no $library: make builds it where cargo is (drivers/zenoh/README.md)"

prefix=eda$$
sweep() {
    for name in one two three bridge; do
        ip netns del "$prefix-$name" 2>/dev/null || true
    done
}
trap sweep EXIT
trap 'exit 130' INT TERM
ip netns add "$prefix-bridge" 2>/dev/null || skip "network namespaces cannot be made here"
ip -n "$prefix-bridge" link add lan type bridge || skip "bridges cannot be made here"
ip -n "$prefix-bridge" link set lan up
number=0
for name in one two three; do
    number=$((number + 1))
    ip netns add "$prefix-$name"
    ip -n "$prefix-$name" link add net0 type veth peer name "to-$name" netns "$prefix-bridge"
    ip -n "$prefix-bridge" link set "to-$name" master lan up
    ip -n "$prefix-$name" address add "10.77.0.$number/24" dev net0
    ip -n "$prefix-$name" link set lo up
    ip -n "$prefix-$name" link set net0 up
done
case $library in
*/*) ;;
*) library=./$library ;;
esac
python3 examples/building/nodes_test.py --zenoh "$library" --namespaces "$prefix" "$@" -- "$program"
