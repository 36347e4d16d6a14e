"""contenders.py - who takes part: ours, and the peers whose tools this machine has; their versions, and the machine's."""
import os
import pathlib
import platform
import subprocess
import sys

from table import FLOOR, OURS

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "build" / "peers"
SKIPPED_EXITS = (3, 77)  # of a build.sh whose tools are not there
BUILD_LIMIT_S = 1800  # Rust's and C++'s take minutes the first time
VERSION_LIMIT_S = 20
# Peer -> what a machine needs for it, by Debian's names.
NEEDS = {
    "caf": "libcaf-dev g++ cmake, or a CAF that CMake finds",
    "erlang": "erlang-base",
    "go": "golang-go",
    "tokio": "cargo rustc",
    "zenoh": "cargo rustc",
    "handwritten": "libcbor-dev libjansson-dev",
    FLOOR: "a C compiler",
}


def last_line(text):
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "says nothing")


def build_peer(script):
    """Runs one bench/peers/NAME/build.sh. Returns '' or why there is no such peer."""
    name = script.parent.name
    print(f"bench: building peer {name}", file=sys.stderr, flush=True)
    try:
        run = subprocess.run(["sh", str(script), str(BUILT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=BUILD_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"its build was killed after {BUILD_LIMIT_S} s"
    (BUILT / f"{name}.log").write_text(run.stdout, encoding="utf-8")
    if run.returncode in SKIPPED_EXITS:
        return last_line(run.stdout)
    if run.returncode != 0:
        return f"its build failed, see build/peers/{name}.log: {last_line(run.stdout)}"
    return ""


def build_peers():
    """Builds what can be built. Returns peer -> why it is left out."""
    BUILT.mkdir(parents=True, exist_ok=True)
    reasons = {}
    for script in sorted((ROOT / "bench" / "peers").glob("*/build.sh")):
        reason = build_peer(script)
        if reason:
            reasons[script.parent.name] = reason
    return reasons


def find_contenders(reasons):
    """(contender -> program, lines about those left out). A program build/peers/bench-NAME is a contender of that name."""
    programs = {OURS: ROOT / "build" / "bin" / "bench"}
    built = (path for path in sorted(BUILT.glob("bench-*")) if path.is_file() and os.access(path, os.X_OK))
    found = {path.name.removeprefix("bench-"): path for path in built}
    names = [name for name in NEEDS if name != FLOOR] + [name for name in found if name not in NEEDS] + [FLOOR]
    left_out = []
    for name in names:
        if name in found and name not in reasons:
            programs[name] = found[name]
        else:
            reason = reasons.get(name, f"there is no build/peers/bench-{name}")
            needs = f"; it needs: {NEEDS[name]}" if name in NEEDS else ""
            left_out.append(f"{name}: skipped: {reason}{needs}")
    return programs, left_out


def first_output(command, limit_s=VERSION_LIMIT_S):
    """The first line a command prints, '' if it fails."""
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.splitlines()[0].strip() if run.returncode == 0 and run.stdout.strip() else ""


def read_version(program):
    """What `PROGRAM version` says behind `version WHO`."""
    words = first_output([str(program), "version"]).split(maxsplit=2)
    return words[2] if len(words) == 3 and words[0] == "version" else "version unknown"


def find_line(path, prefix, mark):
    """What stands behind the mark in the first line that begins with prefix, or 'unknown'."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return next((line.split(mark, 1)[1].strip() for line in file if line.startswith(prefix)), "unknown")
    except OSError:
        return "unknown"


def describe_machine(processors):
    """The machine, as a dict of lines."""
    compiler = find_line(ROOT / "build" / "release" / "CMakeCache.txt", "CMAKE_C_COMPILER:", "=")
    flags = find_line("/proc/cpuinfo", "flags", ":").split()
    return {
        "processor": find_line("/proc/cpuinfo", "model name", ":") + (" (virtual)" if "hypervisor" in flags else ""),
        "used": f"{len(processors)} of {os.cpu_count()} processors: {', '.join(map(str, processors))}",
        "kernel": f"{platform.system()} {platform.release()}",
        "compiler": first_output(["cc" if compiler == "unknown" else compiler, "--version"]) or "unknown",
    }
