#!/bin/sh
# build.sh OUT_DIR - builds OUT_DIR/bench-zenoh; exit status 3 where there is no cargo or no way to its crates.
set -eu
out=$(mkdir -p "${1:?usage: build.sh OUT_DIR}" && cd "$1" && pwd)
cd "$(dirname "$0")" # cargo takes .cargo/config.toml from here
if ! command -v cargo >/dev/null; then
    echo "bench-zenoh: left out, cargo is not installed" >&2
    exit 3
fi
if ! cargo fetch --quiet --locked 2>"$out/bench-zenoh.log"; then
    echo "bench-zenoh: left out, cargo cannot get its crates: see $out/bench-zenoh.log" >&2
    exit 3
fi
BENCH_ZENOH=$(sed -n '/^name = "zenoh-keyexpr"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
BENCH_RUSTC=$(rustc --version)
export BENCH_ZENOH BENCH_RUSTC
cargo build --quiet --release --locked --target-dir "$out/bench-zenoh.build"
cp "$out/bench-zenoh.build/release/bench-zenoh" "$out/bench-zenoh"
