#!/usr/bin/env python3
"""nodes.py - an example with the stock main as two processes: by options alone they are nodes that share its actors.

Usage: nodes.py PROGRAM. PROGRAM is the example 02_keyed.
"""
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

PATIENCE_S = 120
program = None


class Nodes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="eda-")
        self.addCleanup(folder.cleanup)
        self.config = json.dumps({"socket": str(pathlib.Path(folder.name) / "bus")})

    def words(self, name, *more):
        return [program, "--bus", "local", "--node", name, "--bus-config", self.config, *more]

    def begin_host(self, name, *more, until="hosts its actors until SIGINT or SIGTERM"):
        """A process that hosts the actors, once it says so."""
        host = subprocess.Popen(self.words(name, "--host", *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(host.wait, PATIENCE_S)
        self.addCleanup(host.kill)
        self.read_until(host, until)
        return host

    def read_until(self, host, text):
        """The lines that the host logs, to the one with that text."""
        lines = []
        for line in host.stderr:
            lines.append(line)
            if text in line:
                return lines
        raise AssertionError(f"it ended without '{text}': {lines}")

    def end_host(self, host, number):
        """What it printed; it ends well."""
        host.send_signal(number)
        out, err = host.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, host.returncode, err)
        return out

    def run_program(self, *words):
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def test_two_programs_share_actors(self):
        host = self.begin_host("host")
        visitor = self.run_program("visitor", "--nodes", "2")
        self.assertEqual(0, visitor.returncode, visitor.stderr)
        self.assertRegex(visitor.stderr, r"visitor: node host/[0-9a-f]{16} is up")
        self.assertIn('"a/b": EDA_EKEY\n', visitor.stdout)
        visits = collections.defaultdict(list)
        for out in (visitor.stdout, self.end_host(host, signal.SIGTERM)):
            for page, number in re.findall(r"^(\w+): visit (\d+)$", out, re.MULTILINE):
                visits[page].append(int(number))
        # Each counter lives on one of the two, and counted every visit.
        self.assertEqual({"home": [1, 2, 3], "news": [1, 2]}, visits)

    def test_host_ends_by_ctrl_c(self):
        self.assertEqual("", self.end_host(self.begin_host("host"), signal.SIGINT))

    def test_host_says_that_it_is_up_when_so_many_see_each_other(self):
        first = self.begin_host("first", "--nodes", "2", until="waits until 2 nodes see each other")
        second = self.begin_host("second", "--nodes", "2")
        said = self.read_until(first, "hosts its actors until SIGINT or SIGTERM")
        # Not before it saw the other.
        self.assertRegex("".join(said), r"first: node second/[0-9a-f]{16} is up; 2 nodes")
        self.end_host(second, signal.SIGTERM)
        self.end_host(first, signal.SIGTERM)

    def test_host_that_waits_for_nodes_ends_by_signal(self):
        host = self.begin_host("host", "--nodes", "2", until="waits until 2 nodes see each other")
        self.assertEqual("", self.end_host(host, signal.SIGTERM))

    def test_second_of_a_name_is_refused(self):
        host = self.begin_host("twin")
        twin = self.run_program("twin")
        self.assertEqual(1, twin.returncode)
        self.assertIn("EDA_ESTATE", twin.stderr)
        self.assertIn("a node 'twin' lives already in cluster 'edacious'", twin.stderr)
        self.end_host(host, signal.SIGTERM)

    def test_another_cluster_is_another_world(self):
        host = self.begin_host("host")
        alone = self.run_program("host", "--cluster", "another", "--nodes", "1")
        self.assertEqual(0, alone.returncode, alone.stderr)
        self.assertIn("2 counters live\n", alone.stdout)
        self.assertEqual("", self.end_host(host, signal.SIGTERM))


if __name__ == "__main__":
    program = sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=2)
