#!/bin/sh
# build.sh - builds OUT_DIR/bench-erlang, an escript with the compiled module in it. Usage: build.sh OUT_DIR
#
# Installs nothing: ends with 3 and one line where Erlang is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT_DIR}
mkdir -p "$out"
if ! command -v erlc >/dev/null 2>&1 || ! command -v escript >/dev/null 2>&1; then
    echo "bench-erlang: Erlang is not installed (apt install erlang-base)" >&2
    exit 3
fi
erlc -W -o "$out" "$here/bench_erlang.erl"
# A million processes are more than it allows by default.
erl -noshell -eval '
    [Beam, Program] = init:get_plain_arguments(),
    {ok, Code} = file:read_file(Beam),
    ok = escript:create(Program, [shebang, {emu_args, "+P 4000000 -escript main bench_erlang"}, {beam, Code}]),
    halt().' -extra "$out/bench_erlang.beam" "$out/bench-erlang"
chmod +x "$out/bench-erlang"
