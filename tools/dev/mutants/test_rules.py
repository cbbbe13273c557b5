"""Tests of what is said of the simulation's rules. None of them runs cargo."""

from __future__ import annotations

import unittest

from . import checks, model, rules
from .rules import Noticed

OUTPUT = """\
rules broken                 5
I5 a second POST: 3 times, first by seed 12
I10 pending for ever: 1 times, first by seed 3
R8 a plan nobody chose: 1 times, first by seed 3
I5 another: 1 times, first by seed 4
"""


def noticed(key: str, *broken: str) -> Noticed:
    change = f"replace < with <= in {key}"
    mutant = model.Mutant("billing", "a.rs", 1, 1, change, "", (1, 2), f"a.rs: {change}")
    return Noticed(mutant, frozenset(broken))


class Rules(unittest.TestCase):
    def test_each_rule_that_is_broken_is_named_once_in_the_order_of_numbers(self) -> None:
        self.assertEqual(rules.broken_in(OUTPUT), ["I5", "I10", "R8"])
        self.assertEqual(rules.broken_in("rules broken                 0\n"), [])

    def test_the_simulation_names_its_rules(self) -> None:
        named = rules.all_rules()
        self.assertLessEqual({"I1", "I5", "I18", "I31", "R8"}, set(named))
        self.assertEqual(named, sorted(named, key=lambda rule: (rule[0], int(rule[1:]))))

    def test_alone_is_what_no_other_rule_notices(self) -> None:
        found = rules.figures(["I1", "I2", "I3"], [noticed("f", "I1"), noticed("f", "I1"), noticed("g", "I1", "I2")])
        self.assertEqual([(each["mutants"], each["alone"]) for each in found.values()], [(3, 2), (1, 0), (0, 0)])
        self.assertEqual(found["I1"]["such_as"], ["a.rs: replace < with <= in f"])

    def test_it_is_the_check_of_seeds_with_fewer_of_them(self) -> None:
        self.assertEqual(rules.CHECK.build, checks.SEEDED.build)
        self.assertEqual(rules.CHECK.run, tuple(str(rules.SEEDS) if word == str(checks.SEEDS) else word for word in checks.SEEDED.run))


if __name__ == "__main__":
    unittest.main()
