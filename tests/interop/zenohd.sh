#!/bin/sh
# zenohd.sh - the same checks through Zenoh's own router, built from its crate: that takes minutes, so make test leaves it out.
#
# Usage: tests/interop/zenohd.sh [FOLDER]. FOLDER (build/zenohd) keeps the router between runs.
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-build/zenohd}
cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")

tools/build.sh dev interop-node edacious-zenoh
test -x "$folder/bin/zenohd" || "$cargo" install --quiet zenohd --version 1.10.2 --locked --root "$folder"
"$folder/bin/zenohd" --version
exec tests/interop/run.sh zenohd build/dev/bin/interop-node build/dev/lib/libedacious-zenoh.so "$folder/bin/zenohd"
