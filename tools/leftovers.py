#!/usr/bin/env python3
"""leftovers.py - finds what must not stay: notes to oneself, disabled code, tests that wait for time to pass."""
import re
import sys

import tree

NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|^\s*#\s*if\s+0\b|^(<{7}|>{7}) ")
SLEEPS = re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\(")


def main():
    problems = []
    for path in tree.files("*.c", "*.h", "*.S", "*.cpp", "*.rs", "*.py", "*.sh", "*.cmake", "*CMakeLists.txt", "Makefile", "*.md"):
        is_test = path.name.endswith(("_test.c", "_test.rs")) or path.parts[0] == "tests"
        for number, line in enumerate(tree.lines(path), 1):
            if NOTES.search(line):
                problems.append(f"{path}:{number}: left over: {line.strip()}")
            if is_test and SLEEPS.search(line):
                problems.append(f"{path}:{number}: a test sleeps; wait for a receipt or drive the clock: {line.strip()}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
