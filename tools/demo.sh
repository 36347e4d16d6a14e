#!/bin/sh
# demo.sh - runs the building example on a recorded log. Usage: tools/demo.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
if [ ! -x build/bin/building ]; then
    echo "demo: there is no build/bin/building: the example examples/building is missing from this tree" >&2
    exit 1
fi
for file in setup.jsonl events.jsonl; do
    if [ ! -f "$1/$file" ]; then
        echo "demo: $1/$file is missing; name a folder that holds setup.jsonl and events.jsonl: make demo DATA=folder" >&2
        exit 1
    fi
done
exec build/bin/building --progress "$1/setup.jsonl" "$1/events.jsonl"
