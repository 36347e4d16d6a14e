#!/usr/bin/env python3
"""run.py - runs the benchmarks, ours and the peers', and prints the table. docs/PERFORMANCE.md says how to read it.

Usage: bench/run.py [--quick] [--only ROW,...] [--contenders NAME,...] [--runs N] [--json FILE] ...; --help tells them all.
"""
import argparse
import dataclasses
import json
import os
import sys
import time

import contenders
import measure
import table

# Row -> the size it has in a quick run, None for the program's own. Where the size decides what is in the caches it stays.
ROWS = {
    "pingpong": 1000000, "count": 3000000, "fanin": 3000000, "ring": 2000000, "create": 500000, "idle": None, "keyed": None,
    "big": 10000, "pubsub": 2000, "ask": 400000, "route": 300000, "codec": 100000, "start": None,
    "load": 500000, "flood": None, "stuck": None, "timers": None,
}
OURS_ONLY = {"load", "flood", "stuck", "timers"}  # what no peer is asked for
QUICK_S = 90  # after it no repetition begins; a first run does
QUICK_LIMIT_S = 20


@dataclasses.dataclass
class Plan:
    """How often, and how long at most."""

    runs: int
    rounds_max: int  # repetitions of disturbed runs included
    limit_s: float
    sizes: dict  # row -> size; a row without one runs as its program has it
    end: float = float("inf")  # monotonic time after which no repetition begins


class Bench:
    """The runs so far: row -> contender -> list of Run."""

    def __init__(self, programs, plan, measure_run):
        self.programs, self.plan, self.measure_run = programs, plan, measure_run
        self.placement = table.Placement()
        self.runs = {}

    def run_once(self, row, name):
        size = self.plan.sizes.get(row)
        run = self.measure_run([str(self.programs[name]), row, *([str(size)] if size else [])])
        self.placement.note(run.probes)
        self.runs[row][name].append(run)

    def is_wanted(self, row, name):
        runs = self.runs[row]
        if runs[name] and time.monotonic() > self.plan.end:
            return False
        kind = table.pick_kind(runs, self.placement)
        return table.wants_more(runs[name], kind, self.placement, self.plan.runs)

    def collect(self, rows):
        """Round-robin over rows and contenders until each has enough like and clean runs, or had its chances."""
        for row in rows:
            self.runs[row] = {name: [] for name in self.programs if name == table.OURS or row not in OURS_ONLY}
        for number in range(self.plan.rounds_max):
            wanted = [(row, name) for row in rows for name in self.runs[row] if self.is_wanted(row, name)]
            for row in dict.fromkeys(row for row, _ in wanted):
                names = [name for of, name in wanted if of == row]
                print(f"bench: {row}: round {number + 1}: {', '.join(names)}", file=sys.stderr, flush=True)
                for name in names:
                    self.run_once(row, name)
            if not wanted:
                break

    def lines(self):
        """All lines of the table, and the notes below it."""
        lines, notes = [], []
        for row, runs in self.runs.items():
            of_row, said = table.make_lines(row, runs, self.placement, self.plan.runs)
            lines += of_row
            notes += said
        return lines, notes


def read_arguments():
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Runs the benchmarks and prints the table.")
    parser.add_argument("--quick", action="store_true", help="every row of ours alone, smaller, in two minutes")
    parser.add_argument("--only", metavar="ROW,...", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--contenders", metavar="NAME,...", help="of edacious and the peers; default: all there are")
    parser.add_argument("--runs", type=int, metavar="N", help="processes each (5; quick: 3)")
    parser.add_argument("--processors", type=int, default=2, metavar="N", help="how many processors all are held to (2)")
    parser.add_argument("--limit", type=float, metavar="S", help="seconds after which a process is killed (60)")
    parser.add_argument("--json", metavar="FILE", help="write every run's values there, too")
    given = parser.parse_args()
    given.only = list(ROWS) if given.only is None else given.only.split(",")
    for row in given.only:
        if row not in ROWS:
            parser.error(f"there is no row {row!r}; there are: {', '.join(ROWS)}")
    for name in ("runs", "processors", "limit"):
        value = getattr(given, name)
        if value is not None and value <= 0:
            parser.error(f"--{name} takes a number above 0, not {value:g}")
    return given


def pick_programs(given):
    """(contender -> program, lines about those left out)."""
    wanted = given.contenders.split(",") if given.contenders else None
    if given.quick and not wanted:
        wanted = [table.OURS]
    reasons = {} if wanted == [table.OURS] else contenders.build_peers()
    programs, left_out = contenders.find_contenders(reasons)
    if wanted is None:
        return programs, left_out
    absent = [line for name in wanted if name not in programs for line in left_out if line.startswith(name + ":")]
    unknown = [name for name in wanted if name not in programs and name not in contenders.NEEDS]
    if unknown:
        sys.exit(f"bench: there is no contender {unknown[0]!r}; there are: {', '.join(programs)}")
    return {name: path for name, path in programs.items() if name in wanted}, absent


def print_head(machine, versions, left_out, placement):
    for name, text in machine.items():
        print(f"{name}: {text}")
    print(f"placement: {placement.describe()}")
    for name, text in versions.items():
        print(f"{name}: {text}")
    for line in left_out:
        print(line)
    print()


def print_lines(lines, notes, programs):
    """The table, and below it what must be known to read it."""
    print(table.render(lines, list(programs)))
    if any(line["disturbed"] for line in lines):
        print(f"! others used over {table.FOREIGN_MAX:.0%} of a processor's time, however often it was repeated")
    for note in notes:
        print(note)


def write_json(path, machine, versions, bench, lines):
    """Everything that was measured, a run an object."""
    runs = {row: {name: [dataclasses.asdict(run) | {"placement": bench.placement.kind(run), "disturbed": not
        table.is_clean(run)} for run in of] for name, of in by_name.items()} for row, by_name in bench.runs.items()}
    whole = {"machine": machine, "versions": versions, "placement": bench.placement.describe(), "table": lines, "runs": runs}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=1)
        file.write("\n")


def make_plan(given):
    if given.quick:
        runs, limit_s, sizes = given.runs or 3, given.limit or QUICK_LIMIT_S, ROWS
        return Plan(runs, 2 * runs, limit_s, sizes, time.monotonic() + QUICK_S)
    runs = given.runs or 5
    # Two placements fill one class of `runs` in 2 x runs - 1 rounds at the latest; the rest is for disturbed ones.
    return Plan(runs, 2 * runs + 2, given.limit or 60, {})


def main():
    given = read_arguments()
    if given.json:
        open(given.json, "w", encoding="utf-8").close()  # better refused now than after the runs
    processors = measure.pick_processors(given.processors)
    programs, left_out = pick_programs(given)
    os.sched_setaffinity(0, processors)  # of this process and all it starts
    prober = measure.Prober(contenders.ROOT / "build" / "bin" / "bench-probe", processors)
    plan = make_plan(given)
    bench = Bench(programs, plan, lambda command: measure.measure(command, plan.limit_s, prober))
    machine = contenders.describe_machine(processors)
    versions = {name: contenders.read_version(path) for name, path in programs.items()}
    is_whole = True
    try:
        # Quickly: each row once before any is repeated. Otherwise row by row, so that what is compared ran close together.
        for rows in [given.only] if given.quick else [[row] for row in given.only]:
            bench.collect(rows)
    except KeyboardInterrupt:
        is_whole = False
    lines, notes = bench.lines()
    print_head(machine, versions, left_out, bench.placement)
    print_lines(lines, notes, programs)
    if given.json:
        write_json(given.json, machine, versions, bench, lines)
    if not is_whole:
        print("interrupted: the table is of the runs until then")
        return 130
    return 1 if any(note.split(": ")[1] == table.OURS for note in notes) else 0


if __name__ == "__main__":
    sys.exit(main())
