#!/usr/bin/env python3
"""plots.py - draws what a table cannot show: SVG files in build/plots, by gnuplot. docs/PERFORMANCE.md says how to read them.

Usage: bench/plots.py [--only PLOT,...] [--runs N] [--quick]
"""
import argparse
import os
import re
import subprocess
import sys

import contenders
import measure
import run
import table

FOLDER = contenders.ROOT / "build" / "plots"
LIMIT_S = 300  # a row of these is many measurements
HEAD = """set terminal svg size 760,460 dynamic background '#ffffff' font 'sans-serif,13'
set output '{name}.svg'
set title "{title}\\n{caption}" noenhanced
set grid lt 1 lw 1 lc rgb '#dddddd'
set key outside right top
set border 3
set tics nomirror
"""
COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#7a4ea3", "#5c5c5c")


class Point:
    """A median with its range, over x."""

    def __init__(self, x, line):
        self.x, self.median = x, line["medians"][table.OURS]
        self.low, self.high = line["range"]


def points_of(lines, pattern):
    """series -> points sorted by x, from the metrics the pattern matches; it names the groups x and, perhaps, series."""
    series = {}
    for line in lines:
        found = re.fullmatch(pattern, line["metric"])
        if found and table.OURS in line["medians"]:
            groups = found.groupdict()
            series.setdefault(groups.get("series", ""), []).append(Point(int(groups["x"]), line))
    return {name: sorted(points, key=lambda point: point.x) for name, points in series.items()}


def block(name, points, scale=1.0):
    """Points as gnuplot's inline data: x median low high."""
    rows = "\n".join(" ".join(f"{value:.10g}" for value in (
        point.x, point.median * scale, point.low * scale, point.high * scale)) for point in points)
    return f"${name} << END\n{rows}\nEND\n"


def curve(name, at, title):
    key = f"title '{title}' noenhanced" if title else "notitle"
    return f"${name} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 lc rgb '{COLOURS[at % len(COLOURS)]}' {key}"


def draw_scale(lines):
    """Flat but for cache misses: nothing of a message's way grows with the number of actors."""
    points = points_of(lines, r"scale\.actors_(?P<x>\d+)").get("", [])
    return "Cost of a message against live actors", points and (
        "set logscale x\nset format x '10^{%T}'\nset xlabel 'live actors'\nset ylabel 'ns per message'\nset yrange [0:*]\n"
        + block("d", points) + "plot " + curve("d", 0, "") + "\n")


def draw_route_growth(lines):
    points = points_of(lines, r"route_growth\.subscriptions_(?P<x>\d+)").get("", [])
    return "Cost of routing a topic against wildcard subscriptions", points and (
        "set logscale x\nset format x '10^{%T}'\nset xlabel 'subscriptions'\nset ylabel 'ns per topic'\nset yrange [0:*]\n"
        + block("d", points) + "plot " + curve("d", 0, "") + "\n")


def draw_workers(lines):
    """Each row against its own best, for they are far apart; 80 is the line none should fall below."""
    series = points_of(lines, r"workers\.(?P<series>\w+)_(?P<x>\d+)")
    data, curves = "", ["80 with lines dt 2 lc rgb '#999999' notitle"]
    for at, (name, points) in enumerate(series.items()):
        best = max(point.median for point in points)
        data += block(f"d{at}", points, 100 / best)
        curves.append(curve(f"d{at}", at, f"{name} ({table.number(best)}/s)"))
    return "Throughput against workers", series and (
        "set logscale x 2\nset xtics (1, 2, 4, 8)\nset xrange [0.9:9]\nset xlabel 'workers'\n"
        "set ylabel 'per cent of the best'\nset yrange [0:110]\n"
        + data + "plot " + ", ".join(curves) + "\n")


def draw_load(lines):
    names = {50: "p50", 99: "p99", 999: "p99.9"}
    series = points_of(lines, r"load\.p(?P<x>\d+)_at_(?P<series>\d+)")
    data, curves = "", []
    for at, (name, points) in enumerate(series.items()):
        for point in points:
            point.x = list(names).index(point.x)
        data += block(f"d{at}", points)
        curves.append(curve(f"d{at}", at, f"at {name}% of the peak"))
    ticks = ", ".join(f"'{name}' {at}" for at, name in enumerate(names.values()))
    return "Delay until a message is handled, under load", series and (
        f"set logscale y\nset xtics ({ticks})\nset xrange [-0.3:2.3]\nset ylabel 'ns'\n" + data + "plot " + ", ".join(curves) + "\n")


# Plot, which is also the row it is made of -> (what draws it, the row's size in a quick run).
PLOTS = {"scale": (draw_scale, 100000), "route_growth": (draw_route_growth, 100000), "workers": (draw_workers, 20),
         "load": (draw_load, 500000)}


def write_plot(name, lines, caption):
    """Draws one. Returns '' or why there is none."""
    title, body = PLOTS[name][0](lines)
    if not body:
        return "the row gave no figures"
    script = FOLDER / f"{name}.gp"
    head = HEAD.format(name=name, title=title, caption=caption)
    script.write_text(head + body, encoding="utf-8")
    try:
        drawn = subprocess.run(["gnuplot", script.name], cwd=FOLDER, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "gnuplot is not installed: tools/bootstrap.sh plots installs it"
    return f"gnuplot: {contenders.last_line(drawn.stderr)}" if drawn.returncode != 0 else ""


def read_arguments():
    parser = argparse.ArgumentParser(prog="bench/plots.py", description="Draws plots of our benchmarks into build/plots.")
    parser.add_argument("--only", metavar="PLOT,...", default=",".join(PLOTS), help=f"of {', '.join(PLOTS)}")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="processes each (3)")
    parser.add_argument("--quick", action="store_true", help="smaller")
    given = parser.parse_args()
    given.only = given.only.split(",")
    unknown = [name for name in given.only if name not in PLOTS]
    if unknown:
        parser.error(f"there is no plot {unknown[0]!r}; there are: {', '.join(PLOTS)}")
    if given.runs <= 0:
        parser.error(f"--runs takes a number above 0, not {given.runs}")
    return given


def main():
    given = read_arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    processors = measure.pick_processors(2)
    os.sched_setaffinity(0, processors)
    prober = measure.Prober(contenders.ROOT / "build" / "bin" / "bench-probe", processors)
    sizes = {name: size for name, (_, size) in PLOTS.items()} if given.quick else {}
    plan = run.Plan(given.runs, 2 * given.runs, LIMIT_S, sizes)
    programs = {table.OURS: contenders.ROOT / "build" / "bin" / "bench"}
    bench = run.Bench(programs, plan, lambda command: measure.measure(command, LIMIT_S, prober))
    for name in given.only:
        bench.collect([name])
    lines, notes = bench.lines()
    run.print_lines(lines, notes, programs)
    machine = contenders.describe_machine(processors)
    is_whole = True
    for name in given.only:
        kinds = {line["placement"] for line in lines if line["metric"].startswith(name + ".")}
        reason = write_plot(name, lines, f"{machine['processor']}, {len(processors)} processors, {'/'.join(kinds)}")
        print(f"{name}: {reason or f'build/plots/{name}.svg'}")
        is_whole = is_whole and not reason
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
