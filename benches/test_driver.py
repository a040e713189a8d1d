"""What the driver concludes from numbers: the gate, the targets, the round trips."""

import unittest

from driver import gate, measure, tools
from driver.plot import best_peer
from driver.svg import Scale
from driver.workloads import TITLES, Row, rows


class Gate(unittest.TestCase):
    def compared(self, old, new):
        return gate.compared({"a count": old}, {"a count": new})

    def test_growth_by_more_than_two_percent_fails(self):
        self.assertTrue(self.compared(10000, 10200)[1])
        lines, well = self.compared(10000, 10201)
        self.assertFalse(well)
        self.assertIn("GREW", lines[0])
        self.assertIn("a count", lines[0])

    def test_the_first_allocation_fails(self):
        self.assertFalse(self.compared(0, 1)[1])

    def test_less_is_told_and_passes(self):
        lines, well = self.compared(10000, 5000)
        self.assertTrue(well)
        self.assertIn("-50.0 %", lines[0])

    def test_what_one_side_lacks_fails(self):
        self.assertFalse(gate.compared({"a": 1}, {})[1])
        self.assertFalse(gate.compared({}, {"a": 1})[1])


class Judgement(unittest.TestCase):
    def row(self, **changes):
        said = dict(workload="T1", case="", metric="wall", unit="", program="sync", arguments=(), subjects=("ours", "raw"), count=1,
                    warm=0, must=10, goal=5)
        return Row(**{**said, **changes})

    def verdict(self, number, **changes):
        return measure.judged(self.row(**changes), {"ours": {"value": number}})[1]

    def test_each_target_has_its_verdict(self):
        self.assertEqual([self.verdict(number) for number in (5, 5.1, 10, 10.1)], ["goal", "must", "must", "missed"])

    def test_a_ratio_is_judged_by_the_ratio(self):
        figures = {"ours": {"value": 1000, "ratio": {"value": 4}}}
        self.assertEqual(measure.judged(self.row(against="raw"), figures), (4, "goal"))

    def test_without_a_figure_there_is_no_verdict(self):
        self.assertEqual(measure.judged(self.row(), {"ours": {"absent": "why"}}), (None, ""))
        self.assertEqual(measure.judged(self.row(against="raw"), {"ours": {"value": 1}}), (None, ""))

    def test_the_best_peer_is_neither_ours_nor_the_floor(self):
        subjects = {"ours": {"value": 1}, "raw": {"value": 0}, "hiredis": {"value": 3}, "libvalkey": {"value": 2}, "GLIDE": {"absent": ""}}
        self.assertEqual(best_peer({"against": "", "subjects": subjects}), (2, "libvalkey"))


class Counting(unittest.TestCase):
    def test_a_turn_is_a_receive_after_a_send(self):
        self.assertEqual(tools.turns("socket connect sendto recvfrom recvfrom write poll read close".split()), 2)

    def test_a_spread_is_median_and_quartiles(self):
        self.assertEqual(measure.spread([5, 1, 2, 4, 3]), {"value": 3, "low": 2, "high": 4, "least": 1})


class Table(unittest.TestCase):
    def test_every_row_has_a_title_and_its_own_name(self):
        names = [(row.name, row.arguments) for row in rows()]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({row.workload for row in rows()}, set(TITLES))

    def test_what_is_gated_does_not_depend_on_time(self):
        gated = [row for row in rows() if row.gate]
        self.assertTrue(gated)
        self.assertLessEqual({row.metric for row in gated}, {"instructions", "allocations"})

    def test_a_scale_keeps_within_its_place(self):
        for numbers in ([1, 2, 3], [1, 1000], [0, 0]):
            scale = Scale(numbers, 100, 200)
            for number in numbers:
                self.assertTrue(100 <= scale(number) <= 200, (numbers, number))


if __name__ == "__main__":
    unittest.main()
