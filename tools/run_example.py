#!/usr/bin/env python3
"""run_example.py - runs an example as a test.

Usage: tools/run_example.py FOLDER -- program [argument...]

In the example's folder, each optional: arguments.txt (one argument a line), input.txt (standard input), expected.txt
(exactly its standard output). The example must end with status 0.
"""
import difflib
import pathlib
import subprocess
import sys


def text_of(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def main():
    folder, dashes, *command = sys.argv[1:]
    assert dashes == "--" and command
    folder = pathlib.Path(folder)
    arguments = text_of(folder / "arguments.txt") or ""
    expected = text_of(folder / "expected.txt")
    run = subprocess.run(command + arguments.splitlines(), input=text_of(folder / "input.txt") or "",
                         stdout=subprocess.PIPE, text=True, cwd=folder, check=False)
    sys.stdout.write(run.stdout)
    if run.returncode != 0:
        print(f"ended with status {run.returncode}")
        return 1
    if expected is not None and run.stdout != expected:
        sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), run.stdout.splitlines(True),
                                                   "expected.txt", "output"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
