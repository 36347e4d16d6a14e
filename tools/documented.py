#!/usr/bin/env python3
"""documented.py - checks that what include/edacious declares is documented.

Lines without a blank one between them are a group. Each group that declares something (function, type, variable, macro)
has a comment on its first line, at its end or before it; or each of its declarations has one directly above or beside it.
Exempt: ladder.h, which users need not read; names ending in '_'; forward declarations; include guards.
"""
import re
import sys

import tree

EXEMPT_LINE = re.compile(
    r'#\s*(include|ifdef|ifndef|if|elif|else|endif|undef|error|pragma)\b|extern "C"|\}'
    r"|#\s*define \w+_(\(|\s|$)|#\s*define EDA_\w+_H$|typedef struct (\w+) \w+;$|typedef union (\w+) \w+;$")


def groups(lines):
    """Yields (number of its first line, its lines) for each run of lines without a blank one outside of braces."""
    group, start, depth = [], 0, 0
    for number, line in enumerate(lines, 1):
        if not line.strip() and depth == 0:
            if group:
                yield start, group
            group = []
            continue
        if not group:
            start = number
        group.append(line)
        if 'extern "C"' not in line and not line.lstrip().startswith("#"):
            depth = max(0, depth + line.count("{") - line.count("}"))
    if group:
        yield start, group


def declarations(group):
    """Yields (index, whether a comment stands above or beside) for each line of a group that begins a declaration."""
    in_comment = in_macro = False
    depth = 0
    is_continued = False
    has_comment_above = False
    for index, line in enumerate(group):
        text = line.strip()
        if in_comment or text.startswith("/*"):
            in_comment = "*/" not in text
            has_comment_above = True
            continue
        if in_macro:
            in_macro = text.endswith("\\")
            continue
        is_start = depth == 0 and not is_continued
        if is_start and not EXEMPT_LINE.match(text):
            yield index, has_comment_above or "/*" in text
        if text.startswith("#"):
            in_macro = text.endswith("\\")
        elif 'extern "C"' not in text:
            depth = max(0, depth + text.count("{") - text.count("}"))
            code = re.sub(r"/\*.*", "", text).rstrip()
            is_continued = depth == 0 and not code.endswith((";", "}")) and not re.match(r"[A-Z_]+\(.*\)$", code)
        has_comment_above = False


def main():
    problems = []
    for path in tree.files("include/edacious/*.h"):
        if path.name == "ladder.h":
            continue
        for start, group in groups(tree.lines(path)):
            declared = [entry for entry in declarations(group)]
            code = [line for line in group if not re.match(r'\s*#\s*(if|else|endif)|extern "C"', line)]
            if not declared or "/*" in (code or [""])[0] or declared[0][1]:
                continue
            for index, is_documented in declared:
                if not is_documented:
                    problems.append(f"{path}:{start + index}: not documented: {group[index].strip()}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
