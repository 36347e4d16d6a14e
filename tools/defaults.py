#!/usr/bin/env python3
"""defaults.py - checks that docs/options.md and the comments of eda_options say what src/core/system.c has as defaults."""
import re
import sys

import tree

SOURCE, HEADER, PAGE = "src/core/system.c", "include/edacious/system.h", "docs/options.md"


def read_defaults():
    """Option -> default, as the page writes it: "edacious", 1,024, EDA_UNLIMITED."""
    text = "\n".join(tree.lines(SOURCE))
    table = re.search(r"static const eda_options defaults = \{(.*?)\};", text, re.S).group(1)
    pairs = re.findall(r"\.(\w+) = ([^,}]+)", table)
    return {name: f"{int(value):,}" if value.strip().isdigit() else value.strip() for name, value in pairs}


def read_members():
    """Option -> its comment in the header."""
    text = "\n".join(tree.lines(HEADER))
    struct = re.search(r"typedef struct eda_options \{(.*?)\} eda_options;", text, re.S).group(1)
    return dict(re.findall(r"(\w+);\s*/\*(.*?)\*/", struct, re.S)) | {
        name: "" for name in re.findall(r"(\w+);\n(?!\s*/\*)", struct) if f"{name}; /*" not in struct}


def read_page():
    """Option -> its default on the page. The rows: | `option` | default | meaning |"""
    rows = (re.match(r"\| `(\w+)` \| ([^|]*) \|", line) for line in tree.lines(PAGE))
    return {row.group(1): row.group(2).strip() for row in rows if row}


def main():
    defaults, members, page = read_defaults(), read_members(), read_page()
    problems = []
    for name in members:
        if name not in page:
            problems.append(f"{PAGE}: the option {name} is missing")
    for name in page:
        if name not in members:
            problems.append(f"{PAGE}: there is no option {name}")
    for name, value in defaults.items():
        if page.get(name) != value:
            problems.append(f"{PAGE}: {name} is {page.get(name)}, but {value} in {SOURCE}")
        if not members.get(name, "").strip().endswith(value):
            problems.append(f"{HEADER}: the comment of {name} does not end with its default, {value} in {SOURCE}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems or not defaults else 0


if __name__ == "__main__":
    sys.exit(main())
