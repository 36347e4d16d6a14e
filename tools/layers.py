#!/usr/bin/env python3
"""layers.py - checks that each folder of src/ includes only what the table in docs/ARCHITECTURE.md allows it."""
import re
import sys

import tree


PAGE = "docs/ARCHITECTURE.md"


def read_table():
    """Folder -> the folders it may use. The rows: | `src/FOLDER` | what it holds | FOLDER FOLDER |"""
    table = {}
    for line in tree.lines(PAGE):
        found = re.match(r"\| `src/([^`]+)` \|[^|]*\|([^|]*)\|$", line)
        if found:
            table[found.group(1)] = set(found.group(2).split())
    return table


def folder_of(name, table):
    """The folder of the table a path below src/ lies in, or None."""
    inside = [folder for folder in table if name.startswith(folder + "/")]
    return max(inside, key=len, default=None)


def main():
    table = read_table()
    known = set(table).issuperset
    problems = [f"{PAGE}: {folder} may use a folder that is not in the table" for folder in table if not known(table[folder])]
    if not table:
        problems.append(f"{PAGE}: its table of folders cannot be read")
    for path in tree.files("src/*.c", "src/*.h", "src/*.S"):
        folder = folder_of(path.relative_to("src").as_posix(), table)
        if folder is None:
            problems.append(f"{path}: its folder is not in the table of {PAGE}")
            continue
        for number, line in enumerate(tree.lines(path), 1):
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not found:
                continue
            used = folder_of(found.group(1), table)
            if used is None and path.name.endswith("_test.c") and (tree.ROOT / "tests/support" / found.group(1)).exists():
                continue
            if used is None:
                problems.append(f'{path}:{number}: "{found.group(1)}" is not written as "folder/file.h" below src/')
            elif used != folder and used not in table[folder]:
                problems.append(f"{path}:{number}: {folder} may not use {used} ({PAGE})")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
