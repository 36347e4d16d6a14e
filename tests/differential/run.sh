#!/bin/sh
# run.sh PROGRAM TARGET_DIR - holds what PROGRAM (differential.c) says against the zenoh crate; 77: cargo or its crates are missing.
set -eu
program=$1
target=$2
cd "$(dirname "$0")"
PATH="$PATH:$HOME/.cargo/bin:/usr/lib/cargo-web/bin"
if ! command -v cargo >/dev/null; then
    echo "differential: skipped, cargo is not installed (Debian 12: apt-get install cargo-web)"
    exit 77
fi
mkdir -p "$target"
if ! cargo fetch --quiet --locked 2>"$target/fetch.log"; then
    echo "differential: skipped, cargo cannot get its crates: see $target/fetch.log"
    exit 77
fi
cargo build --quiet --release --locked --target-dir "$target"
checker=$target/release/differential

# A checker that finds nothing wrong proves nothing: it must find these.
expect() { # expect STATUS LINES
    status=0
    printf %b "$2" | "$checker" >"$target/planted.log" || status=$?
    if [ $status -ne "$1" ]; then
        echo "differential: the checker ended with $status, not $1, on: $2"
        exit 1
    fi
}
expect 0 'p\ta/*\ta/b\t1110\nt\ta$*$*b\t0\ta$*b\nend\t1\t1\n'
expect 1 'p\ta/*\ta/b\t1100\nend\t1\t0\n'
expect 1 't\ta$*\t0\ta$*\nend\t0\t1\n'
expect 1 't\ta$*$*b\t0\ta*b\nend\t0\t1\n'
expect 2 'p\ta/*\ta/b\t1110\n'

trap 'rm -f "$target/lines"' EXIT # 40 MB
"$program" >"$target/lines"
"$checker" <"$target/lines"
