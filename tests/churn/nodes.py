"""nodes.py - processes of churn_node, and the buses and networks they meet on; for churn.py."""
import os
import pathlib
import signal
import subprocess
import threading
import time

PATIENCE_S = 60  # longest that anything may take that ends; then it hangs


class Broken(Exception):
    """What must hold does not."""


class Node:
    """A process, its commands and what it prints. Lines are read by a thread of its own."""

    def __init__(self, name, command, folder):
        self.name = name
        self.lines = []  # all of them, for who looks at a failure
        self.owners = {}  # key: (node, ns) that answered last
        self.is_stopped = False
        self.changed = threading.Condition()
        self.errors = folder / f"{name}.err"
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.is_over = False
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            with self.changed:
                self.lines.append(line)
                words = line.split(" ")
                if words[0] == "moved":
                    self.owners[int(words[1])] = (words[2], int(words[3]))
                self.changed.notify_all()
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait_for(self, what, start, is_it):
        """The first line from `start` on that is it."""
        deadline = time.monotonic() + PATIENCE_S
        at = start
        with self.changed:
            while True:
                while at < len(self.lines):
                    if is_it(self.lines[at]):
                        return self.lines[at]
                    at += 1
                if self.is_over:
                    raise Broken(f"{self.name} ended while it was waited for: {what}")
                if not self.changed.wait(deadline - time.monotonic()):
                    raise Broken(f"{self.name} hangs, waited for: {what}")

    def wait_until(self, what, is_so):
        """Until is_so() holds, which lines of this node may change."""
        with self.changed:
            if not self.changed.wait_for(is_so, PATIENCE_S):
                raise Broken(f"{self.name}: after {PATIENCE_S} s still not: {what}")

    def begin(self, command):
        """Sends a command; returns how to get its answer."""
        with self.changed:
            start = len(self.lines)
        word = command.split(" ")[0]
        try:
            self.process.stdin.write(f"{command}\n".encode())
            self.process.stdin.flush()
        except OSError as error:
            raise Broken(f"{self.name} takes no commands: {error}") from error
        return lambda: self.wait_for(command, start, lambda line: line.split(" ")[0] == word)

    def call(self, command):
        return self.begin(command)()

    def counts(self):
        return numbers(self.call("counts"))

    def mark(self):
        with self.changed:
            return len(self.lines)

    def signal(self, number):
        self.process.send_signal(number)
        self.is_stopped = number == signal.SIGSTOP or (self.is_stopped and number != signal.SIGCONT)

    def reap(self):
        """Its exit status, once it has ended."""
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Broken(f"{self.name} does not end") from None
        self.reader.join(PATIENCE_S)
        return status

    def resources(self):
        """Resident KiB, open descriptors."""
        pid = self.process.pid
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024, len(os.listdir(f"/proc/{pid}/fd"))

    def tail(self):
        errors = self.errors.read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [line for line in self.lines if not line.startswith("moved")]
        return "\n".join([f"--- {self.name}"] + lines[-40:] + [f"--- {self.name}, errors"] + errors[-60:])


def numbers(line):
    """NAME=N after the first word."""
    return {name: int(number) for name, number in (pair.split("=") for pair in line.split(" ")[1:])}


class Local:
    """The bus between the processes of one host."""

    name = "local"
    router = None

    def __init__(self, folder):
        self.socket = folder / "bus"

    def arguments(self, _name):
        return ["local", f'{{"socket": "{self.socket}"}}']

    def wrap(self, _name, command):
        return command

    def carrier(self, nodes):
        """The node whose process relays for the others."""
        lock = os.stat(f"{self.socket}.lock")
        for line in pathlib.Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1] != "->" and int(words[5].split(":")[2]) == lock.st_ino:
                pid = int(words[4])
                return next((node.name for node in nodes if node.process.pid == pid), None)
        return None

    def close(self):
        pass


class Zenoh:
    """Clients of a node that is a router, or peers; by Unix sockets."""

    def __init__(self, folder, library, is_routed, names):
        self.folder = folder
        self.library = library
        self.router = names[0] if is_routed else None
        self.names = names
        self.name = "zenoh, clients of a router" if is_routed else "zenoh, peers"

    def endpoint(self, name):
        return f"unixsock-stream/{self.folder}/{name}"

    def arguments(self, name):
        if name == self.router:
            text = f"mode: 'router', listen: {{endpoints: ['{self.endpoint(name)}']}}"
        elif self.router:
            text = f"mode: 'client', connect: {{endpoints: ['{self.endpoint(self.router)}']}}"
        else:
            # One of two dials: where both do, Zenoh 1.10 may mix two connections up after a cut, and the two sides
            # then take one key for another for good.
            others = ", ".join(f"'{self.endpoint(other)}'" for other in self.names[:self.names.index(name)])
            text = f"mode: 'peer', listen: {{endpoints: ['{self.endpoint(name)}']}}, connect: {{endpoints: [{others}]}}"
        return [self.library, f"{{{text}, {self.extra()}}}"]

    def extra(self):
        return ""

    def wrap(self, _name, command):
        return command

    def carrier(self, _nodes):
        return self.router

    def close(self):
        pass


class Hosts(Zenoh):
    """As Zenoh, by TCP between network namespaces: each node has a host of its own, which can vanish."""

    def __init__(self, folder, library, is_routed, names):
        super().__init__(folder, library, is_routed, names)
        self.name += ", a host each"
        self.prefix = f"churn{os.getpid()}"
        self.made = []
        self._ip("netns", "add", self.space("wire"))
        self._in("wire", "link", "add", "wire", "type", "bridge")
        self._in("wire", "link", "set", "wire", "up")
        for number, name in enumerate(names, 1):
            self._ip("netns", "add", self.space(name))
            self._in(name, "link", "add", "eth", "type", "veth",
                     "peer", "name", f"to{number}", "netns", self.space("wire"))
            self._in("wire", "link", "set", f"to{number}", "master", "wire", "up")
            self._in(name, "address", "add", f"{self.address(name)}/24", "dev", "eth")
            self._in(name, "link", "set", "lo", "up")
            self._in(name, "link", "set", "eth", "up")

    def space(self, name):
        return f"{self.prefix}-{name}"

    def address(self, name):
        return f"10.123.45.{self.names.index(name) + 1}"

    def _ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True)
        if arguments[:2] == ("netns", "add"):
            self.made.append(arguments[2])

    def _in(self, name, *arguments):
        self._ip("-n", self.space(name), *arguments)

    def endpoint(self, name):
        return f"tcp/{self.address(name)}:7447"

    def extra(self):
        return "edacious: {allow_plaintext: true}"

    def wrap(self, name, command):
        return ["ip", "netns", "exec", self.space(name), *command]

    def vanish(self, name):
        self._in(name, "link", "set", "eth", "down")

    def appear(self, name):
        self._in(name, "link", "set", "eth", "up")

    def close(self):
        for space in self.made:
            subprocess.run(["ip", "netns", "delete", space], check=False)


def can_have_hosts():
    """Whether this user may make network namespaces here."""
    name = f"churn{os.getpid()}-try"
    try:
        for what in ("add", "delete"):
            subprocess.run(["ip", "netns", what, name], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
