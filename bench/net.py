#!/usr/bin/env python3
"""net.py - messages and requests between two processes, ours beside plain Zenoh's. docs/PERFORMANCE.md says how to read it.

Every figure is the median of fresh pairs of processes; the two contenders' pairs take turns, so that both meet the same
machine. Usage: bench/net.py [--quick] [--runs N] [--sizes BYTES,...]
"""
import argparse
import os
import statistics
import subprocess
import sys

import contenders
import measure

LIMIT_S = 120
CARGO_TARGET = contenders.ROOT / "build" / "cargo"  # the driver's, which has the same packages
PEER = contenders.ROOT / "bench" / "peers" / "zenoh-net"
LARGEST = (1 << 20) - 1024  # an encoded message is at most 1 MiB
# Payload -> messages, requests.
SIZES = {8: (4000000, 4000), 256: (1500000, 4000), 4096: (300000, 2000), LARGEST: (3000, 300)}
QUICK_SHARE = 10
SHOWN_MAX = 700 << 10  # larger ones are over 1 MiB in JSON, and are not shown
# Row -> (what is compared with it, words).
ROWS = {
    "actor.messages": ("put", "messages/s, an actor's, batched"),
    "client.messages": ("put", "messages/s, a client's, batched"),
    "shown.messages": ("put", "messages/s, on a topic others may hear"),
    "bus.puts": ("put", "puts/s, the driver alone"),
    "ask.p50": ("get.p50", "us, ask p50"),
    "ask.p99": ("get.p99", "us, ask p99"),
    "bus_get.p50": ("get.p50", "us, the driver's get p50"),
    "bus_get.p99": ("get.p99", "us, the driver's get p99"),
}


def build_peer():
    """Returns the program, or ends with a sentence."""
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", str(PEER / "Cargo.toml")]
    try:
        done = subprocess.run(command, env=os.environ | {"CARGO_TARGET_DIR": str(CARGO_TARGET)}, check=False)
    except OSError as error:
        sys.exit(f"bench-net: cargo is needed to build plain Zenoh's side: {error.strerror}")
    if done.returncode != 0:
        sys.exit("bench-net: plain Zenoh's side cannot be built: cargo says why above")
    return CARGO_TARGET / "release" / "bench-net-zenoh"


def read_arguments():
    parser = argparse.ArgumentParser(description="messages and requests between two processes, ours beside plain Zenoh's")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, 3 runs")
    parser.add_argument("--runs", type=int, help="pairs of processes of each contender: 5")
    parser.add_argument("--sizes", metavar="BYTES,...", help=f"payloads, of {', '.join(map(str, SIZES))}")
    parser.add_argument("--bin", default=contenders.ROOT / "build" / "bin", help="folder of bench-net: build/bin")
    parser.add_argument("--peer", help="plain Zenoh's program, built before")
    given = parser.parse_args()
    given.runs = given.runs or (3 if given.quick else 5)
    try:
        given.sizes = [int(size) for size in given.sizes.split(",")] if given.sizes else list(SIZES)
    except ValueError:
        parser.error(f"--sizes takes numbers, not {given.sizes!r}")
    if given.runs < 1 or any(size not in SIZES for size in given.sizes):
        parser.error(f"--runs takes a number above 0, --sizes some of {', '.join(map(str, SIZES))}")
    return given


def commands_of(given, peer, size):
    """The commands of one round, each a pair of processes."""
    counts = [str(count // QUICK_SHARE if given.quick else count) for count in SIZES[size]]
    parts = ["inside", "bus"] + (["shown"] if size <= SHOWN_MAX else [])
    ours = [[str(given.bin / "bench-net"), part, "zenoh", str(size), *counts] for part in parts]
    return [[str(peer), str(size), *counts], *ours]


def collect(given, peer, size, processors):
    """metric -> list of values, and the sentences of pairs that failed."""
    values, failures = {}, []
    for _ in range(given.runs):
        for command in commands_of(given, peer, size):
            run = measure.run_process(command, LIMIT_S, processors)
            if run.failure:
                failures.append(f"{' '.join(command[1:])}: {run.failure}")
                continue
            for metric, value in run.values.items():
                values.setdefault(metric, []).append(value)
    return values, failures


def show(text, value):
    return f"{value:,.0f}" if text.startswith(("messages", "puts")) else f"{value / 1000:,.1f}"


def print_table(size, values):
    for row, (plain, text) in ROWS.items():
        if row not in values or plain not in values:
            continue
        ours, theirs = statistics.median(values[row]), statistics.median(values[plain])
        spread = f"{show(text, min(values[row]))} to {show(text, max(values[row]))}"
        print(f"{size:>9,} {text:<40} {show(text, ours):>11} {show(text, theirs):>11} {ours / theirs:>7.2f}   {spread}")


def main():
    given = read_arguments()
    given.bin = contenders.pathlib.Path(given.bin)
    peer = given.peer or build_peer()
    processors = measure.pick_processors(None)
    for name, text in contenders.describe_machine(processors).items():
        print(f"{name}: {text}")
    print(f"medians of {given.runs} pairs of processes\n")
    print(f"{'bytes':>9} {'what':<40} {'ours':>11} {'plain':>11} {'ratio':>7}   ours, least to most", flush=True)
    is_whole = True
    for size in given.sizes:
        values, failures = collect(given, peer, size, processors)
        print_table(size, values)
        for failure in failures:
            print(f"failed: {failure}")
        sys.stdout.flush()
        is_whole = is_whole and not failures
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
