#!/usr/bin/env python3
"""count_lines.py - counts the lines of code of C files: not blank ones, not comments, not lone braces.

Usage: tools/count_lines.py MAX FILE...    ends with 1 if a file has more than MAX
"""
import pathlib
import re
import sys

# A comment, or a literal in which the beginning of one means nothing.
PIECE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
LONE_BRACE = re.compile(r"[{}][;,]?")


def without_comments(text):
    """A comment of several lines leaves its line ends, so that the code before and after it stays on two lines."""

    def replace(match):
        piece = match.group()
        return "\n" * piece.count("\n") if piece.startswith(("/*", "//")) else piece

    return PIECE.sub(replace, text)


def count(text):
    lines = (line.strip() for line in without_comments(text).split("\n"))
    return sum(1 for line in lines if line and not LONE_BRACE.fullmatch(line))


def check_self():
    assert count("") == 0
    assert count("int a; /* b */\n\n/* c\n   d */ int e;\n// f\n") == 2
    assert count("int f(void)\n{\n    return 1;\n}\n") == 2
    assert count("struct a {\n    int b;\n};\n") == 2
    assert count('puts("/*");\nputs("*/");\n') == 2
    assert count("char a = '\"'; /* \" */\nint b;\n") == 2


def main():
    check_self()
    line_max, *paths = sys.argv[1:]
    assert paths
    is_over = False
    for path in paths:
        lines = count(pathlib.Path(path).read_text(encoding="utf-8"))
        print(f"{path}: {lines} lines of code, at most {line_max}")
        is_over = is_over or lines > int(line_max)
    return 1 if is_over else 0


if __name__ == "__main__":
    sys.exit(main())
