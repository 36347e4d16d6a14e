"""scene.py - the processes that talk to one another, and how the checks wait for them: by answers, never by time."""
import json
import socket
import subprocess
import sys
import threading
import time
import unittest

import zenoh

PATIENCE_S = 60
CLUSTER = "edacious"


def until(what, condition):
    """Asks again until the answer is true, and returns it. Each question is a round trip."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {PATIENCE_S} s: {what}")
    return answer


class Node:
    """A process of interop-node."""

    def __init__(self, program, library, *arguments):
        self.process = subprocess.Popen([program, library, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ready":
            self.process.kill()
            raise AssertionError(f"{program} {' '.join(arguments)} does not start")
        self.endpoint = words[1] if len(words) > 1 else None

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer != "EDA_OK done\n":
            raise AssertionError(f"{line}: {answer}")

    def end(self):
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.stdout.close()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def free_port():
    """One of this machine that nobody has, at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Router:
    """A process of zenohd; with its REST plugin, a library, it listens to HTTP, too."""

    def __init__(self, program, plugin=None):
        ports = [free_port()] + ([free_port()] if plugin else [])
        self.endpoint = f"tcp/127.0.0.1:{ports[0]}"
        self.rest = f"http://127.0.0.1:{ports[-1]}"
        options = ["--plugin", f"rest:{plugin}", "--rest-http-port", f"127.0.0.1:{ports[-1]}"] if plugin else []
        self.process = subprocess.Popen([program, "--no-multicast-scouting", "--listen", self.endpoint, *options],
                                        stdout=subprocess.DEVNULL)
        for port in ports:
            until(f"zenohd listens on port {port}", lambda port=port: self.process.poll() is not None or listens(port))

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        return 0


def connect(endpoint):
    return zenoh.open(zenoh.Config.from_json5(json.dumps({"mode": "client", "connect": {"endpoints": [endpoint]}})))


class Seen:
    """What a subscriber saw."""

    def __init__(self, session, pattern):
        self.changed = threading.Condition()
        self.samples = []
        self.subscriber = session.declare_subscriber(pattern, self.add)

    def add(self, sample):
        with self.changed:
            self.samples.append((str(sample.key_expr), str(sample.encoding), sample.payload.to_bytes(),
                                 sample.attachment.to_bytes() if sample.attachment else b""))
            self.changed.notify_all()

    def of(self, key):
        return [sample for sample in self.samples if sample[0] == key]

    def wait(self, key, count=1):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.of(key)) >= count, PATIENCE_S):
                raise AssertionError(f"{len(self.of(key))} of {key} after {PATIENCE_S} s, not {count}")
            return self.of(key)

    def keys(self):
        with self.changed:
            return {sample[0] for sample in self.samples}


class Scene:
    """Actors on the node `home`, of the topology shared also on the router; whoever is not of the cluster connects to `endpoint`."""

    def __init__(self, topology, program, library, router=None, plugin=None):
        self.processes = []
        self.sessions = []
        try:
            self.start(topology, program, library, router, plugin)
        except AssertionError:
            self.end()
            raise

    def start(self, topology, program, library, router, plugin):
        if topology == "peer":
            self.home = self.begin(Node(program, library, "home", "peer", "all"))
            self.endpoint = self.home.endpoint
        else:
            if topology == "zenohd":
                gate = self.begin(Router(router, plugin))
                self.rest = gate.rest
            else:
                gate = self.begin(Node(program, library, "gate", "router", "all" if topology == "shared" else "none"))
            self.endpoint = gate.endpoint
            self.home = self.begin(Node(program, library, "home", "client", "all", gate.endpoint))
            if topology != "zenohd":
                gate.tell("nodes 2")
        self.session = self.open()

    def begin(self, process):
        self.processes.append(process)
        return process

    def open(self):
        """A session that reaches the node."""
        session = connect(self.endpoint)
        self.sessions.append(session)
        until("the node answers", lambda: ask(session, "purse/get"))
        return session

    def end(self):
        for session in reversed(self.sessions):
            session.close()
        return [process.end() for process in reversed(self.processes)]

    def ps(self, node="home"):
        key = f"@edacious/v1/{CLUSTER}/ps/{node}/*"
        return until(f"{node} tells its counts", lambda: [r.ok.payload.to_string() for r in self.session.get(key) if r.ok])[0]

    def counts(self, node="home"):
        ps = json.loads(self.ps(node))
        return ps["counts"] | {"handled by " + actor["name"]: actor["handled"] for actor in ps["actors"]}


def ask(session, key, payload=None, encoding=None):
    """The answers to a get, as (is_ok, encoding, bytes)."""
    replies = session.get(key, payload=payload, encoding=encoding, timeout=PATIENCE_S)
    return [(r.ok is not None, str((r.ok or r.err).encoding), (r.ok or r.err).payload.to_bytes()) for r in replies]


def run_checks(script, *arguments):
    """Runs the checks of `script`, a module, on a Scene of these arguments, which is its `scene`. Returns the exit code."""
    script.scene = Scene(*arguments)
    try:
        result = unittest.main(script, argv=sys.argv[:1], exit=False, verbosity=2).result
    finally:
        ends = script.scene.end()
    print(f"processes ended with {ends}")
    return 0 if result.wasSuccessful() and not any(ends) else 1
