#!/usr/bin/env python3
"""The building example without actors: one loop over the log that computes the same summary.

    model.py SETUP EVENTS

It shares nothing with the program but the rules in data/README.md, so that the two can be compared. Needs Python 3.9.

Where the rules leave a case open, what this model does is marked "Open:"; generate.py makes no such lines.
"""

import json
import re
import sys

LINE_SIZE_MAX = 1 << 20  # bytes, without the newline. Open: a longer line; here a bad_line.
KEY_SIZE_MAX = 255  # bytes of a chunk that is an actor's key
INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
ALARM_WINDOW_MS = 60_000

REJECTIONS = ("bad_line", "bad_topic", "unknown_topic", "bad_payload")
REFUSALS = ("no_grant", "outside_hours", "level_too_low", "unknown_door")


class Rejected(Exception):
    """Its argument is one of REJECTIONS."""


# --- one line ---------------------------------------------------------------------------------------------------------


def read_integer(text):
    # The length first: int() of a million digits takes forever, and newer versions of Python refuse it with an error of
    # their own. "-0" is an integer like any other, and equals 0.
    number = int(text) if len(text) <= 20 else INT64_MAX + 1
    if not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("an integer beyond int64")
    return number


def read_constant(text):
    raise ValueError(text + " is not JSON")  # NaN, Infinity, -Infinity


def read_object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")  # compared after unescaping: "a" and "\u0061" are the same key
    return members


# Open: a real beyond a double's range, 1e400. JSON allows it and Python reads infinity, but many parsers refuse it.
# Open: nesting deeper than a few dozen levels; parsers differ in where they give up, this one at about 1,000.
# Open: \u0000 in a key or a topic; legal JSON, but not in every library.
DECODER = json.JSONDecoder(
    parse_int=read_integer, parse_constant=read_constant, object_pairs_hook=read_object
)
SURROGATE = re.compile("[\ud800-\udfff]")


def has_lone_surrogate(value):
    """Python joins the halves of a pair; what is left of them afterwards stood alone."""
    if isinstance(value, str):
        return SURROGATE.search(value) is not None
    if isinstance(value, list):
        return any(map(has_lone_surrogate, value))
    if isinstance(value, dict):
        return any(has_lone_surrogate(k) or has_lone_surrogate(v) for k, v in value.items())
    return False


def parse_line(line):
    """Bytes without the newline -> (topic, payload)."""
    if len(line) > LINE_SIZE_MAX:
        raise Rejected("bad_line")
    try:
        # The codec refuses overlong forms and encoded surrogates; the parser a byte order mark, and any blank around
        # the value but JSON's own four (a carriage return is one of them).
        members = DECODER.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Rejected("bad_line") from None
    if b"\\u" in line and has_lone_surrogate(members):
        raise Rejected("bad_line")
    if not isinstance(members, dict) or "payload" not in members:  # "payload": null is there
        raise Rejected("bad_line")
    if not isinstance(members.get("topic"), str):
        raise Rejected("bad_line")
    return members["topic"], members["payload"]


FORBIDDEN = re.compile("[*$#?]")


def is_key(topic):
    """A key expression without wildcards. Any other character is allowed: blanks, control characters, all of Unicode.
    Open: a topic longer than 1,024 bytes or with more than 128 chunks."""
    return all(topic.split("/")) and not FORBIDDEN.search(topic)


def is_chunk(text):
    """Whether it can be the key of an actor."""
    return (
        0 < len(text.encode()) <= KEY_SIZE_MAX
        and not text.startswith("@")
        and "/" not in text
        and is_key(text)
    )


def is_uint8(value):
    return type(value) is int and 0 <= value <= 255  # type(), because True is an instance of int


def is_time(value):
    return type(value) is int and 0 <= value <= INT64_MAX


def is_string(value):
    return isinstance(value, str)


# (second chunk, last chunk) of a topic: the field between them, and the fields of the payload.
TYPES = {
    ("doors", "policy"): ("door_id", {"level": is_uint8, "floor": is_string}),
    ("badges", "grant"): ("badge_id", {"level": is_uint8, "from": is_time, "until": is_time}),
    ("badges", "revoke"): ("badge_id", {"at": is_time}),
    ("badges", "swipe"): ("badge_id", {"door_id": is_string, "at": is_time}),
}


def accept(line):
    """Bytes without the newline -> (kind, key, payload), or Rejected."""
    topic, payload = parse_line(line)
    if not is_key(topic):
        raise Rejected("bad_topic")
    chunks = topic.split("/")
    if len(chunks) != 4 or chunks[0] != "building" or (chunks[1], chunks[3]) not in TYPES:
        raise Rejected("unknown_topic")
    kind, key = chunks[3], chunks[2]
    # Open: a chunk that begins with "@". It is a key, but a placeholder stands for "*", which never matches it.
    if key.startswith("@"):
        raise Rejected("unknown_topic")
    # Open: a chunk longer than any actor's key.
    if not is_chunk(key):
        raise Rejected("bad_topic")
    key_field, fields = TYPES[chunks[1], kind]
    if not isinstance(payload, dict) or payload.get(key_field, key) != key:
        raise Rejected("bad_payload")
    for name, is_right in fields.items():
        if not is_right(payload.get(name)):
            raise Rejected("bad_payload")
    return kind, key, payload


# --- the building -----------------------------------------------------------------------------------------------------


class Badge:
    __slots__ = ("grant", "run")

    def __init__(self):
        self.grant = None  # (level, from, until)
        self.run = []  # times of the last refusals, at most two between lines


class Building:
    def __init__(self):
        self.count = dict.fromkeys(("read", "accepted", "granted", "alarms") + REJECTIONS + REFUSALS, 0)
        self.doors = {}  # every door that was told or asked something: (level, floor), or None without a policy
        self.badges = {}
        self.entries = {}  # by floor

    def read(self, path):
        with open(path, "rb") as lines:
            for line in lines:
                self.count["read"] += 1
                try:
                    kind, key, payload = accept(line[:-1] if line.endswith(b"\n") else line)
                except Rejected as reason:
                    self.count[reason.args[0]] += 1
                    continue
                self.count["accepted"] += 1
                getattr(self, "on_" + kind)(key, payload)

    def badge(self, badge_id):
        return self.badges.setdefault(badge_id, Badge())

    # Open: a policy in the middle of the events; and, for its timing, a swipe in the setup.
    def on_policy(self, door_id, policy):
        self.doors[door_id] = (policy["level"], policy["floor"])

    def on_grant(self, badge_id, grant):
        self.badge(badge_id).grant = (grant["level"], grant["from"], grant["until"])

    def on_revoke(self, badge_id, _revoke):
        self.badge(badge_id).grant = None

    def on_swipe(self, badge_id, swipe):
        badge, at = self.badge(badge_id), swipe["at"]
        policy = self.ask(swipe["door_id"])
        reason = self.refusal(badge.grant, policy, at)
        if reason is None:
            self.count["granted"] += 1
            badge.run = []
            # Open: a floor whose name can be no key. It has no actor, so the entry is the door's alone.
            if is_chunk(policy[1]):
                self.entries[policy[1]] = self.entries.get(policy[1], 0) + 1
            return
        self.count[reason] += 1
        badge.run.append(at)
        if len(badge.run) == 3:
            if badge.run[2] - badge.run[0] <= ALARM_WINDOW_MS:
                self.count["alarms"] += 1
                badge.run = []
            else:
                badge.run.pop(0)

    def ask(self, door_id):
        # A name that can be no key is no door's: nobody is activated, and there is no policy.
        return self.doors.setdefault(door_id, None) if is_chunk(door_id) else None

    @staticmethod
    def refusal(grant, policy, at):
        if policy is None:
            return "unknown_door"
        if grant is None:
            return "no_grant"
        level, start, end = grant
        if at < start or at >= end:
            return "outside_hours"
        return "level_too_low" if level < policy[0] else None

    def summary(self):
        count = self.count
        yield "read", count["read"]
        yield "accepted", count["accepted"]
        yield "rejected", sum(count[reason] for reason in REJECTIONS)
        yield from (("rejected." + reason, count[reason]) for reason in REJECTIONS)
        yield "granted", count["granted"]
        yield "refused", sum(count[reason] for reason in REFUSALS)
        yield from (("refused." + reason, count[reason]) for reason in REFUSALS)
        yield "alarms", count["alarms"]
        yield "doors", len(self.doors)
        yield "badges", len(self.badges)
        yield "floors", len(self.entries)
        floors = sorted(self.entries.items(), key=lambda floor: (-floor[1], floor[0].encode()))
        yield "busiest", "%s %d" % (floors[0] if floors else ("-", 0))
        yield "dead", 0  # nothing here may be lost, and the books must balance
        yield "balance", 0


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: model.py SETUP EVENTS")
    building = Building()
    for path in sys.argv[1:]:
        building.read(path)
    for name, value in building.summary():
        sys.stdout.buffer.write(("%s %s\n" % (name, value)).encode())


if __name__ == "__main__":
    main()
