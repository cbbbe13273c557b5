"""Tests of what decides where many mutants are in one build. None of them runs cargo."""

from __future__ import annotations

import unittest

from . import model, switched
from .switched import Region

SOURCE = "shared/billing/src/money.rs"


def error(message: str, *places: tuple[str, int, bool], children: tuple[tuple[str, int], ...] = ()) -> dict:
    """An error of the compiler at these places: file, byte, and whether it is a primary one."""
    spans = [{"file_name": path, "byte_start": at, "is_primary": primary} for path, at, primary in places]
    notes = [{"spans": [{"file_name": path, "byte_start": at, "is_primary": True}]} for path, at in children]
    return {"message": message, "spans": spans, "children": notes}


def mutant(change: str, genre: str) -> model.Mutant:
    return model.Mutant("billing", SOURCE, 1, 1, change, "", (1, 2), "key", genre=genre)


class Blame(unittest.TestCase):
    regions = [(1, Region(SOURCE, 10, 50)), (2, Region(SOURCE, 20, 30)), (3, Region(SOURCE, 20, 30))]

    def test_an_error_is_laid_to_the_inmost_mutants_around_it(self) -> None:
        self.assertEqual(switched.blamed_by(error("mismatched types", (SOURCE, 25, True)), self.regions), {2, 3})
        self.assertEqual(switched.blamed_by(error("mismatched types", (SOURCE, 35, True)), self.regions), {1})

    def test_an_error_in_another_place_is_laid_to_nobody(self) -> None:
        for path, at in ((SOURCE, 50), (SOURCE, 9), ("shared/billing/src/day.rs", 25)):
            self.assertEqual(switched.blamed_by(error("mismatched types", (path, at, True)), self.regions), set())

    def test_where_the_place_itself_is_nobodys_what_it_points_at_is_asked(self) -> None:
        at_the_call = error("mismatched types", (SOURCE, 99, True), (SOURCE, 12, False))
        self.assertEqual(switched.blamed_by(at_the_call, self.regions), {1})
        noted = error("mismatched types", (SOURCE, 99, True), children=((SOURCE, 22),))
        self.assertEqual(switched.blamed_by(noted, self.regions), {2, 3})


class Words(unittest.TestCase):
    def test_functions_that_are_called_where_a_constant_is_made_stay_constant(self) -> None:
        said = {
            "cannot call non-const associated function `money::Money::krw` in constants": ["krw"],
            "cannot call non-const function `wait` in constant functions": ["wait"],
            "cannot call non-const method `text::Text::<'_>::pg` in statics": ["pg"],
            "mismatched types": [],
        }
        for message, names in said.items():
            self.assertEqual(switched.wanted_constant({"message": message}), names, message)

    def test_only_a_value_of_another_type_would_not_compile_alone_either(self) -> None:
        self.assertTrue(switched.is_unviable(mutant("replace f -> u8 with None", "FnValue")))
        self.assertFalse(switched.is_unviable(mutant("replace f -> impl Iterator with empty()", "FnValue")))
        self.assertFalse(switched.is_unviable(mutant("delete match arm A in f", "MatchArm")))
