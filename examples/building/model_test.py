#!/usr/bin/env python3
"""Holds the model against the recorded log, and against what the generator says of its own bad lines."""

import argparse
import io
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # no __pycache__ among the sources

import generate
import model

DATA = pathlib.Path(__file__).resolve().parent / "data"
DRAWS = 300  # of each kind of bad line: most have several forms


def summary(setup, events):
    building = model.Building()
    building.read(setup)
    building.read(events)
    return "".join("%s %s\n" % pair for pair in building.summary())


def verdict(line):
    try:
        model.accept(line)
        return "accepted"
    except model.Rejected as reason:
        return reason.args[0]


def model_on_the_recorded_log_prints_what_is_expected():
    expected = (DATA / "expected.txt").read_text()
    assert summary(DATA / "setup.jsonl", DATA / "events.jsonl") == expected


def generated_bad_lines_are_rejected_for_their_reason():
    day = generate.Day(argparse.Namespace(seed=1, badges=900, doors=120, floors=8))
    for reason, make in generate.BAD_LINES:
        for _ in range(DRAWS):
            line = make(day, day.badge_topic("swipe"), {"door_id": day.door(), "at": day.now})
            assert verdict(line) == reason, (make.__name__, verdict(line), line[:200])
            assert b"\n" not in line, make.__name__


def generated_good_lines_are_accepted():
    day = generate.Day(argparse.Namespace(seed=2, badges=900, doors=120, floors=8))
    day.bad_share = 0
    for lines in (generate.setup_lines(day), generate.event_lines(day, 20_000)):
        for line in lines:
            assert verdict(line) == "accepted", line[:200]


def same_seed_makes_the_same_files():
    def files(folder, seed):
        command = ["generate.py", "--seed", str(seed), "--lines", "3000", "--out", folder]
        sys.argv = command
        generate.main()
        return [(pathlib.Path(folder) / name).read_bytes() for name in ("setup.jsonl", "events.jsonl")]

    with tempfile.TemporaryDirectory() as folder:
        first = files(folder, 7)
        assert files(folder, 7) == first
        assert files(folder, 8) != first


def every_outcome_occurs_in_a_generated_log():
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["generate.py", "--seed", "1", "--lines", "10000", "--out", folder]
        generate.main()
        text = summary(pathlib.Path(folder) / "setup.jsonl", pathlib.Path(folder) / "events.jsonl")
    for line in io.StringIO(text):
        name, *_, number = line.split()
        assert number != "0" or name in ("dead", "balance"), line


def main():
    for name, test in list(globals().items()):
        if callable(test) and getattr(test, "__module__", None) == "__main__" and "_" in name:
            test()
            print("ok     " + name)


if __name__ == "__main__":
    main()
