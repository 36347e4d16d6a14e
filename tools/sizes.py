#!/usr/bin/env python3
"""sizes.py - checks the lengths of files. clang-tidy checks those of functions (.clang-tidy, readability-function-size)."""
import sys

import tree

FILE_LINES_MAX = 1000
PUBLIC_LINES_MAX = 1500  # what writers of actors and programs read, all together
SPI_LINES_MAX = 500  # what only writers of plug-ins read
SPI = {"bus.h", "store.h", "supervisor.h"}


def main():
    problems = []
    sources = tree.files("*.c", "*.h", "*.S", "*.cpp", "*.hpp", "*.rs", "*.py", "*.sh", "*.cmake", "*CMakeLists.txt", "*.md")
    for path in sources:
        count = len(tree.lines(path))
        if count > FILE_LINES_MAX:
            problems.append(f"{path}: {count} lines; no file has more than {FILE_LINES_MAX}")
    headers = {path: len(tree.lines(path)) for path in tree.files("include/edacious/*.h")}
    spi = sum(count for path, count in headers.items() if path.name in SPI)
    public = sum(headers.values()) - spi
    if public >= PUBLIC_LINES_MAX:
        problems.append(f"include/edacious: {public} lines; together they stay under {PUBLIC_LINES_MAX}")
    if spi >= SPI_LINES_MAX:
        problems.append(f"{', '.join(sorted(SPI))}: {spi} lines; together they stay under {SPI_LINES_MAX}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
