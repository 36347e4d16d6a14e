#!/usr/bin/env python3
"""churn.py - a cluster whose nodes are started, stopped, killed and halted, and what must hold all the while.

Usage: churn.py --node PROGRAM [--zenoh LIBRARY] [--case NAME]... [--fault NAME]... [--seconds S] [--seed N]

Each fault happens once, in an order that the seed chooses, and again and again for S seconds, divided by the cases. After every fault all nodes must see each
other again, every key must answer, and, once nothing is under way, each node's accounts must balance. One node, the
desk, hosts nothing and asks all the while; what it sees is timed, and printed.
"""
import argparse
import itertools
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time

import nodes
from nodes import Broken, Node

KEYS = 24
HOSTS = ["one", "two", "three"]
GUEST = "guest"  # joins and leaves
DESK = "desk"
WAIT_MS = 50000
GROWN_KIB = 32 << 10  # of a node, from a quarter of a run to its end
GROWN_FDS = 16
WORDS = {  # of docs/operating.md
    "kill": "process killed", "kill_two": "two processes killed", "relay": "the process that relays on `local` killed",
    "router": "router restarted, the only one", "stop": "stopped", "join": "a node joins, or leaves", "halt": "frozen for longer",
    "falter": "frozen until it is suspected", "vanish": "host gone"}


class Cluster:
    """The nodes that run, and the faults done to them."""

    def __init__(self, program, bus, folder, seed, wanted):
        self.program = program
        self.wanted = wanted  # names of faults; none: all
        self.bus = bus
        self.folder = folder
        self.random = random.Random(seed)
        self.running = {}
        self.ended = []
        self.times = {}  # fault: seconds until the victim's keys answered elsewhere
        self.gone = {}  # fault: what of the desk's own messages ended lost or unknown, until all was well again
        self.told = (0, 0)  # of the desk's: lost, unknown
        self.sums = {}  # outcomes of all nodes that told
        self.settled = []  # resources of the desk
        self.what = "start"

    # --- nodes ---

    def start(self, name):
        command = [self.program, name, *self.bus.arguments(name), str(KEYS), "asks" if name == DESK else "hosts"]
        node = Node(name, self.bus.wrap(name, command), self.folder)
        self.running[name] = node
        node.wait_for("ready", 0, lambda line: line == "ready")
        node.call("load on")

    def hosts(self):
        return [name for name in self.running if name != DESK]

    def desk(self):
        return self.running[DESK]

    def add_up(self, counts):
        for name, number in counts.items():
            if name not in ("nodes", "view"):
                self.sums[name] = self.sums.get(name, 0) + number

    def check_counts(self, name, counts):
        if counts["balance"] != 0:
            raise Broken(f"{name}: accounts do not balance: {counts}")
        if counts["late"] != 0:
            raise Broken(f"{name}: {counts['late']} asks ended long after their deadline")

    # --- faults; each leaves nodes to be healed ---

    def kill(self, name):
        """SIGKILL."""
        self.running[name].signal(signal.SIGKILL)
        self.bury(name)

    def bury(self, name):
        node = self.running.pop(name)
        status = node.reap()
        self.ended.append(node)
        return status

    def stop(self, name):
        """SIGTERM: gives its actors away, and its accounts balance."""
        node = self.running[name]
        node.signal(signal.SIGTERM)
        line = node.wait_for("its end", 0, lambda line: line.startswith("end "))
        status = self.bury(name)
        if status != 0:
            raise Broken(f"{name} ended with status {status}")
        counts = nodes.numbers(line)
        self.check_counts(name, counts)
        self.add_up(counts)

    def time(self, fault, victim, keys, since):
        """Until the keys that the victim answered for are answered for by others."""
        if not keys:
            return
        desk = self.desk()
        desk.wait_until(f"{fault} of {victim}: its keys answer elsewhere",
                        lambda: all(desk.owners[key][0] != victim for key in keys))
        last = max(desk.owners[key][1] for key in keys)
        self.times.setdefault(fault, []).append((last - since) / 1e9)

    def keys_of(self, name):
        desk = self.desk()
        with desk.changed:
            return [key for key, (owner, _) in desk.owners.items() if owner == name]

    def pick(self, is_carrier_too):
        """One to be hit, that has actors if there is such a one."""
        carrier = self.bus.carrier(self.running.values())
        names = [name for name in self.hosts() if is_carrier_too or name != carrier]
        return self.random.choice([name for name in names if self.keys_of(name)] or names)

    def fault_kill(self):
        name = self.pick(is_carrier_too=False)
        keys = self.keys_of(name)
        since = time.monotonic_ns()
        self.kill(name)
        self.time("kill", name, keys, since)
        self.start(name)

    def fault_kill_two(self):
        names = self.random.sample(self.hosts(), 2)
        for name in names:
            self.kill(name)
        for name in sorted(names, key=lambda name: name != self.bus.router):  # without a router a client cannot start
            self.start(name)

    def fault_kill_carrier(self):
        name = self.bus.carrier(self.running.values())
        if name is None or name == DESK:
            self.what = "kill_two"
            return self.fault_kill_two()
        self.what = "router" if name == self.bus.router else "relay"
        keys = self.keys_of(name)
        since = time.monotonic_ns()
        self.kill(name)
        if name != self.bus.router:
            self.time("relay", name, keys, since)
        return self.start(name)

    def fault_stop(self):
        name = self.pick(is_carrier_too=True)
        keys = self.keys_of(name)
        since = time.monotonic_ns()
        self.stop(name)
        if name != self.bus.router:
            self.time("stop", name, keys, since)
        self.start(name)

    def fault_join(self):
        if GUEST in self.running:
            self.stop(GUEST)
        else:
            self.start(GUEST)

    def halt(self, fault, name, halt, go_on):
        desk = self.desk()
        keys = self.keys_of(name)
        mark = desk.mark()
        since = time.monotonic_ns()
        halt(name)
        is_carrier = name == self.bus.carrier(self.running.values())
        desk.wait_for(f"{name} is gone", mark, lambda line: f"node {name}/" in line and "is gone" in line)
        if not is_carrier:
            self.time(fault, name, keys, since)
        go_on(name)

    def fault_halt(self):
        """For longer than anybody waits for it: it goes on as another incarnation."""
        self.halt("halt", self.pick(is_carrier_too=True), lambda name: self.running[name].signal(signal.SIGSTOP),
                  lambda name: self.running[name].signal(signal.SIGCONT))

    def fault_falter(self):
        """For about as long as others wait for it."""
        name = self.pick(is_carrier_too=True)
        mark = self.desk().mark()
        self.running[name].signal(signal.SIGSTOP)
        self.desk().wait_for(f"{name} is not heard of", mark, lambda line: f"node {name}/" in line and "is" in line)
        self.running[name].signal(signal.SIGCONT)

    def fault_vanish(self):
        """Its host is gone, without a word."""
        self.halt("vanish", self.pick(is_carrier_too=False), self.bus.vanish, self.bus.appear)

    def faults(self):
        found = [self.fault_kill, self.fault_kill_two, self.fault_kill_carrier, self.fault_stop, self.fault_join,
                 self.fault_halt, self.fault_falter]
        if hasattr(self.bus, "vanish"):
            found.append(self.fault_vanish)
        return [fault for fault in found if not self.wanted or fault.__name__.removeprefix("fault_") in self.wanted]

    # --- what must hold ---

    def all_call(self, command, wanted):
        for name, answer in [(name, node.begin(command)) for name, node in self.running.items()]:
            line = answer()
            if line != wanted:
                raise Broken(f"{name}: {command}: {line}")

    def settle(self):
        """All see each other, every key answers, and nothing is owed to anybody."""
        count = len(self.running)
        self.all_call(f"nodes {count} {WAIT_MS}", "nodes EDA_OK")
        for key in range(KEYS):
            line = self.desk().call(f"ask {key} {WAIT_MS}")
            if not line.startswith(f"ask {key} EDA_OK"):
                raise Broken(f"{DESK}: {line}")
        self.all_call("load off", "load off")
        self.all_call(f"idle {WAIT_MS}", "idle EDA_OK")
        for name, node in self.running.items():
            counts = node.counts()
            self.check_counts(name, counts)
            if counts["nodes"] != count:
                raise Broken(f"{name} sees {counts['nodes']} nodes of {count}")
        self.settled.append(self.desk().resources())
        self.note_gone()
        self.all_call("load on", "load on")
        desk = self.desk()
        desk.wait_until("every key has answered the load", lambda: len(desk.owners) == KEYS)

    def note_gone(self):
        counts = self.desk().counts()
        lost, unknown = self.told
        self.told = (counts["lost"], counts["unknown"])
        if len(self.settled) > 1:
            self.gone.setdefault(self.what, []).append((counts["lost"] - lost, counts["unknown"] - unknown))

    def check_growth(self):
        kib, fds = self.settled[len(self.settled) // 4]
        kib_end, fds_end = self.settled[-1]
        if kib_end > kib + GROWN_KIB or fds_end > fds + GROWN_FDS:
            raise Broken(f"{DESK} grew: {kib} to {kib_end} KiB, {fds} to {fds_end} descriptors")

    # --- a run ---

    def begin(self):
        for name in [*HOSTS, DESK]:
            self.start(name)
        self.settle()

    def run(self, seconds):
        """Returns how many faults there were."""
        deadline = time.monotonic() + seconds
        for count in itertools.count():
            if count % len(self.faults()) == 0:
                deck = self.faults()
                self.random.shuffle(deck)
                if count > 0 and time.monotonic() >= deadline:
                    return count
            fault = deck[count % len(deck)]
            since = time.monotonic()
            self.what = fault.__name__.removeprefix("fault_")
            fault()
            done = time.monotonic()
            self.settle()
            print(f"  {self.what}: {done - since:.2f} s; all is well again {time.monotonic() - done:.2f} s later",
                  flush=True)
        raise AssertionError

    def end(self):
        """Stops all, the desk last; it must not matter who carries."""
        for name in self.hosts() + [DESK]:
            self.stop(name)

    def destroy(self):
        for node in self.running.values():
            node.process.kill()
            node.process.wait()

    def show(self):
        for node in [*self.ended, *self.running.values()]:
            print(node.tail())

    def report(self, count, seconds):
        first, last = self.settled[0], self.settled[-1]
        print(f"{self.bus.name}: {count} faults in {seconds:.0f} s")
        for fault, times in sorted(self.times.items()):
            print(f"  {WORDS[fault]}: its actors answer elsewhere after {show_times(times)}")
        print(f"  accounts that told: {' '.join(f'{name}={number}' for name, number in self.sums.items())}")
        print(f"  the desk: {first[0]} to {last[0]} KiB, {first[1]} to {last[1]} descriptors")


def show_times(times):
    return f"{statistics.median(times) * 1e3:.0f} ms, at most {max(times) * 1e3:.0f} ms ({len(times)} times)" if times else "-"


def show_table(clusters):
    """All cases of a kind of bus together, as docs/operating.md has it."""
    print("\n| fault | bus | times | its actors answer elsewhere after | of the asking node's messages `lost`, `unknown`; at most |")
    print("|---|---|---|---|---|")
    for fault, words in WORDS.items():
        for bus in sorted({cluster.bus.name.split(",")[0] for cluster in clusters}):
            of = [cluster for cluster in clusters if cluster.bus.name.split(",")[0] == bus]
            times = [time for cluster in of for time in cluster.times.get(fault, [])]
            gone = [pair for cluster in of for pair in cluster.gone.get(fault, [])]
            if gone:
                lost, unknown = ([pair[i] for pair in gone] for i in (0, 1))
                print(f"| {words} | {bus} | {len(gone)} | {show_times(times)} | {statistics.median(lost):.0f}, "
                      f"{statistics.median(unknown):.0f}; {max(lost)}, {max(unknown)} |")


def can_run(case, arguments):
    why = None
    if case != "local" and not (arguments.zenoh and pathlib.Path(arguments.zenoh).exists()):
        why = "the Zenoh driver was not built"
    elif case.startswith("hosts") and not nodes.can_have_hosts():
        why = "this user may not make network namespaces"
    if why:
        print(f"{case}: skipped: {why}")
    return why is None


def run_case(arguments, case, folder, seconds):
    names = [*HOSTS, GUEST, DESK]
    if case == "local":
        bus = nodes.Local(folder)
    else:
        kind = nodes.Hosts if case.startswith("hosts") else nodes.Zenoh
        bus = kind(folder, arguments.zenoh, case.endswith("clients"), names)
    cluster = Cluster(arguments.node, bus, folder, f"{arguments.seed} {case}", arguments.fault)
    since = time.monotonic()
    try:
        cluster.begin()
        count = cluster.run(seconds)
        cluster.end()
        if seconds > 0:
            cluster.check_growth()
    except Broken as problem:
        cluster.show()
        print(f"{bus.name}: seed {arguments.seed}, {cluster.what}: {problem}", flush=True)
        return None
    finally:
        cluster.destroy()
        bus.close()
    if arguments.show:
        cluster.show()
    cluster.report(count, time.monotonic() - since)
    return cluster


def main():
    cases = ["local", "clients", "peers", "hosts-clients", "hosts-peers"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node", required=True, help="the program churn_node")
    parser.add_argument("--zenoh", default="", help="libedacious-zenoh.so")
    parser.add_argument("--case", action="append", choices=cases, help="default: all that this machine can run")
    faults = [name.removeprefix("fault_") for name in dir(Cluster) if name.startswith("fault_")]
    parser.add_argument("--fault", action="append", choices=faults, help="default: all")
    parser.add_argument("--seconds", type=float, default=0, help="of all cases together; 0: each fault once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="what each node printed, in any case")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = [case for case in arguments.case or cases if can_run(case, arguments)]
    clusters = []
    for case in wanted:
        print(f"{case}: seed {arguments.seed}", flush=True)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="edacious-churn-"))
        try:
            clusters.append(run_case(arguments, case, folder, arguments.seconds / len(wanted)))
        finally:
            shutil.rmtree(folder)
    if None in clusters:
        return 1
    if not wanted:
        return 77
    show_table(clusters)
    return 0


if __name__ == "__main__":
    sys.exit(main())
