#!/usr/bin/env python3
"""docs_texts.py - checks that what README.md and docs/*.md name exists: files, and the error texts of troubleshooting.

In the first column of troubleshooting's tables `text` is quoted; "..." in it stands for what varies. Each part must stand in
a string of the sources. Elsewhere links, and `path/of/the/tree` in folders that the tree has, are looked up.
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


def find_missing_files():
    """Yields a sentence for each link and each quoted path that leads nowhere."""
    for page in tree.files("README.md", "docs/*.md"):
        for number, line in enumerate(tree.lines(page), 1):
            links = [(tree.ROOT / page).parent / link for link in re.findall(r"\]\(([^)#:]+)\)", line)]
            quoted = re.findall(r"`((?:src|tests|examples|tools|include|docs|cmake)/[\w./-]+)`", line)
            for path in links + [tree.ROOT / name for name in quoted]:
                if not path.exists() and not re.search(r"/(NAME|x|x_test|NN_name)(/|\.\w+)?$", path.as_posix()):
                    yield f"{page}:{number}: there is no {path}"


def main():
    text = read_strings()
    problems = list(find_missing_files())
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
