#!/bin/sh
# clippy.sh - lints the Zenoh driver, its tests included.
#
# Only with clippy 1.95, because versions differ in what they find; status 77 where there is none. It stands in for the compiler
# of the driver alone: the packages below are taken as they were built (build/cargo), where cargo clippy would go through all of
# them once more, which takes longer than the rest of the checks.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
version=95
if ! clippy-driver --version 2>/dev/null | grep -q "^clippy 0\.1\.$version " || ! rustc --version | grep -q "^rustc 1\.$version\."; then
    echo "clippy: clippy 1.$version, with its compiler, is not installed"
    exit 77
fi
if ! cargo fetch --quiet --locked --manifest-path drivers/zenoh/Cargo.toml 2>/dev/null; then
    echo "clippy: cargo cannot fetch the driver's packages"
    exit 77
fi
status=0
findings=$(RUSTC_WORKSPACE_WRAPPER=clippy-driver CARGO_TARGET_DIR=build/cargo cargo \
    --config 'profile.release.package.edacious-zenoh.opt-level=0' \
    test --quiet --locked --release --no-run --lib --manifest-path drivers/zenoh/Cargo.toml 2>&1) || status=$?
test -z "$findings" || echo "$findings"
test $status -eq 0 && test -z "$findings"
