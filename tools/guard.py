#!/usr/bin/env python3
"""guard.py - counts the instructions of the hot paths, so that no change slows them unseen.

Usage: tools/guard.py [--renew | --prove] PROGRAM, which is built from tests/guard/hot_path.c.

Without an option the counts are compared with those of tests/guard/baseline.json: a path that takes over TOLERANCE more
fails, and so does one that takes as much less, until the baseline says so. --renew writes them there. --prove plants a
slowdown in each path, doctors baselines, and fails unless it is found. Ends with 77 where nothing can be compared.

Callgrind counts each path in runs of two sizes; their difference is what messages take, to the instruction: time, load
and address space have no part in it, start and stop cancel. Compilers differ, so each version has its own baseline.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tree

BASELINE = "tests/guard/baseline.json"
TOLERANCE = 0.10
PATHS = ("pingpong", "count", "ask", "keyed2")
SIZES = (8000, 24000)  # messages of the two runs
RENEW = "make guard-baseline"
SKIPPED = 77


def run(command):
    """What it prints; ends the check where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"guard: {' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def instructions(program, path, size, extra):
    """Of a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", program, path, str(size), str(extra)])
        return int(re.search(r"^totals: (\d+)", out.read_text(encoding="utf-8"), re.M).group(1))


def count(program, extra=None):
    """Path -> instructions per message. `extra`: path -> how often its handler goes round a loop."""
    def per_message(path):
        few, many = (instructions(program, path, size, (extra or {}).get(path, 0)) for size in SIZES)
        return round((many - few) / (SIZES[1] - SIZES[0]), 1)

    with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, len(PATHS))) as pool:
        return dict(zip(PATHS, pool.map(per_message, PATHS)))


def compare(counts, baseline):
    """Returns a line for each path, and those for what must be mended."""
    report, problems = [], []
    for path, now in counts.items():
        before = baseline.get(path)
        if not before:
            problems.append(f"{path}: {BASELINE} does not know it; add it: {RENEW}")
            continue
        change = now / before - 1
        report.append(f"{path} {now:.1f} instructions per message, baseline {before:.1f}, {change:+.1%}")
        if change > TOLERANCE:
            problems.append(f"{path} became slower by {change:.1%}: find out where (docs/PERFORMANCE.md, \"The guard\"), "
                            f"or, if what was gained is worth it: {RENEW}")
        elif change < -TOLERANCE:
            problems.append(f"{path} became faster by {-change:.1%}: so that it stays so: {RENEW}")
    return report, problems


def read_baselines():
    path = tree.ROOT / BASELINE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def check(program, build):
    baselines = read_baselines()
    if build not in baselines:
        print(f"guard: skipped: {BASELINE} has no counts of {build}, only of {', '.join(sorted(baselines)) or 'nothing'}; "
              f"with optimisation and without -march, add them: {RENEW}")
        return SKIPPED
    report, problems = compare(count(program), baselines[build])
    print("\n".join(f"guard: {build}: {line}" for line in report + problems))
    return 1 if problems else 0


def renew(program, build):
    baselines = read_baselines() | {build: count(program)}
    text = json.dumps(baselines, indent=4, sort_keys=True) + "\n"
    (tree.ROOT / BASELINE).write_text(text, encoding="utf-8")
    print(f"guard: {BASELINE}: {build}: {baselines[build]}")
    return 0


def prove(program, build):
    """Whether compare finds what it should, and only that."""
    counts = count(program)
    # Each time round the loop is an instruction at least.
    planted = count(program, {path: int(before * 2 * TOLERANCE) for path, before in counts.items()})
    scaled = {part: {path: before * part for path, before in counts.items()} for part in (0.90, 0.92, 1.09, 1.12)}
    faults = {  # name -> what is counted, the baseline, what each of its problems says
        "a planted slowdown": (planted, counts, "became slower"),
        "a baseline that is too low": (counts, scaled[0.90], "became slower"),
        "a baseline that is too high": (counts, scaled[1.12], RENEW),
        "a baseline without the path": (counts, {}, "does not know it"),
        "a baseline that is a little low": (counts, scaled[0.92], None),
        "a baseline that is a little high": (counts, scaled[1.09], None),
        "the same again": (count(program), counts, None),
    }
    is_broken = False
    for name, (now, baseline, text) in faults.items():
        _, problems = compare(now, baseline)
        is_right = len(problems) == (len(PATHS) if text else 0) and all(text in problem for problem in problems)
        is_broken = is_broken or not is_right
        print(f"guard: {build}: {name}: {'found' if text else 'let pass'}{'' if is_right else ', but NOT: ' + str(problems)}")
    return 1 if is_broken else 0


def main():
    action = {"--renew": renew, "--prove": prove}.get(sys.argv[1], check) if len(sys.argv) > 1 else None
    if action is None or len(sys.argv) != (2 if action is check else 3):
        sys.exit("usage: tools/guard.py [--renew | --prove] PROGRAM")
    if not shutil.which("valgrind"):
        print("guard: skipped: valgrind is not installed")
        return SKIPPED
    program = os.path.abspath(sys.argv[-1])
    return action(program, run([program, "version"]).strip())


if __name__ == "__main__":
    sys.exit(main())
