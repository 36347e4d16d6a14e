#!/usr/bin/env python3
"""plots_test.py - tests of what the plots take from the figures."""
import unittest

import plots
import table


def line(metric, median):
    return {"metric": metric, "medians": {table.OURS: median}, "range": [median - 1, median + 1]}


class Plots(unittest.TestCase):
    """Scripts for gnuplot, which itself is not needed here."""

    def test_points_are_sorted_by_number(self):
        points = plots.points_of([line("scale.actors_1000", 40), line("scale.actors_10", 30), line("load.peak", 7)],
            r"scale\.actors_(?P<x>\d+)")
        self.assertEqual([(point.x, point.median, point.low) for point in points[""]], [(10, 30, 29), (1000, 40, 39)])

    def test_workers_are_per_cent_of_the_rows_best(self):
        _, script = plots.draw_workers([line("workers.count_1", 50), line("workers.count_2", 40), line("workers.big_1", 8)])
        self.assertIn("$d0 << END\n1 100 98 102\n2 80 78 82\nEND\n", script)
        self.assertIn("title 'count (50.0/s)'", script)
        self.assertIn("title 'big (8.00/s)'", script)

    def test_load_has_a_curve_for_each_load(self):
        _, script = plots.draw_load([line("load.p999_at_90", 900), line("load.p50_at_90", 90), line("load.p50_at_50", 50)])
        self.assertIn("$d0 << END\n0 90 89 91\n2 900 899 901\nEND\n", script)
        self.assertIn("at 50% of the peak", script)

    def test_no_figures_make_no_plot(self):
        for draw, _ in plots.PLOTS.values():
            self.assertFalse(draw([line("other.metric", 1)])[1])


if __name__ == "__main__":
    unittest.main()
