#!/usr/bin/env python3
"""rest.py - what curl can do with actors, through Zenoh's own router and its REST plugin. Run by zenohd.sh.

Puts go on a topic, gets ask, and whoever accepts text/event-stream subscribes.
"""
import json
import pathlib
import re
import subprocess
import sys
import threading
import unittest

import scene as scenes

JSON = ("-H", "Content-Type: application/json")
scene = None


def curl(key, *arguments):
    """What the router answers, whose status is 200."""
    command = ["curl", "-sS", "--max-time", str(scenes.PATIENCE_S), "-w", "\n%{http_code} %{content_type}", *arguments,
               f"{scene.rest}/{key}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    body, _, status = answer.rpartition("\n")
    if not status.startswith("200 "):
        raise AssertionError(f"{' '.join(command)}: {answer}")
    return body, status[4:]


def put(key, payload, *arguments):
    curl(key, "-X", "PUT", *arguments, "-d", payload)


def get(key, *arguments):
    """The answers: of each its key, value and encoding, as the plugin tells them."""
    return [(answer["key"], answer["value"], answer["encoding"]) for answer in json.loads(curl(key, *arguments)[0])]


class Events:
    """A subscriber by server-sent events, until it is left."""

    def __init__(self, pattern):
        command = ["curl", "-sSN", "-H", "Accept: text/event-stream", f"{scene.rest}/{pattern}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.seen = []
        self.reader = threading.Thread(target=self.read)

    def read(self):
        for line in self.process.stdout:
            if line.startswith("data:"):
                self.seen.append(json.loads(line[len("data:"):]))

    def of(self, key):
        return [(sample["value"], sample["encoding"]) for sample in self.seen if sample["key"] == key]

    def __enter__(self):
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(scenes.PATIENCE_S)
        self.reader.join(scenes.PATIENCE_S)
        self.process.stdout.close()


class RestChecks(unittest.TestCase):
    def status(self, door):
        """How often that door was unlocked, and by what, once it was."""
        def unlocked():
            (_, value, encoding), = get(f"door/{door}/status")
            self.assertEqual("application/json", encoding)
            return value if value["unlocks"] > 0 else None

        return scenes.until(f"door {door} is unlocked", unlocked)

    def test_a_put_of_json_is_handled(self):
        put("door/put/unlock", '{"badge": "7"}', *JSON)
        self.assertEqual({"unlocks": 1, "badge": "7"}, self.status("put"))

    def test_each_content_type_of_json_is_understood(self):
        for door, content in (("charset", "application/json; charset=utf-8"), ("text", "text/plain"), ("json", "text/json"),
                              ("none", "")):
            with self.subTest(content):
                put(f"door/{door}/unlock", '{"badge": "8"}', "-H", f"Content-Type:{content}")
                self.assertEqual({"unlocks": 1, "badge": "8"}, self.status(door))

    def test_what_curl_says_by_itself_is_understood(self):
        put("door/plain/unlock", '{"badge": "9"}')
        self.assertEqual({"unlocks": 1, "badge": "9"}, self.status("plain"))

    def test_a_get_is_answered(self):
        self.assertEqual([("door/asked/status", {"unlocks": 0, "badge": ""}, "application/json")], get("door/asked/status"))
        self.assertEqual(({"unlocks": 0, "badge": ""}, "application/json"), self.raw("door/asked/status"))

    def raw(self, key, *arguments):
        body, content = curl(key + "?_raw=true", *arguments)
        return json.loads(body), content

    def test_a_get_with_a_payload_is_answered(self):
        answer, = get("door/asked/status", "-X", "GET", *JSON, "-d", '{"door_id": "asked"}')
        self.assertEqual({"unlocks": 0, "badge": ""}, answer[1])

    def test_a_wrong_get_is_answered_with_an_error(self):
        for payload, code in (('{"door_id": "other"}', "EDA_EINVAL"), ("{", "EDA_ESYNTAX")):
            with self.subTest(payload):
                (key, value, encoding), = get("door/asked/status", "-X", "GET", *JSON, "-d", payload)
                self.assertEqual(("ERROR", "application/json", code), (key, encoding, value["code"]))
                self.assertTrue(value["message"])
                value, _ = self.raw("door/asked/status", "-X", "GET", *JSON, "-d", payload)
                self.assertEqual(code, value["code"])

    def test_wrong_puts_are_refused_and_counted(self):
        before = scene.counts()
        wrong = [("{", JSON), ('{"badge": 7}', JSON), ('{"badge": "7", "hold_s": 9}', JSON), ("badge=7", ()),
                 ('{"badge": "7"}', ("-H", "Content-Type: application/xml"))]
        for payload, arguments in wrong:
            put("door/wrong/unlock", payload, *arguments)

        def refused():
            return scene.counts()["refused"] - before["refused"] == len(wrong)

        scenes.until(f"{len(wrong)} puts are refused", refused)
        (_, value, _), = get("door/wrong/status")
        self.assertEqual(0, value["unlocks"])

    def test_a_subscriber_sees_an_event(self):
        with Events("door/*/opened") as events:
            def opened():
                put("door/seen/unlock", '{"badge": "7"}', *JSON)
                get("door/seen/status")
                return events.of("door/seen/opened")

            seen = scenes.until("curl sees a door opened", opened)
        self.assertEqual(({"door_id": "seen", "badge": "7"}, "application/json"), seen[0])

    def test_the_lines_of_the_page_work(self):
        page = pathlib.Path(__file__).parents[2] / "docs" / "bus.md"
        lines = re.findall(r"^\$ (curl .*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        self.assertEqual(3, len(lines))
        for line in lines:
            line = line.replace("http://127.0.0.1:8000", scene.rest)
            if "event-stream" not in line:
                subprocess.run(line, shell=True, check=True, capture_output=True, timeout=scenes.PATIENCE_S)
        self.assertEqual("7", self.status("front")["badge"])


if __name__ == "__main__":
    sys.exit(scenes.run_checks(sys.modules[__name__], "zenohd", *sys.argv[1:]))
