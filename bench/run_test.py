#!/usr/bin/env python3
"""run_test.py - tests of what the benchmark harness makes of contenders: good, failing, hanging, disturbed, moved ones."""
import contextlib
import doctest
import io
import pathlib
import tempfile
import unittest

import measure
import run
import table

NEAR, FAR = (50.0, 52.0), (250.0, 240.0)
HANGING = "#!/bin/sh\ntail -f /dev/null\n"  # it waits in a child of its own


def make_run(value=1.0, probes=NEAR, **rest):
    """A run of pingpong that gave one value in ns."""
    return measure.Run({"pingpong.one_way": value}, {"pingpong.one_way": "ns"}, probes, **rest)


def placement_of(*lists):
    placement = table.Placement()
    for runs in lists:
        for each in runs:
            placement.note(each.probes)
    return placement


class Processes(unittest.TestCase):
    """Real processes, small scripts."""

    def run_script(self, text, limit_s=60.0):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "contender"
            path.write_text(text, encoding="ascii")
            path.chmod(0o755)
            return measure.run_process([str(path), "pingpong"], limit_s, [0])

    def test_lines_of_a_good_run_are_values(self):
        given = self.run_script("#!/bin/sh\necho hello\necho bench go $1.one_way 132.5 ns\necho bench go $1.messages 7e6 1/s\n")
        self.assertEqual(given.values, {"pingpong.one_way": 132.5, "pingpong.messages": 7e6})
        self.assertEqual(given.units, {"pingpong.one_way": "ns", "pingpong.messages": "1/s"})
        self.assertEqual((given.failure, given.is_absent, given.is_killed), ("", False, False))

    def test_failure_names_status_and_last_line(self):
        given = self.run_script("#!/bin/sh\necho bench go a.b 1 ns\necho lost 3 of 5 >&2\nexit 1\n")
        self.assertEqual(given.failure, "exit status 1: lost 3 of 5")

    def test_signal_is_named(self):
        self.assertEqual(self.run_script("#!/bin/sh\nkill -SEGV $$\n").failure, "ended by SIGSEGV")

    def test_hanging_run_is_killed_with_its_children(self):
        given = self.run_script(HANGING, 0.1)
        self.assertEqual((given.failure, given.is_killed), ("killed after 0.1 s", True))

    def test_status_three_is_absence(self):
        given = self.run_script("#!/bin/sh\necho no such row >&2\nexit 3\n")
        self.assertEqual((given.failure, given.is_absent), ("", True))

    def test_silent_success_is_a_failure(self):
        self.assertEqual(self.run_script("#!/bin/sh\n").failure, "printed no result")

    def test_no_program_is_a_failure(self):
        self.assertIn("cannot be started", measure.run_process(["/nonexistent/x"], 1, [0]).failure)

    def test_values_that_are_no_numbers_are_let_pass(self):
        self.assertEqual(measure.parse("bench a b nan ns\nbench a c x ns\nbench a d 1 ns\nbench a"), ({"d": 1}, {"d": "ns"}))

    def test_foreign_share_is_what_neither_run_nor_harness_used(self):
        self.assertAlmostEqual(measure.foreign_share(3.0, 2.0, 2.0), (1.0 - 2 * measure.TICK_S) / 2.0)
        self.assertEqual(measure.foreign_share(2.0, 2.0, 1.0), 0.0)
        self.assertEqual(measure.foreign_share(2 * measure.TICK_S, 0.0, 0.01), 0.0)


class Statistics(unittest.TestCase):
    """What is compared with what."""

    def test_kinds_follow_the_shortest_way(self):
        runs = [make_run(), make_run(probes=FAR), make_run(probes=(50.0, 250.0)), make_run(probes=())]
        placement = placement_of(runs)
        self.assertEqual([placement.kind(each) for each in runs], ["near", "far", "moved", "unprobed"])
        self.assertIn("near up to 125 ns", placement.describe())

    def test_one_mode_is_one_placement(self):
        runs = [make_run(probes=(85.0, 130.0)), make_run(probes=(120.0, 99.0))]
        placement = placement_of(runs)
        self.assertEqual({placement.kind(each) for each in runs}, {"near"})
        self.assertTrue(placement.describe().endswith("one placement"))

    def test_kind_is_the_one_with_most_runs_common_to_all(self):
        ours = [make_run()] * 4 + [make_run(probes=FAR)] * 2
        peer = [make_run()] * 1 + [make_run(probes=FAR)] * 3
        placement = placement_of(ours)
        self.assertEqual(table.pick_kind({"edacious": ours, "go": peer}, placement), "far")
        self.assertEqual(table.pick_kind({"edacious": ours, "go": [make_run(failure="x")]}, placement), "near")

    def test_only_runs_of_that_kind_make_the_medians(self):
        ours = [make_run(30), make_run(40), make_run(35), make_run(500, FAR)]
        peer = [make_run(100), make_run(110), make_run(600, FAR), make_run(105)]
        (line,), notes = table.make_lines("pingpong", {"edacious": ours, "go": peer}, placement_of(ours), 3)
        self.assertEqual(line["medians"], {"edacious": 35, "go": 105})
        self.assertEqual((line["range"], line["n"], line["placement"], line["best"]), ([30, 40], 3, "near", "go"))
        self.assertAlmostEqual(line["ahead"], 3.0)
        self.assertEqual(notes, [])

    def test_floor_is_no_peer_and_rates_are_better_when_higher(self):
        def rate(value):
            return [measure.Run({"count.messages": value}, {"count.messages": "1/s"}, NEAR)]

        runs = {"edacious": rate(40), "caf": rate(5), "go": rate(20), "floor": rate(300)}
        (line,), _ = table.make_lines("count", runs, placement_of(*runs.values()), 1)
        self.assertEqual((line["best"], line["ahead"]), ("go", 2.0))
        self.assertAlmostEqual(table.ahead(30.0, 60.0, "bytes"), 2.0)
        self.assertIsNone(table.ahead(0.0, 60.0, "ns"))

    def test_disturbed_runs_fill_up_and_are_marked(self):
        ours = [make_run(30), make_run(90, foreign=0.9), make_run(40, foreign=0.2)]
        (line,), _ = table.make_lines("pingpong", {"edacious": ours}, placement_of(ours), 2)
        self.assertEqual((line["medians"]["edacious"], line["disturbed"]), (35, ["edacious"]))
        self.assertIn("| 35.0! |", table.render([line], ["edacious"]))

    def test_failures_stand_in_the_table_with_their_reason(self):
        runs = {"edacious": [make_run()], "caf": [make_run(failure="killed after 60 s", is_killed=True)],
                "go": [make_run(failure="exit status 1: lost")] * 2, "erlang": [measure.Run(is_absent=True)]}
        (line,), notes = table.make_lines("pingpong", runs, placement_of(runs["edacious"]), 1)
        self.assertEqual(line["missing"], {"caf": "killed", "go": "failed"})
        self.assertEqual(notes, ["pingpong: caf: 1 of 1 runs failed: killed after 60 s",
                                 "pingpong: go: 2 of 2 runs failed: exit status 1: lost"])
        self.assertIn("killed", table.render([line], list(runs)))

    def test_row_that_nobody_finished_is_a_line(self):
        (line,), _ = table.make_lines("ring", {"edacious": [make_run(failure="x")] * 2}, placement_of([make_run()]), 1)
        self.assertEqual((line["metric"], line["missing"]), ("ring", {"edacious": "failed"}))

    def test_peer_of_another_unit_is_left_out(self):
        other = measure.Run({"pingpong.one_way": 1.0}, {"pingpong.one_way": "us"}, NEAR)
        (line,), notes = table.make_lines("pingpong", {"edacious": [make_run()], "go": [other]}, placement_of([other]), 1)
        self.assertEqual((list(line["medians"]), len(notes)), (["edacious"], 1))

    def test_numbers_have_three_digits(self):
        self.assertEqual(doctest.testmod(table).failed, 0)


class Rounds(unittest.TestCase):
    """Who runs again: contenders that give scripted runs, in order, the last one for ever."""

    def collect(self, script, rounds_max=12, count=3):
        order = []

        def give(command):
            name = command[0]
            order.append(name)
            return script[name][min(order.count(name), len(script[name])) - 1]

        bench = run.Bench({name: name for name in script}, run.Plan(count, rounds_max, 1, {}), give)
        with contextlib.redirect_stderr(io.StringIO()):
            bench.collect(["pingpong"])
        return order

    def test_contenders_take_turns(self):
        self.assertEqual(self.collect({"edacious": [make_run()], "go": [make_run()]}), ["edacious", "go"] * 3)

    def test_disturbed_run_is_repeated(self):
        order = self.collect({"edacious": [make_run()], "go": [make_run(foreign=0.3), make_run()]})
        self.assertEqual((order.count("edacious"), order.count("go")), (3, 4))

    def test_repetition_is_bounded(self):
        self.assertEqual(len(self.collect({"edacious": [make_run(foreign=0.3)]}, rounds_max=8)), 8)

    def test_moved_run_is_repeated(self):
        self.assertEqual(len(self.collect({"edacious": [make_run(probes=(50.0, 250.0)), make_run()]})), 4)

    def test_failing_killed_and_absent_ones_are_not_asked_for_ever(self):
        order = self.collect({
            "edacious": [make_run()], "caf": [make_run(failure="x", is_killed=True)], "go": [make_run(failure="x")],
            "tokio": [measure.Run(is_absent=True)]})
        self.assertEqual([order.count(name) for name in ("edacious", "caf", "go", "tokio")], [3, 1, 2, 1])

    def test_time_that_is_up_leaves_one_run_each(self):
        plan = run.Plan(3, 6, 1, {"ring": 7}, end=0.0)
        commands = []

        def give(command):
            commands.append(command)
            return make_run()

        bench = run.Bench({"edacious": "x"}, plan, give)
        with contextlib.redirect_stderr(io.StringIO()):
            bench.collect(["pingpong", "ring"])
        self.assertEqual(commands, [["x", "pingpong"], ["x", "ring", "7"]])


if __name__ == "__main__":
    unittest.main()
