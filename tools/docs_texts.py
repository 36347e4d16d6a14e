#!/usr/bin/env python3
"""docs_texts.py - checks that the error texts which docs/troubleshooting.md quotes are those of the sources.

In the first column of its tables `text` is quoted; "..." in it stands for what varies. Each part must stand in a string.
"""
import re
import sys

import tree

PAGE = "docs/troubleshooting.md"
OTHERS = ("undefined reference to",)  # what compilers and linkers say


def read_strings():
    """All sources in one text, string literals that follow each other joined, and backslashes before quotes gone."""
    paths = tree.files("src/*.c", "src/*.h", "include/*.h", "cmake/*.cmake")
    text = "\n".join("\n".join(tree.lines(path)) for path in paths if not path.name.endswith("_test.c"))
    return re.sub(r'"\s*\n?\s*"', "", text).replace('\\"', '"')


def main():
    text = read_strings()
    problems = []
    count = 0
    for number, line in enumerate(tree.lines(PAGE), 1):
        cell = re.match(r"\| `([^`]+)`[^|]*\|", line)
        if not cell or cell.group(1).startswith(OTHERS):
            continue
        for part in cell.group(1).split("..."):
            count += 1
            if part.strip(" '") and part not in text:
                problems.append(f"{PAGE}:{number}: no source says '{part}'")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
