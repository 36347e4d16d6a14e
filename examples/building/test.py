#!/usr/bin/env python3
"""Compares the program with the model: on the recorded log, and on generated ones.

    test.py [--seeds N] [--first N] [--lines N] -- PROGRAM...

PROGRAM may have a command in front of it, such as valgrind.
"""

import argparse
import difflib
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"
TIMEOUT_S = 300
# Order and timing differ in each of these; the summary must not.
WAYS = (
    ("--workers", "1"),
    ("--workers", "2"),
    ("--workers", "8"),
    ("--workers", "1", "--passivate-at-once"),
    ("--workers", "4", "--passivate-at-once"),
)


class Tests:
    def __init__(self, program):
        self.program = program
        self.failures = 0

    def run(self, *arguments):
        return subprocess.run(
            [*self.program, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    def check(self, name, is_right, why):
        print("%-6s %s" % ("ok" if is_right else "FAILED", name), flush=True)
        if not is_right:
            self.failures += 1
            print(why, flush=True)

    def compare(self, name, setup, events, expected):
        for way in WAYS:
            result = self.run("--quiet", *way, setup, events)
            difference = "\n".join(
                difflib.unified_diff(
                    expected.splitlines(), result.stdout.splitlines(), "model", "program", n=0, lineterm=""
                )
            )
            is_right = result.returncode == 0 and result.stdout == expected
            why = "exit %d\n%s\n%s" % (result.returncode, difference, result.stderr[-4000:])
            self.check("%s, %s" % (name, " ".join(way)), is_right, why)

    def refuses(self, name, code, word, *arguments):
        result = self.run("--quiet", *arguments)
        is_right = result.returncode == code and result.stdout == "" and word in result.stderr
        self.check(name, is_right, "exit %d\n%s%s" % (result.returncode, result.stdout, result.stderr))


def python(script, *arguments):
    return subprocess.run(
        [sys.executable, HERE / script, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


# Sizes of buildings: the usual one; few badges that are hardly ever idle; many that come once; nothing at all.
SIZES = (
    (),
    ("--badges", 3, "--doors", 2, "--floors", 1),
    ("--badges", 20_000, "--doors", 500, "--floors", 60),
    ("--badges", 0, "--doors", 0, "--floors", 0),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=1, help="seed")
    parser.add_argument("--lines", type=int, default=5000, help="of the events of each log")
    parser.add_argument("program", nargs="+")
    args = parser.parse_args()
    tests = Tests(args.program)
    setup, events = DATA / "setup.jsonl", DATA / "events.jsonl"
    tests.compare("recorded log", setup, events, (DATA / "expected.txt").read_text())
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder)
        for seed in range(args.first, args.first + args.seeds):
            python("generate.py", "--seed", seed, "--lines", args.lines, "--out", log, *SIZES[(seed - 1) % len(SIZES)])
            expected = python("model.py", log / "setup.jsonl", log / "events.jsonl")
            tests.compare("seed %d" % seed, log / "setup.jsonl", log / "events.jsonl", expected)
        empty = log / "empty"
        empty.touch()
        tests.compare("empty log", empty, empty, python("model.py", empty, empty))
        tests.refuses("missing events", 1, "no-such-file", setup, log / "no-such-file")
        tests.refuses("missing setup", 1, "no-such-file", log / "no-such-file", events)
        tests.refuses("a folder", 1, folder, folder, events)
    tests.refuses("no arguments", 2, "usage")
    tests.refuses("unknown option", 2, "usage", "--fast", setup, events)
    tests.refuses("no workers", 2, "usage", "--workers", 0, setup, events)
    sys.exit("%d failed" % tests.failures if tests.failures else 0)


if __name__ == "__main__":
    main()
