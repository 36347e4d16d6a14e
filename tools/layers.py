#!/usr/bin/env python3
"""layers.py - checks that each folder of src/ includes only what tools/layers.txt allows it."""
import re
import sys

import tree


def read_table():
    """Folder -> the folders it may use."""
    table = {}
    for line in tree.lines("tools/layers.txt"):
        if line.strip() and not line.startswith("#"):
            folder, used = line.split(":")
            table[folder] = set(used.split())
    return table


def folder_of(name, table):
    """The folder of the table a path below src/ lies in, or None."""
    inside = [folder for folder in table if name.startswith(folder + "/")]
    return max(inside, key=len, default=None)


def main():
    table = read_table()
    problems = []
    for path in tree.files("src/*.c", "src/*.h", "src/*.S"):
        folder = folder_of(path.relative_to("src").as_posix(), table)
        if folder is None:
            problems.append(f"{path}: its folder is not in tools/layers.txt")
            continue
        for number, line in enumerate(tree.lines(path), 1):
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not found:
                continue
            used = folder_of(found.group(1), table)
            if used is None:
                problems.append(f'{path}:{number}: "{found.group(1)}" is not written as "folder/file.h" below src/')
            elif used != folder and used not in table[folder]:
                problems.append(f"{path}:{number}: {folder} may not use {used} (tools/layers.txt)")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
