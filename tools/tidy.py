#!/usr/bin/env python3
"""tidy.py - runs clang-tidy 14 on what the preset tidy would compile, as .clang-tidy says.

A file whose preprocessed text was found clean before is not looked at again (build/tidy/clean holds their digests).
Ends with 77 where clang-tidy 14 is not installed: versions differ in what they find.
"""
import concurrent.futures
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys

import tree

BUILD = tree.ROOT / "build" / "tidy"
CLEAN = BUILD / "clean"


def find_program():
    for name in ("clang-tidy-14", "clang-tidy"):
        if shutil.which(name):
            version = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
            if "version 14." in version:
                return name
    return None


def digest_of(entry, settings):
    """Digest of all that the findings depend on, or None when the file does not even preprocess."""
    command = shlex.split(entry["command"])
    del command[command.index("-o"):command.index("-o") + 2]
    command[command.index("-c")] = "-E"
    run = subprocess.run(command + ["-CC"], cwd=entry["directory"], capture_output=True, check=False)
    if run.returncode != 0:
        return None
    return hashlib.sha256(settings + entry["command"].encode() + run.stdout).hexdigest()


def check(program, entry, settings):
    """Returns the findings in one file, '' when there are none."""
    digest = digest_of(entry, settings)
    if digest and (CLEAN / digest).exists():
        return ""
    run = subprocess.run([program, "-p", str(BUILD), "--quiet", entry["file"]], capture_output=True, text=True,
                         check=False)
    if run.returncode == 0 and digest:
        (CLEAN / digest).touch()
    return run.stdout + run.stderr if run.returncode != 0 else ""


def main():
    program = find_program()
    if not program:
        print("tidy: clang-tidy 14 is not installed")
        return 77
    CLEAN.mkdir(parents=True, exist_ok=True)
    settings = (tree.ROOT / ".clang-tidy").read_bytes()
    wanted = [os.path.abspath(name) for name in sys.argv[1:]]
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    entries = [entry for entry in entries if entry["file"].endswith(".c") and (not wanted or entry["file"] in wanted)]
    is_broken = False
    with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 2)) as pool:
        for findings in pool.map(lambda entry: check(program, entry, settings), entries):
            if findings:
                is_broken = True
                print(findings)
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
