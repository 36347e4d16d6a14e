#!/bin/sh
# run.sh - lets the official Python client of Zenoh talk to a node of ours: tests/interop/checks.py, and security.py; and curl,
# rest.py.
#
# Usage: run.sh peer|router|zenohd NODE LIBRARY [ROUTER], run.sh rest NODE LIBRARY ROUTER PLUGIN, run.sh security NODE LIBRARY
# COMMAND. NODE is the program interop-node, LIBRARY the Zenoh driver (empty: not built), ROUTER zenohd's program, PLUGIN its
# REST plugin, COMMAND edacious. The client is installed once, into build/python. Ends with 77 where there is none.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
venv=$folder/../../build/python
client=eclipse-zenoh==1.10.2

skip() {
    echo "skipped: $1" >&2
    exit 77
}

is_there() {
    test "$("$venv/bin/python" -c 'import zenoh, importlib.metadata as of; print(of.version("eclipse-zenoh"))' 2>/dev/null)" = "${client#*==}"
}

install() {
    rm -rf "$venv"
    python3 -m venv "$venv" >/dev/null 2>&1 || skip "python3 cannot make a virtual environment (Debian: python3-venv)"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: "$client" >&2 ||
        skip "pip cannot install $client"
}

test -n "$3" || skip "the Zenoh driver was not built"
command -v python3 >/dev/null 2>&1 || skip "there is no python3"
test "$1" != rest || command -v curl >/dev/null 2>&1 || skip "there is no curl"
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9
is_there || install
flock -u 9
case $1 in
security | rest)
    script=$1.py
    shift
    exec "$venv/bin/python" "$folder/$script" "$@"
    ;;
esac
exec "$venv/bin/python" "$folder/checks.py" "$@"
