#!/usr/bin/env python3
"""docs_code.py - checks that the C code in README.md and docs/*.md compiles.

Usage: tools/docs_code.py -- compiler [flag...]        or: tools/docs_code.py --show PAGE, which prints what is compiled.

The blocks of a page, from its first to its last, are one source file behind #include <edacious/edacious.h>:
    ```c          declarations and functions
    ```c body     statements; stand in a function that has eda_system *sys, eda_ctx *client, eda_ctx *ctx, and returns EDA_OK
    ```c alone    a source file of its own
    ```c sketch   not compiled: code of others, or with parts left out
    ```c file F   the file F of the tree, exactly
What the blocks need and a reader need not see stands in a comment of the page: <!-- code ... -->, or before an alone one
<!-- code alone ... -->.
"""
import re
import subprocess
import sys

import tree

INCLUDES = """#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
"""
BODY = """eda_status docs_body_{number}(eda_system *sys, eda_ctx *client, eda_ctx *ctx);
eda_status docs_body_{number}(eda_system *sys, eda_ctx *client, eda_ctx *ctx)
{{
    (void)sys, (void)client, (void)ctx;
{text}
    return EDA_OK;
}}
"""
KINDS = ["", "body", "alone", "sketch"]


def check_copy(page, start, text, copied):
    """Ends the program if a block is not what the file holds."""
    if text != tree.lines(copied):
        sys.exit(f"{page}:{start}: differs from {copied}, which it shows: copy it again")


def blocks(page):
    """Yields (kind, number of its first line, text); hidden code before an alone block has the kind 'hidden'."""
    kind, start, text, end = None, 0, [], ""
    for number, line in enumerate(tree.lines(page), 1):
        if kind is None:
            found = re.match(r"```c( (\w+))?( \S+)?$", line)
            if found:
                kind, start, text, end = found.group(2) or "", number + 1, [], "```"
                copied = (found.group(3) or "").strip()
            elif line in ("<!-- code", "<!-- code alone"):
                kind, start, text, end = "" if line == "<!-- code" else "hidden", number + 1, [], "-->"
        elif line == end:
            if kind == "file":
                check_copy(page, start, text, copied)
            else:
                yield kind, start, "\n".join(text)
            kind = None
        else:
            text.append(line)
    if kind is not None:
        sys.exit(f"{page}:{start}: a block that never ends")


def sources(page):
    """The source files a page makes."""
    whole, alone, hidden = [], [], ""
    for kind, start, text in blocks(page):
        if kind not in KINDS + ["hidden"]:
            sys.exit(f"{page}:{start - 1}: there is no '```c {kind}'; there are: {', '.join(KINDS[1:])}")
        # Headers of a project that a page shows are blocks of that page, and stand before.
        text = re.sub(r'^#include ".*"$', "", text, flags=re.M)
        placed = f'#line {start} "{page}"\n{text}\n'
        if kind == "hidden":
            hidden = placed
        elif kind == "alone":
            alone.append(INCLUDES + hidden + placed)
            hidden = ""
        elif kind == "body":
            whole.append(BODY.format(number=start, text=placed))
        elif kind == "":
            whole.append(placed)
    return ([INCLUDES + "".join(whole)] if whole else []) + alone


def main():
    if sys.argv[1] == "--show":
        print("\n/* --- */\n".join(sources(sys.argv[2])))
        return 0
    dashes, *command = sys.argv[1:]
    assert dashes == "--" and command
    failed = count = 0
    for page in tree.files("README.md", "docs/*.md"):
        for source in sources(page):
            count += 1
            run = subprocess.run(command + ["-fsyntax-only", "-Wno-unused", "-Wno-missing-prototypes", "-x", "c", "-"], input=source,
                capture_output=True, text=True, check=False, cwd=tree.ROOT)
            if run.returncode != 0:
                failed += 1
                print(f"{page}: its code does not compile\n{run.stderr}")
    print(f"docs_code: {count} sources, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
