#!/bin/sh
# install_test.sh - installs a build into a temporary prefix and builds a program on it, with find_package and with
# pkg-config; and that an unfinished build is not installed. Usage: tools/install_test.sh BUILD_FOLDER COMPILER
set -eu
cd "$(dirname "$0")/../tests/install"
build=$1
compiler=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/prefix" >/dev/null

cmake -S . -B "$scratch/build" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$scratch/prefix" >/dev/null
cmake --build "$scratch/build"
test "$("$scratch/build/consumer")" = EDA_EFULL
libraries=$(realpath "$(dirname "$(find "$scratch/prefix" -name 'libedacious.*' | head -n 1)")")
finds_drivers() { readelf -d "$1" | sed -n 's/.*R.*PATH.*\[\(.*\)\].*/\1/p' | tr : '\n' | xargs -rn 1 realpath | grep -qx "$libraries"; }
finds_drivers "$scratch/build/consumer"
echo "find_package: ok"

config=$(find "$scratch/prefix" -name edacious.pc)
PKG_CONFIG_PATH=$(dirname "$config")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # flags are words
"$compiler" -std=c17 main.c $(pkg-config --cflags --libs edacious) -o "$scratch/consumer"
finds_drivers "$scratch/consumer"
LD_LIBRARY_PATH=$(dirname "$(dirname "$config")")
export LD_LIBRARY_PATH
test "$("$scratch/consumer")" = EDA_EFULL
# shellcheck disable=SC2046
"$compiler" -std=c17 ../../examples/01_seed/foo.c $(pkg-config --cflags --libs edacious-main) -o "$scratch/foo"
"$scratch/foo" 2>&1 | grep -q 'call 1: hello'
echo "pkg-config: ok"
"$scratch/prefix/bin/edacious" --help | grep -q '^usage: edacious VERB'
echo "command: ok"

# Half of it is not installed: nothing is, and it is said what to do.
cmake -S ../.. -B "$scratch/unbuilt" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DEDA_ZENOH=OFF -DEDA_TESTS=OFF -DEDA_EXAMPLES=OFF >/dev/null
for built in libedacious.a libedacious-sim.a libedacious-main.a; do
    if cmake --install "$scratch/unbuilt" --prefix "$scratch/half" >"$scratch/said" 2>&1; then
        echo "half built: it was installed" >&2
        exit 1
    fi
    tr -s '[:space:]' ' ' <"$scratch/said" | grep -q "not built yet: .*$built.* First: cmake --build $scratch/unbuilt"
    test ! -e "$scratch/half"
    : >"$scratch/unbuilt/$built"
done
echo "half built: ok"
