#!/bin/sh
# bootstrap.sh - installs what is missing to build, to test, or to measure. Quiet when nothing is.
#
# Usage: tools/bootstrap.sh build|test|bench|plots. Needs a C compiler and make; the rest comes through apt (Debian 12, Ubuntu 24.04
# or later), as root, with sudo where it must.
set -eu

missing=
need() {
    missing="$missing $*"
}
has() {
    command -v "$1" >/dev/null 2>&1
}

# Format and lint findings differ from version to version: these two are of the version the tree was written with.
has_14() {
    has "$1-14" || { has "$1" && "$1" --version | grep -q 'version 14\.'; }
}
# Shipped apart from clang, so that clang may be there and unable to link what it instruments.
has_clang_runtime() {
    has clang && echo 'int main(void){return 0;}' | clang -fsanitize=address -x c -o /dev/null - 2>/dev/null
}

# For the Zenoh driver, whose packages need Rust 1.85. The one of the distribution may be older.
has_cargo() {
    for cargo in cargo "$HOME/.cargo/bin/cargo"; do
        version=$("$cargo" --version 2>/dev/null | sed 's/^cargo \([0-9]*\)\.\([0-9]*\).*/\1 \2/')
        if [ -n "$version" ] && { [ "${version% *}" -gt 1 ] || [ "${version#* }" -ge 85 ]; }; then
            return 0
        fi
    done
    return 1
}

has cmake || need cmake
has ninja || need ninja-build
has pkg-config || need pkg-config
pkg-config --exists jansson 2>/dev/null || need libjansson-dev
pkg-config --exists libcbor 2>/dev/null || need libcbor-dev
if [ "${1:-build}" = test ]; then
    has gcc || need gcc
    has g++ || need g++
    has clang || need clang
    has_clang_runtime || need libclang-rt-dev
    has_14 clang-format || need clang-format-14
    has_14 clang-tidy || need clang-tidy-14
    has python3 || need python3
    # For Zenoh's Python client.
    python3 -c 'import ensurepip' 2>/dev/null || need python3-venv
    has openssl || need openssl
    pkg-config --exists cmocka 2>/dev/null || need libcmocka-dev
    has_cargo || need cargo
    # Without the C library's symbols valgrind starts on some systems only.
    { has valgrind && valgrind -q true >/dev/null 2>&1; } || need valgrind libc6-dbg
fi
case ${1:-build} in
bench | plots) has python3 || need python3 ;;
esac
test "${1:-build}" != plots || has gnuplot || need gnuplot-nox
test -n "$missing" || exit 0

if ! has apt-get; then
    echo "edacious: missing:$missing (Debian's names). Install them with this system's package manager." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! has sudo; then
        echo "edacious: missing:$missing. As root: apt-get install$missing" >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "edacious: about to install through apt-get${as_root:+ (with sudo)}:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq

is_available() {
    apt-cache show "$1" >/dev/null 2>&1
}
# Debian 12 has one for its browsers, which would remove an older one that is installed: that is for its owner to do.
find_cargo() {
    for name in cargo cargo-web; do
        version=$(apt-cache policy "$name" | sed -n 's/ *Candidate: //p')
        if dpkg --compare-versions "${version:-0}" ge 1.85 && ! has cargo; then
            echo "$name"
            return
        fi
    done
}
packages=
for package in $missing; do
    if [ "$package" = cargo ]; then
        package=$(find_cargo)
        if [ -z "$package" ]; then
            echo "edacious: no package has cargo 1.85 or later (https://rustup.rs has): the Zenoh driver will be skipped"
            continue
        fi
    fi
    if ! is_available "$package"; then
        case $package in
        libclang-rt-dev)
            # Some releases have it only under the version of their clang.
            version=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
            package=libclang-rt-$version-dev
            ;;
        clang-format-14 | clang-tidy-14)
            echo "edacious: this release has no $package: the check that needs it will be skipped"
            continue
            ;;
        esac
    fi
    packages="$packages $package"
done
test -n "$packages" || exit 0
# shellcheck disable=SC2086 # packages are words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
