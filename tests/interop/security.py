#!/usr/bin/env python3
"""security.py - who may do what with a node's actors, tried with Zenoh's official Python client. Run by run.sh.

As docs/security.md says it: a node whose users have names and passwords, or certificates; `edacious acl` writes the access
control out of the actors' contracts; the node begins anew with it. Then `gate` may open doors, `boss` may look, `eve` has a
name and no right, and strangers do not come in.
"""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import zenoh

import scene as scenes

PORTS_TRIED = 8  # a free port may be taken before it is listened to
NOBODY_THERE, TIMEOUT = 3, 4  # exit codes of the command
NAMES = ["home", "gate", "boss", "eve"]
OPENED, STATUS, UNLOCK = "door/front/opened", "door/front/status", "door/front/unlock"
program, library, command = None, None, None


class Users:
    """Names and passwords, over a Unix socket."""

    kind = "user"

    def __init__(self, folder):
        self.folder = folder
        self.endpoint = f"unixsock-stream/{folder}/bus"
        (folder / "users").write_text("".join(f"{name}:of {name}\n" for name in NAMES), encoding="ascii")
        for name in NAMES:
            (folder / f"{name}.password").write_text(f"of {name}", encoding="ascii")

    def transport(self, name, is_listening=False, password=None):
        identity = {"user": name, "password": password or f"of {name}"} if name else {}
        if is_listening:
            identity["dictionary_file"] = str(self.folder / "users")
        return {"auth": {"usrpwd": identity}}

    def options(self, name):
        return ["--user", name, "--password-file", str(self.folder / f"{name}.password")]

    def strangers(self):
        return {"no name": self.transport(None), "another's name": self.transport("gate", password="guessed"),
                "a name nobody knows": self.transport("nobody")}


class Certificates:
    """Certificates of one authority on both sides, over TLS."""

    kind = "cn"

    def __init__(self, folder):
        self.folder = folder
        self.endpoint = f"tls/localhost:{self.free_port()}"
        script = pathlib.Path(__file__).parent / "certificates.sh"
        (folder / "others").mkdir()
        subprocess.run([script, folder, *NAMES], check=True)
        subprocess.run([script, folder / "others", "gate"], check=True)

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def transport(self, name, is_listening=False, folder=None):
        tls = {"root_ca_certificate": str(self.folder / "ca.pem"), "enable_mtls": bool(name)}
        for side in ["listen", "connect"] if is_listening else ["connect"]:
            if name:
                tls[f"{side}_certificate"] = str((folder or self.folder) / f"{name}.pem")
                tls[f"{side}_private_key"] = str((folder or self.folder) / f"{name}.key")
        return {"link": {"tls": tls}}

    def options(self, name):
        return ["--ca", str(self.folder / "ca.pem"), "--cert", str(self.folder / f"{name}.pem"),
                "--key", str(self.folder / f"{name}.key")]

    def strangers(self):
        return {"no certificate": self.transport(None),
                "one of another authority": self.transport("gate", folder=self.folder / "others")}


class Closed:
    """A node that keeps the access control that `edacious acl` wrote."""

    def __init__(self, identities):
        self.identities = identities
        self.sessions = []
        self.home = self.start({})
        self.write_access_control()
        self.home.end()
        self.home = self.start(json.loads((identities.folder / "closed.json").read_text(encoding="utf-8")))

    def start(self, config):
        if not config:
            config = {"mode": "router", "listen": {"endpoints": [self.identities.endpoint]},
                      "transport": self.identities.transport("home", is_listening=True)}
        self.path = self.identities.folder / "home.json"
        self.path.write_text(json.dumps(config), encoding="utf-8")
        return scenes.Node(program, library, "home", str(self.path), "all")

    def write_access_control(self):
        kind = self.identities.kind
        words = [command, "acl", "--bus", library, "--connect", self.identities.endpoint, *self.identities.options("boss"),
                 "--subject", f"{kind}:home", "--outsider", f"{kind}:boss=operates",
                 "--outsider", f"{kind}:gate=publishes:door_unlock,receives:door_opened,asks:door_status_get",
                 "--into", str(self.path)]
        closed = scenes.until("edacious acl is answered", lambda: self.printed_by(words))
        (self.identities.folder / "closed.json").write_bytes(closed)

    @staticmethod
    def printed_by(words):
        """None if it found nobody in time: a connection may take longer on a busy machine than the command waits."""
        result = subprocess.run(words, stdout=subprocess.PIPE, timeout=scenes.PATIENCE_S)
        if result.returncode in (NOBODY_THERE, TIMEOUT):
            return None
        result.check_returncode()
        return result.stdout

    def open(self, transport):
        config = {"mode": "client", "connect": {"endpoints": [self.identities.endpoint]}, "transport": transport}
        session = zenoh.open(zenoh.Config.from_json5(json.dumps(config)))
        self.sessions.append(session)
        return session

    def open_as(self, name):
        """A session of one who may come in: if not in Zenoh's time, then the next time."""
        def opened():
            try:
                return self.open(self.identities.transport(name))
            except zenoh.ZError:
                return None

        return scenes.until(f"{name} is let in", opened)

    def end(self):
        for session in reversed(self.sessions):
            session.close()
        return self.home.end()


def start_closed(kind, folder):
    for tried in range(PORTS_TRIED):
        try:
            (folder / f"{tried}").mkdir()
            return Closed(kind(folder / f"{tried}"))
        except AssertionError:
            if tried == PORTS_TRIED - 1:
                raise
    raise AssertionError


class Checks(unittest.TestCase):
    def check_identities(self, kind):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="edacious-sec-"))
        self.addCleanup(shutil.rmtree, folder)
        closed = start_closed(kind, folder)
        try:
            self.check_rights(closed)
            self.check_strangers(closed)
        finally:
            status = closed.end()
        self.assertEqual(0, status)

    def answers(self, session, key):
        return [json.loads(payload) for is_ok, _, payload in scenes.ask(session, key) if is_ok]

    def seen(self, boss):
        """How many puts and gets the node has seen of outsiders."""
        return self.answers(boss, "@edacious/v1/edacious/ps/home/*")[0]["counts"]["seen"]

    def check_rights(self, closed):
        # Who listens has sessions of their own: what one puts itself it sees in any case.
        gate, boss, eve = (closed.open_as(name) for name in ("gate", "boss", "eve"))
        watcher, eavesdropper = closed.open_as("gate"), closed.open_as("eve")
        scenes.until("gate is answered", lambda: self.answers(gate, STATUS))
        scenes.until("boss is answered", lambda: self.answers(boss, "@edacious/v1/edacious/ps/home/*"))
        events, everything = scenes.Seen(watcher, "door/*/opened"), scenes.Seen(eavesdropper, "**")
        nodes = scenes.Seen(eavesdropper, "@edacious/v1/**")
        before = self.seen(boss)
        # Who has no right is not heard, and hears nothing: a get goes behind the puts before it.
        eve.put(UNLOCK, '{"badge": "eve"}')
        eve.put("meter/1/add", '{"amount": 1}')
        eve.put("@edacious/v1/edacious/hb", b"\0")
        for key in (STATUS, "purse/get", "@edacious/v1/edacious/ps/**", "@edacious/v1/edacious/catalogue/**"):
            self.assertEqual([], scenes.ask(eve, key), key)
        # Who has some has no others.
        gate.put("meter/1/add", '{"amount": 1}')
        gate.put(OPENED, '{"badge": "forged"}')
        for key in ("purse/get", "@edacious/v1/edacious/ps/**"):
            self.assertEqual([], scenes.ask(gate, key), key)
        self.assertEqual([], scenes.ask(boss, STATUS))
        self.assertEqual(before, self.seen(boss))
        self.check_gate(gate, events)
        self.assertEqual(set(), everything.keys() | nodes.keys())

    def check_gate(self, gate, events):
        """Until the event is seen, since the node may not know of the subscriber yet."""
        def unlock():
            gate.put(UNLOCK, '{"badge": "7"}')
            self.assertEqual("7", self.answers(gate, STATUS)[0]["badge"])
            return events.of(OPENED)

        scenes.until("gate sees a door opened", unlock)
        self.assertEqual({"7"}, {json.loads(sample[2])["badge"] for sample in events.of(OPENED)})

    def check_strangers(self, closed):
        for who, transport in closed.identities.strangers().items():
            with self.subTest(who), self.assertRaises(zenoh.ZError):
                closed.open(transport)

    def test_users_may_what_the_access_control_says(self):
        self.check_identities(Users)

    def test_certificates_may_what_the_access_control_says(self):
        self.check_identities(Certificates)


if __name__ == "__main__":
    program, library, command = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
