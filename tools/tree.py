#!/usr/bin/env python3
"""tree.py - the files of the tree, for the checks; without git, which a machine that only builds need not have.

Usage: tools/tree.py PATTERN... prints them, one a line.
"""
import fnmatch
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTSIDE = {"build", "target", "__pycache__"}  # and hidden folders: made, not written


def files(*patterns):
    """Paths relative to ROOT, sorted. A pattern is a whole path's; its '*' matches slashes too."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in OUTSIDE and not name.startswith(".")]
        for name in names:
            path = (pathlib.Path(folder) / name).relative_to(ROOT)
            if any(fnmatch.fnmatchcase(path.as_posix(), pattern) for pattern in patterns):
                found.append(path)
    return sorted(found)


def lines(path):
    """The lines of a file, without their ends."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()


if __name__ == "__main__":
    print("\n".join(path.as_posix() for path in files(*sys.argv[1:])))
