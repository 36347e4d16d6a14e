#!/usr/bin/env python3
"""The building on three nodes, each a process: the same summary as in one, and accounts that balance.

    nodes_test.py [--zenoh LIBRARY [--namespaces PREFIX]] [--times N] [--lines N] [--seed N] -- PROGRAM...

Over the bus between the processes of one host; or over Zenoh, where LIBRARY is its driver: three peers, and a router
with two clients. An empty LIBRARY: the driver was not built, and the test is skipped (exit 77). With PREFIX each node
is in a network namespace of its own, PREFIX-one, PREFIX-two and PREFIX-three, which tools/three_namespaces.sh makes.
"""

import argparse
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"
TIMEOUT_S = 280
NAMES = ("one", "two", "three")
OUTCOMES = ("handled", "failed", "expired", "shed", "dead", "stopped", "forwarded", "lost", "unknown")


def python(script, *arguments):
    return subprocess.run(
        [sys.executable, HERE / script, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def free_ports(count):
    """Ports that were free a moment ago; all are held until the last is found, so that they differ."""
    holders = [socket.socket() for _ in range(count)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


# Each returns a driver and the configurations of NAMES. "two" starts first: the others connect to it.


def local(folder, _library):
    config = {"socket": str(folder / "bus.sock")}
    return "local", [config] * 3


def peers(_folder, library):
    ends = ["tcp/127.0.0.1:%d" % port for port in free_ports(3)]
    configs = [{"mode": "peer", "listen": {"endpoints": [end]}, "connect": {"endpoints": [ends[1]]}} for end in ends]
    del configs[1]["connect"]
    return library, configs


def router(_folder, library):
    end = "tcp/127.0.0.1:%d" % free_ports(1)[0]
    client = {"mode": "client", "connect": {"endpoints": [end]}}
    return library, [client, {"mode": "router", "listen": {"endpoints": [end]}}, client]


def namespaces(_folder, library):
    ends = ["tcp/10.77.0.%d:7447" % number for number in (1, 2, 3)]
    configs = [
        {
            "edacious": {"allow_plaintext": True},
            "mode": "peer",
            "listen": {"endpoints": [end]},
            "connect": {"endpoints": ends[1:2]},
        }
        for end in ends
    ]
    del configs[1]["connect"]
    return library, configs


class Host:
    """A process that hosts actors. Its errors go to a file, so that it never waits for a reader."""

    def __init__(self, command, errors):
        self.errors = errors
        with open(errors, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
            )

    def wait_ready(self):
        line = self.process.stdout.readline()
        if line != "ready\n":
            raise RuntimeError("a node did not start: %s%s" % (line, self.errors.read_text()))

    def stop(self, how):
        if how is None:
            self.process.stdin.close()
        else:
            self.process.send_signal(how)
        return self.process.wait(TIMEOUT_S)


def told(text, name):
    """The numbers that a process tells of itself: what it counted, and what it hosted."""
    numbers = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] != [name + ":"] or words[1] not in ("accepted", "sent", "hosted"):
            continue
        is_hosted = words[1] == "hosted"
        pairs = words[2:] if is_hosted else words[1:]
        numbers.update({("hosted." if is_hosted else "") + key: int(value) for key, value in zip(pairs[::2], pairs[1::2])})
    return numbers


def faults_of(numbers):
    """What is wrong in the accounts of the nodes, in sentences."""
    faults = []
    for name, one in numbers.items():
        for zero in ("balance", "lost", "unknown", "missed", "refused", "failed", "shed"):
            if one.get(zero) != 0:
                faults.append("%s: %s is %s, not 0" % (name, zero, one.get(zero)))
        if not any(value for key, value in one.items() if key.startswith("hosted.") and key != "hosted.reader"):
            faults.append("%s has hosted nothing" % name)
    if faults:
        return faults
    total = {key: sum(one[key] for one in numbers.values()) for key in ("accepted", "sent", "arrived", *OUTCOMES)}
    if total["accepted"] != sum(total[key] for key in OUTCOMES):
        faults.append("the sum does not balance: %s" % total)
    if not total["sent"] == total["arrived"] == total["forwarded"] > 0:
        faults.append("not everything that was sent has arrived: %s" % total)
    return faults


class Tests:
    def __init__(self, program, library, namespace):
        self.program = program
        self.library = library
        self.namespace = namespace
        self.failures = 0

    def check(self, name, faults):
        print("%-6s %s" % ("FAILED" if faults else "ok", name), flush=True)
        if faults:
            self.failures += 1
            print("\n".join(faults), flush=True)

    def command(self, name, driver, config, *rest):
        bus = ["--bus", driver, "--bus-config", json.dumps(config), "--cluster", "building-test", "--node", name]
        inside = ["ip", "netns", "exec", "%s-%s" % (self.namespace, name)] if self.namespace else []
        return [*inside, *self.program, *bus, "--verbose", "--quiet", *map(str, rest)]

    def run(self, way, folder, log, extra):
        """Returns the summary, the seconds it took, and what went wrong."""
        driver, configs = way(folder, self.library)
        configs = dict(zip(NAMES, configs))
        hosts = {}
        try:
            for name in ("two", "three"):
                hosts[name] = Host(self.command(name, driver, configs[name], *extra), folder / (name + ".err"))
                hosts[name].wait_ready()
            begin = time.monotonic()
            command = self.command("one", driver, configs["one"], *extra, "--nodes", 3, *log)
            reader = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
            seconds = time.monotonic() - begin
            codes = {"one": reader.returncode, "two": hosts["two"].stop(None), "three": hosts["three"].stop(signal.SIGTERM)}
        finally:
            for host in hosts.values():
                host.process.kill()
                host.process.wait()
        errors = {"one": reader.stderr, **{name: host.errors.read_text() for name, host in hosts.items()}}
        faults = ["%s: exit %d" % item for item in codes.items() if item[1] != 0]
        faults += faults_of({name: told(errors[name], name) for name in NAMES})
        if faults:
            faults += [errors[name][-3000:] for name in NAMES]
        return reader.stdout, seconds, faults

    def compare(self, name, way, log, expected, extra=()):
        with tempfile.TemporaryDirectory() as folder:
            try:
                summary, seconds, faults = self.run(way, pathlib.Path(folder), log, extra)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                summary, seconds, faults = expected, 0, [str(error)[-3000:]]
            if summary != expected:
                faults.append("the summary differs:\n%s" % summary)
            self.check("%s, %s on three nodes: %.1f s" % (name, " ".join((way.__name__, *extra)), seconds), faults)

    def one_process(self, name, log, expected):
        begin = time.monotonic()
        result = subprocess.run(
            [*self.program, "--quiet", *map(str, log)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        faults = [] if result.stdout == expected else [result.stdout + result.stderr[-3000:]]
        self.check("%s, one process: %.1f s" % (name, time.monotonic() - begin), faults)

    def refuses(self, name, code, word, *arguments):
        command = [*self.program, "--quiet", *map(str, arguments)]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        is_right = result.returncode == code and result.stdout == "" and word in result.stderr
        self.check(name, [] if is_right else ["exit %d\n%s%s" % (result.returncode, result.stdout, result.stderr)])

    def refusals(self):
        log = DATA / "setup.jsonl", DATA / "events.jsonl"
        self.refuses("nodes without a bus", 2, "usage", "--node", "one", "--nodes", 3, *log)
        self.refuses("a reader that waits for nobody", 2, "usage", "--bus", "local", "--node", "one", *log)
        self.refuses("a node without a name", 2, "usage", "--bus", "local", "--nodes", 3, *log)
        self.refuses("no such driver", 1, "no-such-bus", "--bus", "no-such-bus", "--node", "one")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zenoh", metavar="LIBRARY")
    parser.add_argument("--namespaces", metavar="PREFIX")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--lines", type=int, default=20_000, help="of the generated log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("program", nargs="+")
    args = parser.parse_args()
    if args.zenoh == "":
        print("skipped: the Zenoh driver is not built here (see drivers/zenoh/README.md)")
        sys.exit(77)
    tests = Tests(args.program, args.zenoh, args.namespaces)
    ways = (peers, router) if args.zenoh else (local,)
    if args.namespaces:
        ways = (namespaces,)
    with tempfile.TemporaryDirectory() as folder:
        sizes = ("--badges", 5000, "--doors", 200, "--floors", 30)
        python("generate.py", "--seed", args.seed, "--lines", args.lines, "--out", folder, *sizes)
        generated = pathlib.Path(folder) / "setup.jsonl", pathlib.Path(folder) / "events.jsonl"
        logs = {
            "recorded log": ((DATA / "setup.jsonl", DATA / "events.jsonl"), (DATA / "expected.txt").read_text()),
            "%d lines" % args.lines: (generated, python("model.py", *generated)),
        }
        for name, (log, expected) in logs.items():
            tests.one_process(name, log, expected)
            for way in ways * args.times:
                tests.compare(name, way, log, expected)
        log, expected = logs["recorded log"]
        tests.compare("recorded log", ways[0], log, expected, ("--passivate-at-once",))
    if not args.zenoh:
        tests.refusals()
    sys.exit("%d failed" % tests.failures if tests.failures else 0)


if __name__ == "__main__":
    main()
