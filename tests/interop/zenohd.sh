#!/bin/sh
# zenohd.sh - the same checks through Zenoh's own router, and those of curl through its REST plugin. Both are built from their
# crates: that takes minutes, so make test leaves it out.
#
# Usage: tests/interop/zenohd.sh [FOLDER]. FOLDER (build/zenohd) keeps the router and its plugin between runs.
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-build/zenohd}
version=1.10.2
plugin=$folder/lib/libzenoh_plugin_rest.so
cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")

install() {
    CARGO_TARGET_DIR=$folder/cargo "$cargo" install --quiet --version $version --locked --root "$folder" "$@"
}

# A plugin is a library, which cargo installs for nobody; but it is built with the example of its crate. Router and plugin
# compare the features of zenoh that they were built with.
install_plugin() {
    rm -f "$folder"/cargo/release/deps/libzenoh_plugin_rest*.so
    install zenoh-plugin-rest --force --example z_serve_sse --features zenoh/runtime_plugins
    mkdir -p "$folder/lib"
    mv "$folder"/cargo/release/deps/libzenoh_plugin_rest*.so "$plugin"
    rm -r "$folder/bin/z_serve_sse" "$folder/cargo"
}

tools/build.sh dev interop-node edacious-zenoh
test -x "$folder/bin/zenohd" || install zenohd
test -f "$plugin" || install_plugin
"$folder/bin/zenohd" --version
library=build/dev/lib/libedacious-zenoh.so
tests/interop/run.sh zenohd build/dev/bin/interop-node $library "$folder/bin/zenohd"
exec tests/interop/run.sh rest build/dev/bin/interop-node $library "$folder/bin/zenohd" "$plugin"
