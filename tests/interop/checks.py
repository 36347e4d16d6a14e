#!/usr/bin/env python3
"""checks.py - what whoever speaks Zenoh can do with actors, tried with its official Python client. Run by run.sh.

No check knows where the actors are: the client is connected to their node, or to a router between.
"""
import base64
import json
import pathlib
import re
import subprocess
import sys
import unittest

import zenoh

import scene as scenes

JSON = "application/json"
CBOR = "application/cbor"
SIZE_MAX = 1 << 20
PUTS = 10_000
GETS = 20
scene = None


def text(value):
    """A text in CBOR, of less than 24 bytes."""
    return bytes([0x60 + len(value)]) + value.encode()


class Checks(unittest.TestCase):
    def get(self, key, payload=None, encoding=None):
        """The only answer, which is none of an error."""
        answers = scenes.ask(scene.session, key, payload, encoding)
        self.assertEqual([True], [answer[0] for answer in answers], answers)
        return answers[0]

    def get_json(self, key, payload=None):
        _, encoding, payload = self.get(key, payload)
        self.assertEqual(JSON, encoding)
        return json.loads(payload)

    def get_error(self, key, payload=None, encoding=None):
        answers = scenes.ask(scene.session, key, payload, encoding)
        self.assertEqual([False], [answer[0] for answer in answers], answers)
        self.assertEqual(JSON, answers[0][1])
        error = json.loads(answers[0][2])
        self.assertEqual({"code", "message"}, set(error))
        self.assertTrue(error["message"])
        return error

    def puts(self, puts, **expected):
        """Puts (key, payload, encoding, attachment)s, and checks by how much counts of the node grow until all were seen."""
        expected = {"refused": 0} | expected
        before = scene.counts()
        for put in puts:
            key, payload, encoding, attachment = (*put, None, None, None)[:4]
            scene.session.put(key, payload, encoding=encoding, attachment=attachment,
                              congestion_control=zenoh.CongestionControl.BLOCK)

        def grown():
            after = scene.counts()
            return after if after["seen"] - before["seen"] >= len(puts) else None

        scenes.until(f"the node has seen {len(puts)} puts", grown)
        scene.home.tell("idle")
        after = scene.counts()
        self.assertEqual(len(puts), after["seen"] - before["seen"])
        grown_by = {name: after[name] - before[name] for name in after}
        self.assertEqual(expected, {name: grown_by[name] for name in expected})
        return grown_by

    def watch(self, pattern):
        """A subscriber of a session of its own that the node knows of: it has seen an event."""
        session = scene.open()
        seen = scenes.Seen(session, pattern)

        def echo():
            scene.session.put("door/echo/unlock", '{"badge": "echo"}')
            self.get("door/echo/status")
            return "door/echo/opened" in seen.keys()

        scenes.until(f"somebody who subscribes to {pattern} sees an event", echo)
        return seen

    # --- one-way messages ---

    def test_three_lines_of_python_put(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "wire.md"
        code = re.search(r"```python\n(import zenoh.*?)```", page.read_text(encoding="utf-8"), re.DOTALL).group(1)
        self.assertEqual(3, len(code.splitlines()))
        code = code.replace("tcp/127.0.0.1:7447", scene.endpoint)
        subprocess.run([sys.executable, "-c", code], check=True, timeout=scenes.PATIENCE_S)
        scenes.until("the door is open", lambda: self.get_json("door/front/status") == {"unlocks": 1, "badge": "7"})

    def test_put_by_encoding(self):
        cbor = b"\xa1" + text("badge") + text("of cbor")
        self.puts([("door/by_json/unlock", '{"badge": "of json"}', JSON), ("door/by_text/unlock", '{"badge": "of text"}', "text/plain"),
                   ("door/by_bytes/unlock", b'{"badge": "of bytes"}', "application/octet-stream"), ("door/by_cbor/unlock", cbor, CBOR)],
                  **{"handled by door": 4})
        for kind in ("json", "text", "bytes", "cbor"):
            self.assertEqual({"unlocks": 1, "badge": f"of {kind}"}, self.get_json(f"door/by_{kind}/status"))

    def test_fields_of_the_topic_may_be_repeated_and_must_agree(self):
        self.puts([("door/same/unlock", '{"door_id": "same", "badge": "1"}')])
        self.puts([("door/same/unlock", '{"door_id": "other", "badge": "2"}'),
                   ("door/same/unlock", b"\xa2" + text("door_id") + text("other") + text("badge") + text("2"), CBOR)], refused=2)
        self.assertEqual({"unlocks": 1, "badge": "1"}, self.get_json("door/same/status"))

    def test_wrong_payloads_are_refused_and_counted(self):
        wrong = ["", "{", "[]", "{}", '{"badge": 7}', '{"badge": "7", "hold_s": 9}', '{"badge": "7", "badge": "8"}', b"\xff\xfe"]
        self.puts([("door/wrong/unlock", payload) for payload in wrong], refused=len(wrong))
        self.puts([("door/wrong/unlock", b"\xa1", CBOR), ("door/wrong/unlock", b"", CBOR), ("door/wrong/unlock", b"x", "application/protobuf"),
                   ("vault/x/turn", '{"by": 1}'), ("vault/07/turn", '{"by": 1}')], refused=5)
        self.assertEqual({"unlocks": 0, "badge": ""}, self.get_json("door/wrong/status"))

    def test_other_encodings_reach_raw_types_untouched(self):
        frame = bytes(range(256))
        self.puts([("camera/frame", frame, "application/cdr")], handled=1)
        last = self.get_json("camera/get")
        self.assertEqual(("camera/frame", "application/cdr", frame), (last["topic"], last["encoding"], base64.b64decode(last["payload"])))
        self.puts([("camera/frame", b"\0\1\0\0", "application/protobuf;door.Unlock")], handled=1)
        last = self.get_json("camera/get")
        self.assertEqual(("application/protobuf;door.Unlock", b"\0\1\0\0"), (last["encoding"], base64.b64decode(last["payload"])))

    def test_foreign_topics_reach_who_asks_for_them(self):
        self.puts([("street/lamp/3", b"\0on", "application/cdr")], handled=2)
        self.puts([("street/lamp/3", b"\0on", "application/cdr", json.dumps({"t": "theirs"}))], handled=2)
        for who in ("ear/get", "eye/get"):
            last = self.get_json(who)
            self.assertEqual(("street/lamp/3", "application/cdr", b"\0on"),
                             (last["topic"], last["encoding"], base64.b64decode(last["payload"])))

    def test_an_attachment_names_the_type(self):
        before = self.get_json("purse/get")["coins"]
        both = "purse/street/coins"
        self.puts([(both, '{"coins": 30}', None, json.dumps({"t": "gain"})), (both, '{"coins": 10}', None, b"\xa1" + text("t") + text("loss")),
                   ("purse/street/hole", '{"coins": 1}'), ("purse/desk/coins", '{"coins": 2}')], handled=4)
        self.assertEqual(before + 21, self.get_json("purse/get")["coins"])
        self.puts([(both, '{"coins": 5}'), (both, '{"coins": 5}', None, json.dumps({"t": "door_unlock"})),
                   ("purse/desk/coins", '{"coins": 5}', None, json.dumps({"t": "loss"}))], refused=3)
        self.assertEqual(before + 21, self.get_json("purse/get")["coins"])
        self.puts([("door/attached/unlock", '{"badge": "1"}', None, b"\0not a map")])

    def test_vaults_do_not_come_to_life_for_outsiders(self):
        self.puts([("vault/7/turn", '{"by": 5}')], shed=1)
        self.get_error("vault/7/get")
        scene.home.tell("make 7")
        self.puts([("vault/7/turn", '{"by": 5}')], shed=0, handled=1)
        self.assertEqual({"at": 6}, self.get_json("vault/7/get"))

    def test_what_is_inside_has_no_topic(self):
        self.get_json("door/note/status")
        before = scene.counts()["seen"]
        notes = self.get_json("diary/get")
        scene.session.put("diary/note", '{"text": "from outside"}')
        self.assertEqual(notes, self.get_json("diary/get"))
        self.assertEqual(before + 2, scene.counts()["seen"])

    def test_a_second_node_of_one_name_does_not_start(self):
        command = [*sys.argv[2:4], "home", "client", "none", scene.endpoint]
        second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scenes.PATIENCE_S, check=False)
        self.assertEqual(("", 1), (second.stdout, second.returncode))
        self.assertIn("a node 'home' lives already in cluster 'edacious' (", second.stderr)

    # --- requests ---

    def test_get_is_answered_in_its_encoding(self):
        self.puts([("door/asked/unlock", '{"badge": "7"}')])
        for encoding in (None, JSON, "text/json"):
            self.assertEqual({"unlocks": 1, "badge": "7"}, json.loads(self.get("door/asked/status", encoding=encoding)[2]))
        self.assertEqual({"unlocks": 1, "badge": "7"}, self.get_json("door/asked/status", '{"door_id": "asked"}'))
        whole = b"\xa2" + text("unlocks") + b"\1" + text("badge") + text("7")
        for payload in (None, b"\xa0", b"\xa1" + text("door_id") + text("asked")):
            self.assertEqual((True, CBOR, whole), self.get("door/asked/status", payload, CBOR))

    def test_wrong_gets_are_answered_with_an_error(self):
        before = scene.counts()
        self.assertEqual("EDA_EINVAL", self.get_error("door/asked/status", '{"door_id": "other"}')["code"])
        self.assertEqual("EDA_ESYNTAX", self.get_error("door/asked/status", "{")["code"])
        self.assertEqual("EDA_EINVAL", self.get_error("door/asked/status", b"x", "application/protobuf")["code"])
        self.assertEqual("EDA_EKEY", self.get_error("door/*/status")["code"])
        self.get_error("vault/x/get")
        self.get_error("door/asked/status", b" " * (SIZE_MAX + 1))
        answer = scenes.ask(scene.session, "door/asked/status", b"\xa1", CBOR)
        self.assertEqual([(False, CBOR)], [answer[:2] for answer in answer])
        after = scene.counts()
        self.assertEqual((7, 7), (after["seen"] - before["seen"], after["refused"] - before["refused"]))

    # --- events ---

    def test_a_subscriber_sees_an_event(self):
        seen = self.watch("door/*/opened")
        self.puts([("door/seen/unlock", '{"badge": "7"}')], shown=1)
        (_, encoding, payload, attachment), = seen.wait("door/seen/opened")
        self.assertEqual((JSON, {"door_id": "seen", "badge": "7"}), (encoding, json.loads(payload)))
        self.assertIn(text("t") + text("door_opened"), attachment)

    def test_a_wildcard_sees_all_but_what_is_inside(self):
        seen = self.watch("**")
        self.puts([("door/wild/unlock", '{"badge": "7"}')], shown=1)
        seen.wait("door/wild/opened")
        seen.wait("door/wild/unlock")
        self.assertFalse([key for key in seen.keys() if key.startswith(("@", "diary"))])

    # --- bounds ---

    def test_hostile_keys_are_refused(self):
        self.puts([("street/" + "x" * 1100, b""), ("street" + "/x" * 128, b""), ("door/" + "x" * 300 + "/unlock", '{"badge": "7"}'),
                   ("door/" + "x" * 33 + "/unlock", '{"badge": "7"}'), ("door/*/unlock", '{"badge": "7"}'),
                   ("vault/18446744073709551616/turn", '{"by": 1}')], refused=6)
        seen = scene.counts()["seen"]
        scene.session.put("camera/@x/frame", b"")  # no type's topic
        self.get_json("camera/get")
        self.assertEqual(seen + 1, scene.counts()["seen"])

    def test_hostile_payloads_are_refused(self):
        deep = "[" * 100_000
        huge = b'{"badge": "' + b"x" * SIZE_MAX + b'"}'
        self.puts([("door/hostile/unlock", '{"badge": ' + deep), ("door/hostile/unlock", b"\x81" * 100_000, CBOR),
                   ("door/hostile/unlock", b"\xbf" * 100_000, CBOR), ("door/hostile/unlock", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", CBOR),
                   ("door/hostile/unlock", huge), ("door/hostile/unlock", b" " * (SIZE_MAX + 1)),
                   ("camera/frame", bytes(SIZE_MAX + 1), "application/cdr"), ("street/x", bytes(SIZE_MAX + 1)),
                   ("camera/frame", bytes(8 * SIZE_MAX), "application/cdr")], refused=9)
        self.puts([("camera/frame", bytes(SIZE_MAX - 1024), "application/cdr")], handled=1)

    def test_each_of_many_puts_is_handled_or_counted(self):
        before = scene.counts()["handled by meter"]
        puts = [(f"meter/{i % 7}/add", "{" if i % 100 == 99 else '{"amount": 1}') for i in range(PUTS)]
        grown = self.puts(puts, refused=PUTS // 100)
        handled = scene.counts()["handled by meter"] - before
        print(f"of {PUTS}: {handled} handled, {grown['shed']} shed, {grown['refused']} refused")
        self.assertEqual(PUTS, handled + grown["shed"] + grown["refused"])


class SharedChecks(unittest.TestCase):
    """A router that is a node, and a client of it, both with all actors."""

    @unittest.skipUnless(sys.argv[1] == "router", "once is enough")
    def test_a_get_is_handled_once(self):
        shared = scenes.Scene("shared", *sys.argv[2:])
        try:
            before = sum(shared.counts(node)["seen"] for node in ("home", "gate"))
            for key in [f"door/{i}/status" for i in range(GETS)] + ["purse/get"] * GETS:
                self.assertEqual([True], [answer[0] for answer in scenes.ask(shared.session, key)])
            after = sum(shared.counts(node)["seen"] for node in ("home", "gate"))
            self.assertEqual(2 * GETS, after - before)
        finally:
            ends = shared.end()
        self.assertFalse(any(ends), ends)


if __name__ == "__main__":
    sys.exit(scenes.run_checks(sys.modules[__name__], *sys.argv[1:]))
