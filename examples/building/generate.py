#!/usr/bin/env python3
"""Makes a building log: setup.jsonl and events.jsonl, as data/README.md describes them.

    generate.py --seed N --lines N --out DIR [--badges N] [--doors N] [--floors N]

The same arguments make the same files, byte for byte. The seed also decides how often things happen, so that two seeds
give two different days and not two samples of one. Nothing is kept but the doors, so a log may have millions of lines.
"""

import argparse
import collections
import json
import pathlib
import random

START_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
LINE_SIZE_MAX = 1 << 20
LEVEL_MAX = 6

Door = collections.namedtuple("Door", "id level floor")


# --- bad lines --------------------------------------------------------------------------------------------------------

BAD_LINES = []  # (the reason it is rejected for, function of (day, topic, payload) that returns its bytes)


def bad(reason):
    def register(make):
        BAD_LINES.append((reason, make))
        return make

    return register


def line(topic, payload):
    return json.dumps({"topic": topic, "payload": payload}).encode()


def raw(topic, payload_text):
    """For payloads that a JSON writer would not write."""
    return b'{"topic":%s,"payload":%s}' % (json.dumps(topic).encode(), payload_text)


def constant(reason, name, content):
    """A bad line that is always the same."""

    def make(_day, _topic, _payload):
        return content

    make.__name__ = name
    bad(reason)(make)


constant("bad_line", "empty", b"")
constant("bad_line", "blank", b" \t\r")
constant("bad_line", "array", b'["building/badges/b1/swipe", {"door_id": "d1", "at": 1}]')
constant("bad_line", "number", b"42")
constant("bad_line", "string", b'"building/badges/b1/swipe"')
constant("bad_line", "null", b"null")
constant("bad_line", "no_json", b"swipe b0073 at d017")
constant("bad_line", "byte_order_mark", b'\xef\xbb\xbf{"topic":"building/badges/b1/revoke","payload":{"at":1}}')
constant("bad_line", "single_quotes", b"{'topic': 'building/badges/b1/revoke', 'payload': {'at': 1}}")
constant("bad_line", "trailing_comma", b'{"topic":"building/badges/b1/revoke","payload":{"at":1},}')
constant("bad_line", "comment", b'{"topic":"building/badges/b1/revoke","payload":{"at":1}} // him again')
constant("bad_line", "control_character", b'{"topic":"building/badges/b\x011/revoke","payload":{"at":1}}')
constant("bad_line", "zero_byte", b'{"topic":"building/badges/b1/revoke","payload":{"at":1}}\x00')


@bad("bad_line")
def cut_off(day, topic, payload):
    whole = line(topic, payload)
    return whole[: day.random.randrange(1, len(whole))]


@bad("bad_line")
def two_values(day, topic, payload):
    return line(topic, payload) + day.random.choice((b" extra", b" {}", b",", line(topic, payload)))


@bad("bad_line")
def topic_missing(_day, _topic, payload):
    return json.dumps({"payload": payload}).encode()


@bad("bad_line")
def topic_no_string(day, _topic, payload):
    return line(day.random.choice((42, None, ["building"], {}, True)), payload)


@bad("bad_line")
def payload_missing(_day, topic, _payload):
    return json.dumps({"topic": topic}).encode()


@bad("bad_line")
def duplicate_topic(_day, topic, _payload):
    name = json.dumps(topic).encode()
    return b'{"topic":%s,"topic":%s,"payload":{"at":1}}' % (name, name)


@bad("bad_line")
def duplicate_in_payload(day, topic, _payload):
    # The second spelling is the same key, once unescaped.
    second = day.random.choice((b'"at"', b'"\\u0061t"'))
    return raw(topic, b'{"door_id":"d001","at":1,' + second + b":2}")


@bad("bad_line")
def duplicate_far_down(_day, topic, _payload):
    return raw(topic, b'{"door_id":"d001","at":1,"notes":[{"a":1,"b":{"c":0,"c":0}}]}')


@bad("bad_line")
def not_a_number(day, topic, _payload):
    value = day.random.choice((b"NaN", b"Infinity", b"-Infinity"))
    return raw(topic, b'{"door_id":"d001","at":1,"battery":' + value + b"}")


@bad("bad_line")
def malformed_number(day, topic, _payload):
    value = day.random.choice((b"01", b"+1", b"1.", b".5", b"0x10", b"1e", b"-"))
    return raw(topic, b'{"door_id":"d001","at":' + value + b"}")


@bad("bad_line")
def integer_too_big(day, topic, _payload):
    # One past either end of int64, and far beyond; a bad line wherever it stands.
    value = day.random.choice((b"9223372036854775808", b"-9223372036854775809", b"1" + b"0" * 40))
    field = day.random.choice((b'"at":', b'"at":1,"serial":'))
    return raw(topic, b'{"door_id":"d001",' + field + value + b"}")


@bad("bad_line")
def lone_surrogate(day, topic, _payload):
    text = day.random.choice((b"\\ud800", b"\\udc00x", b"\\ud83dd\\ude00", b"\\ude00\\ud83d"))
    return raw(topic, b'{"door_id":"d001","at":1,"note":"' + text + b'"}')


@bad("bad_line")
def not_utf8(day, topic, _payload):
    # Never a lead byte, a lead byte alone, an overlong slash, an encoded surrogate, beyond U+10FFFF.
    text = day.random.choice((b"\xff\xfe", b"caf\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"))
    return raw(topic, b'{"door_id":"' + text + b'","at":1}')


@bad("bad_topic")
def topic_empty(_day, _topic, payload):
    return line("", payload)


@bad("bad_topic")
def topic_slash_outside(day, topic, payload):
    return line(day.random.choice(("/" + topic, topic + "/", "/", "building/")), payload)


@bad("bad_topic")
def topic_empty_chunk(_day, _topic, payload):
    return line("building/badges//swipe", payload)


@bad("bad_topic")
def topic_wildcard(day, _topic, payload):
    chunk = day.random.choice(("*", "**", "b$*", "b*", "***"))
    return line("building/badges/%s/swipe" % chunk, payload)


@bad("bad_topic")
def topic_forbidden_character(day, _topic, payload):
    return line("building/badges/%s/swipe" % day.random.choice(("a#b", "b?", "$", "1$2")), payload)


@bad("bad_topic")
def topic_and_payload_bad(_day, _topic, _payload):
    return line("building//swipe", 17)  # the first reason counts


@bad("unknown_topic")
def topic_longer(_day, topic, payload):
    return line(topic + "/again", payload)


@bad("unknown_topic")
def topic_shorter(_day, _topic, payload):
    return line("building/badges", payload)


@bad("unknown_topic")
def topic_misspelt(day, topic, payload):
    return line(day.random.choice((topic + "s", topic.upper(), " " + topic, topic + " ")), payload)


@bad("unknown_topic")
def topic_of_others(day, _topic, _payload):
    return line("building/lifts/%d/call" % day.random.randrange(9), {"floor": 3})


@bad("unknown_topic")
def topic_crossed(_day, _topic, payload):
    return line("building/doors/d001/swipe", payload)  # doors are not swiped, badges are


@bad("unknown_topic")
def topic_unknown_and_payload_bad(_day, _topic, _payload):
    return line("weather/today", None)


@bad("bad_payload")
def payload_no_object(day, topic, _payload):
    return line(topic, day.random.choice(("open", ["d001", 1], None, 7, True, 1.5)))


@bad("bad_payload")
def payload_lacks_a_field(day, topic, _payload):
    return line(topic, day.random.choice(({}, {"door_id": "d001"}, {"at": 1}, {"door_id": "d001", "At": 1})))


@bad("bad_payload")
def time_no_integer(day, topic, _payload):
    value = day.random.choice((b"1.0", b"1.5", b"1e3", b"1E3", b"true", b"null", b'"noon"', b'"1"', b"[1]", b"{}"))
    return raw(topic, b'{"door_id":"d001","at":' + value + b"}")


@bad("bad_payload")
def time_negative(day, topic, _payload):
    return raw(topic, b'{"door_id":"d001","at":' + day.random.choice((b"-1", b"-9223372036854775808")) + b"}")


@bad("bad_payload")
def door_no_string(day, topic, payload):
    return line(topic, dict(payload, door_id=day.random.choice((17, None, True, ["d001"], {"id": "d001"}))))


@bad("bad_payload")
def badge_differs(day, topic, payload):
    return line(topic, dict(payload, badge_id=day.random.choice(("somebody else", "", 17, None))))


@bad("bad_payload")
def level_out_of_range(day, _topic, _payload):
    level = day.random.choice((-1, 256, 300, 1 << 32, (1 << 63) - 1, -(1 << 63)))
    return line(day.badge_topic("grant"), {"level": level, "from": 1, "until": 2})


@bad("bad_payload")
def level_no_integer(day, _topic, _payload):
    level = day.random.choice((1.0, "1", None, True, [1]))
    return line(day.badge_topic("grant"), {"level": level, "from": 1, "until": 2})


@bad("bad_payload")
def grant_incomplete(day, _topic, _payload):
    grant = {"level": 1, "from": 1, "until": 2}
    del grant[day.random.choice(("level", "from", "until"))]
    return line(day.badge_topic("grant"), grant)


@bad("bad_payload")
def revoke_without_time(day, _topic, _payload):
    return line(day.badge_topic("revoke"), {"when": 1})


@bad("bad_payload")
def policy_incomplete(day, _topic, _payload):
    # Also in the events: rejected, so it changes no door.
    policy = day.random.choice(({"level": 1}, {"floor": "floor-1"}, {"level": 1, "floor": 1}))
    return line("building/doors/d001/policy", policy)


# --- a day ------------------------------------------------------------------------------------------------------------


class Day:
    """What a seed makes of the building: its doors, its habits, and the clock."""

    # Badges and doors whose names need care: escapes, blanks, Unicode, a character topics merely look like forbidding.
    ODD_BADGES = ("Zo\u00eb 7", "a.b.c", "\U0001f511", "x@home", "100%", 'say "hi"', "back\\slash", "t\tab", "B" * 255)
    # No key: too long, empty, a slash, a wildcard, a forbidden character. A swipe there meets an unknown door.
    ODD_DOORS = ("D" * 256, "", "front/left", "*", "d#1", "@d1", "D" * 3000)

    def __init__(self, args):
        self.random = random.Random("building %d" % args.seed)
        draw = self.random.uniform
        self.badge_count = args.badges
        self.now = START_MS
        self.bad_share = draw(0.002, 0.05)
        self.scene_share = draw(0.01, 0.15)
        self.badge_skew = draw(1, 3)  # above 1: some badges are much busier than others
        self.spaced_share = draw(0, 1)  # of lines with blanks after : and ,
        self.granted_share = draw(0.7, 1)  # of badges that have a grant from the setup
        self.extra_share = draw(0, 0.2)  # of payloads with fields nobody declared
        self.unknown_share = draw(0.005, 0.04)  # of swipes at doors nobody has told anything
        floor_skew = draw(1, 2)
        self.doors = []
        for i in range(args.doors):
            floor = int(args.floors * self.random.random() ** floor_skew)
            self.doors.append(Door("d%03d" % i, self.random.randint(0, LEVEL_MAX), "floor-%d" % floor))

    def badge(self):
        if self.random.random() < 0.004:
            return self.random.choice(self.ODD_BADGES)
        return "b%04d" % int(self.badge_count * self.random.random() ** self.badge_skew)

    def badge_topic(self, kind):
        return "building/badges/%s/%s" % (self.badge(), kind)

    def unknown_door(self):
        if self.random.random() < 0.1:
            return self.random.choice(self.ODD_DOORS)
        return "nodoor%d" % self.random.randrange(9)

    def door(self):
        """The id of any door, a few unknown ones among them."""
        if not self.doors or self.random.random() < self.unknown_share:
            return self.unknown_door()
        return self.random.choice(self.doors).id

    def grant(self):
        start = self.now - self.random.randrange(48) * HOUR_MS
        end = start + self.random.choice((1, 12, 50, 800)) * HOUR_MS
        return {"level": self.random.randint(0, LEVEL_MAX), "from": start, "until": end}

    def encode(self, topic, payload):
        """A good line, in one of the ways to write the same."""
        chance = self.random.random
        if chance() < self.extra_share:
            payload = dict(payload, **self.random.choice(EXTRAS))
        if chance() < 0.05:
            payload = dict(payload, **{topic.split("/")[1][:-1] + "_id": topic.split("/")[2]})
        if chance() < 0.1:
            payload = dict(reversed(payload.items()))
        whole = {"topic": topic, "payload": payload}
        if chance() < 0.1:
            whole = {"payload": payload, "seq": 1, "topic": topic}
        separators = (", ", ": ") if chance() < self.spaced_share else (",", ":")
        text = json.dumps(whole, separators=separators, ensure_ascii=chance() < 0.5)
        return text.encode() + (b"\r" if chance() < 0.01 else b"")

    def bad_line(self):
        _, make = self.random.choice(BAD_LINES)
        return make(self, self.badge_topic("swipe"), {"door_id": self.door(), "at": self.now})


# Undeclared fields: to be ignored, whatever they hold.
EXTRAS = (
    {"firmware": "2.1"},
    {"battery": 0.5, "rssi": -1e3},
    {"tags": [1, None, {"a": {"b": []}}]},
    {"note": "\U0001f6aa \ud7ff \u20ac \u001f"},
    {"serial": (1 << 63) - 1, "offset": -(1 << 63)},
    {"payload": {"topic": "building"}},
)


# --- scenes: some lines about one badge, in their order, among those of everybody else --------------------------------

SCENES = []


def scene(write):
    """A generator of (kind, payload, ms since the line before)."""
    SCENES.append(write)
    return write


def always(level=LEVEL_MAX):
    return {"level": level, "from": 0, "until": (1 << 63) - 1}


@scene
def refused_in_a_row(day, door):
    """Three refusals within a minute are an alarm, to the millisecond; four can be one, six two."""
    yield "revoke", {}, 0
    span = day.random.choice((60_000, 60_001, 59_999, 0, 30_000, 90_000))
    for i in range(day.random.randint(3, 8)):
        yield "swipe", {"door_id": door.id}, (span // 2 if i % 2 else span - span // 2)


@scene
def window_slides(_day, door):
    """The first three are too far apart, the last three are not."""
    yield "revoke", {}, 0
    for gap in (0, 50_000, 10_001, 49_999, 1, 1, 1):
        yield "swipe", {"door_id": door.id}, gap


@scene
def run_ends_with_an_entry(_day, door):
    yield "revoke", {}, 0
    yield "swipe", {"door_id": door.id}, 1000
    yield "swipe", {"door_id": door.id}, 1000
    yield "grant", always(), 0
    yield "swipe", {"door_id": door.id}, 1000
    yield "revoke", {}, 0
    yield "swipe", {"door_id": door.id}, 1000
    yield "swipe", {"door_id": door.id}, 1000


@scene
def run_outlives_grants(_day, door):
    yield "revoke", {}, 0
    yield "swipe", {"door_id": door.id}, 1000
    yield "grant", always(), 0
    yield "revoke", {}, 0
    yield "swipe", {"door_id": door.id}, 1000
    yield "swipe", {"door_id": door.id}, 1000


@scene
def hours_to_the_millisecond(day, door):
    """At from: granted. At until: refused."""
    start = day.now + 10_000
    yield "grant", {"level": LEVEL_MAX, "from": start, "until": start + 5000}, 0
    for at in (start - 1, start, start + 4999, start + 5000):
        yield "swipe", {"door_id": door.id, "at": at}, 0


@scene
def hours_of_no_length(day, door):
    yield "grant", {"level": LEVEL_MAX, "from": day.now, "until": day.now - day.random.randrange(2)}, 0
    yield "swipe", {"door_id": door.id, "at": day.now}, 0


@scene
def level_just_enough(_day, door):
    yield "grant", always(door.level), 0
    yield "swipe", {"door_id": door.id}, 1000
    if door.level > 0:
        yield "grant", always(door.level - 1), 0
        yield "swipe", {"door_id": door.id}, 1000
    yield "grant", always(255), 0
    yield "swipe", {"door_id": door.id}, 1000


@scene
def revoked_and_granted_again(_day, door):
    yield "grant", always(), 0
    yield "swipe", {"door_id": door.id}, 500
    yield "revoke", {}, 500
    yield "revoke", {}, 500
    yield "swipe", {"door_id": door.id}, 500
    yield "grant", always(), 500
    yield "swipe", {"door_id": door.id}, 500


@scene
def doors_nobody_knows(day, _door):
    """An unknown door comes before any other reason, with a grant and without."""
    for kind in ("grant", "revoke"):
        yield kind, always() if kind == "grant" else {}, 0
        for _ in range(3):
            yield "swipe", {"door_id": day.unknown_door()}, day.random.randrange(40_000)


@scene
def same_time(day, door):
    for _ in range(day.random.randint(2, 6)):
        yield "swipe", {"door_id": door.id}, 0


@scene
def clock_runs_back(day, door):
    """A reader's clock was set; the log's order is what counts."""
    yield "revoke", {}, 0
    for back in (0, 3_600_000, 7_200_000):
        yield "swipe", {"door_id": door.id, "at": day.now - back}, 1000


@scene
def ends_of_time(_day, door):
    yield "grant", {"level": LEVEL_MAX, "from": 0, "until": 1}, 0
    for at in (0, 1, (1 << 63) - 1, (1 << 63) - 2):
        yield "swipe", {"door_id": door.id, "at": at}, 0


# --- the files --------------------------------------------------------------------------------------------------------


def setup_lines(day):
    """Policies and grants, shuffled within a window: badges by the hundred thousand need no list."""
    window = []

    def through_window(lines):
        for content in lines:
            window.append(content)
            if len(window) > 1000:
                i = day.random.randrange(len(window))
                window[i], window[-1] = window[-1], window[i]
                yield window.pop()

    def in_order():
        for door in day.doors:
            policy = {"level": door.level, "floor": door.floor}
            yield day.encode("building/doors/%s/policy" % door.id, policy)
        for i in range(day.badge_count):
            if day.random.random() < day.granted_share:
                yield day.encode("building/badges/b%04d/grant" % i, day.grant())
            if day.random.random() < day.bad_share:
                yield day.bad_line()

    yield from through_window(in_order())
    day.random.shuffle(window)
    yield from window


def event_line(day, scenes):
    """One line: of a scene that is under way, or of the day's traffic."""
    chance = day.random.random
    day.now += day.random.choice((0, 1, 200, 900, 900, 3000, 9000))
    if chance() < day.bad_share:
        return day.bad_line()
    if day.doors and chance() < day.scene_share / 5:
        # A badge of its own half the time: one that nobody has granted anything yet.
        badge = "s%05d" % day.random.randrange(100_000) if chance() < 0.5 else day.badge()
        write = day.random.choice(SCENES)
        scenes.append((badge, write(day, day.random.choice(day.doors))))
    if scenes and chance() < 0.7:
        # In turns, so that the lines of several scenes alternate.
        badge, lines = scenes.popleft()
        step = next(lines, None)
        if step is not None:
            kind, payload, gap_ms = step
            scenes.append((badge, lines))
            # A scene has a clock of its own, so that its gaps are exact.
            day.clocks[badge] = at = day.clocks.get(badge, day.now) + gap_ms
            if kind != "grant":
                payload = {"at": at, **payload}
            return day.encode("building/badges/%s/%s" % (badge, kind), payload)
        day.clocks.pop(badge, None)
    if chance() < 0.02:
        return day.encode(day.badge_topic("grant"), day.grant())
    if chance() < 0.01:
        return day.encode(day.badge_topic("revoke"), {"at": day.now})
    return day.encode(day.badge_topic("swipe"), {"door_id": day.door(), "at": day.now})


def longest_line(day):
    """A good line of exactly 1 MiB."""
    short = line(day.badge_topic("swipe"), {"door_id": day.door(), "at": day.now, "padding": ""})
    return short[:-3] + b"x" * (LINE_SIZE_MAX - len(short)) + short[-3:]


def event_lines(day, line_count):
    scenes = collections.deque()
    day.clocks = {}
    for i in range(line_count):
        yield longest_line(day) if i == line_count // 2 else event_line(day, scenes)


def write(path, lines, is_terminated):
    with open(path, "wb") as file:
        between = b""
        for content in lines:
            file.write(between + content)
            between = b"\n"
        if is_terminated:
            file.write(between)


def count(text):
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a count is 0 or more")
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--lines", type=count, required=True, help="of events.jsonl; the setup follows from the others")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder; made if it is not there")
    parser.add_argument("--badges", type=count, default=900)
    parser.add_argument("--doors", type=count, default=120)
    parser.add_argument("--floors", type=count, default=8)
    args = parser.parse_args()
    day = Day(args)
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "setup.jsonl", setup_lines(day), True)
    write(args.out / "events.jsonl", event_lines(day, args.lines), args.seed % 2 == 0)


if __name__ == "__main__":
    main()
