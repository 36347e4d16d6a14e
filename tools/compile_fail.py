#!/usr/bin/env python3
"""compile_fail.py - checks that a case of misuse does not compile, and that its first error says why.

Usage: tools/compile_fail.py gcc|clang CASE.c -- compiler [flag...]

The case begins with two comments, each a regular expression that the first line with "error" must match:
    /* expect-gcc: 'door_unlock' has no member named 'door' */
    /* expect-clang: no member named 'door' in 'door_unlock' */
"""
import os
import re
import subprocess
import sys


def expectation(case, compiler):
    """The regular expression in the case's comment for that compiler, or None."""
    with open(case, encoding="utf-8") as file:
        head = [next(file, ""), next(file, "")]
    for line in head:
        found = re.match(r"/\* expect-%s: (.*?) ?\*/\s*$" % compiler, line)
        if found:
            return found.group(1)
    return None


def main():
    compiler, case, dashes, *command = sys.argv[1:]
    assert dashes == "--" and command
    pattern = expectation(case, compiler)
    if not pattern:
        print(f"{case}: neither of its first two lines is '/* expect-{compiler}: REGEX */'")
        return 1
    plain = dict(os.environ, LC_ALL="C")
    run = subprocess.run(command + [case], capture_output=True, text=True, env=plain, check=False)
    if run.returncode == 0:
        print(f"{case}: compiles, but must not")
        return 1
    first = next((line for line in run.stderr.splitlines() if "error" in line), "")
    if re.search(pattern, first):
        return 0
    print(f"{case}: the first error does not match\n  expected: {pattern}\n  found:    {first}\n\n{run.stderr}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
