"""Tests of the copy with the planted bugs. `./dev check` runs them; none of them runs cargo."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tempfile
import unittest
from pathlib import Path

from . import zoo
from .console import Failure
from .settings import ROOT

SOURCE = """fn paid(asked: u64, told: u64) -> bool {
    asked == told
}

fn sent(posts: u32) -> u32 {
    let waits = posts.min(4);
    waits + 1
}
"""
LIB = "pub mod money;\n"
SWITCHES = """/// A mistake.
pub enum Bug {
    /// Nobody compares
    /// what was paid.
    AmountUnchecked,
    /// It is sent at once.
    SentAtOnce,
}
"""
AMOUNT = "crate::planted::has(crate::planted::Bug::AmountUnchecked)"
ONCE = "crate::planted::has(crate::planted::Bug::SentAtOnce)"


class Repository(unittest.TestCase):
    """A repository with two bugs that have switches, and one that has its patch."""

    def setUp(self) -> None:
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.root = Path(made.name) / "repository"
        self.zoo = self.root / "tests" / "zoo"
        self.edited = Path(made.name) / "edit"
        self.money = self.root / "shared" / "billing" / "src" / "money.rs"
        self.write(self.money, SOURCE)
        self.write(self.money.with_name("lib.rs"), LIB)
        self.write(self.zoo / "switches" / "billing" / "planted.rs", SWITCHES)
        self.write(self.zoo / "overlay" / "tests" / "edge" / "src" / "switches.rs", "// laid over\n")
        declared = zoo._hunks("shared/billing/src/lib.rs", LIB, LIB + "pub mod planted;\n", 1)
        self.write(self.zoo / "00-switches.patch", f"mistake: none\n\ndiff --git a/shared/billing/src/lib.rs b/shared/billing/src/lib.rs\n{declared}")
        self.planted = SOURCE.replace("asked == told", f"asked == told || {AMOUNT}")
        self.write(self.zoo / "billing-amount-unchecked.patch", self.patch(SOURCE, self.planted))
        for command in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", *command], cwd=self.root, check=True)

    @staticmethod
    def write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @staticmethod
    def patch(old: str, new: str) -> str:
        path = "shared/billing/src/money.rs"
        header = "mistake: Nobody compares.\nseen: no. 10\nrules: I3 I10\n"
        return f"{header}\ndiff --git a/{path} b/{path}\n{zoo._hunks(path, old, new, 3)}"

    def composed(self) -> dict[str, str]:
        return {path: content.decode() for path, content in zoo.composed(root=self.root, zoo=self.zoo).items()}

    def troubles(self) -> list[str]:
        return zoo.troubles(self.root, self.zoo)

    def edit(self, name: str) -> Path:
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
            zoo.edit(name, self.root, self.zoo, self.edited)
        return Path(said.getvalue().splitlines()[-1]) / "shared" / "billing" / "src" / "money.rs"

    def save(self, name: str) -> int:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return zoo.save(name, self.root, self.zoo, self.edited)


class Copy(Repository):
    def test_the_copy_has_every_bug_its_switches_and_what_is_laid_over(self) -> None:
        files = self.composed()
        self.assertEqual(files["shared/billing/src/money.rs"], self.planted)
        self.assertEqual(files["shared/billing/src/lib.rs"], LIB + "pub mod planted;\n")
        self.assertEqual(files["shared/billing/src/planted.rs"], SWITCHES)
        self.assertEqual(files["tests/edge/src/switches.rs"], "// laid over\n")

    def test_the_sources_stay_as_they_are(self) -> None:
        self.composed()
        self.assertEqual(self.money.read_text(encoding="utf-8"), SOURCE)

    def test_what_is_alike_keeps_its_time(self) -> None:
        tree = self.edited / "tree"
        for _ in range(2):
            zoo.copies.synchronised(self.root, tree, zoo.composed(root=self.root, zoo=self.zoo))
        copy = tree / "shared" / "billing" / "src" / "money.rs"
        before = copy.stat().st_mtime_ns
        zoo.copies.synchronised(self.root, tree, zoo.composed(root=self.root, zoo=self.zoo))
        self.assertEqual((copy.read_text(encoding="utf-8"), copy.stat().st_mtime_ns), (self.planted, before))
        self.assertTrue((tree / "shared" / "billing" / "src" / "planted.rs").is_file())

    def test_a_patch_that_no_longer_applies_ends_it(self) -> None:
        self.write(self.money, SOURCE.replace("asked == told", "told >= asked"))
        with self.assertRaises(Failure) as caught:
            self.composed()
        self.assertIn("billing-amount-unchecked", str(caught.exception))


class Check(Repository):
    def test_a_bug_without_a_patch_is_named(self) -> None:
        [trouble] = self.troubles()
        self.assertIn("billing-sent-at-once", trouble)

    def test_a_patch_that_no_longer_applies_is_named_with_what_to_do(self) -> None:
        self.write(self.money, SOURCE.replace("asked == told", "told >= asked"))
        found = "\n".join(self.troubles())
        self.assertIn("./dev zoo --edit billing-amount-unchecked", found)
        self.assertIn("./dev zoo --save billing-amount-unchecked", found)

    def test_a_patch_asks_for_its_own_bug_and_says_what_it_is(self) -> None:
        patch = self.zoo / "billing-amount-unchecked.patch"
        text = patch.read_text(encoding="utf-8")
        self.write(patch, text.replace("Bug::AmountUnchecked", "Bug::SentAtOnce").replace("rules: ", "found by: "))
        found = "\n".join(self.troubles())
        self.assertIn("asks for SentAtOnce", found)
        self.assertIn("rules: …", found)


class Edit(Repository):
    def test_a_new_bug_is_made_in_a_copy_and_saved_with_its_words(self) -> None:
        copy = self.edit("billing-sent-at-once")
        self.assertEqual(copy.read_text(encoding="utf-8"), self.planted, "those before it are in the copy")
        self.write(copy, self.planted.replace("posts.min(4)", f"if {ONCE} {{ 0 }} else {{ posts.min(4) }}"))
        self.assertEqual(self.save("billing-sent-at-once"), 0)
        saved = next(patch for patch in zoo.patches(self.zoo) if patch.name == "billing-sent-at-once")
        self.assertEqual(saved.header, {"mistake": "It is sent at once."})
        self.assertEqual(saved.bugs, {"SentAtOnce"})
        self.assertIn("{ 0 }", self.composed()["shared/billing/src/money.rs"])

    def test_a_bug_in_another_bugs_line_names_it(self) -> None:
        copy = self.edit("SentAtOnce")
        self.write(copy, self.planted.replace(AMOUNT, f"{AMOUNT} || {ONCE}"))
        self.assertEqual(self.save("billing-sent-at-once"), 0)
        saved = next(patch for patch in zoo.patches(self.zoo) if patch.name == "billing-sent-at-once")
        self.assertEqual(saved.after, ["billing-amount-unchecked"])

    def test_what_was_known_of_a_bug_stays_when_it_is_saved_again(self) -> None:
        changed = SOURCE.replace("asked == told", "told == asked")
        self.write(self.money, changed)
        copy = self.edit("billing-amount-unchecked")
        self.write(copy, changed.replace("told == asked", f"told == asked || {AMOUNT}"))
        self.assertEqual(self.save("billing-amount-unchecked"), 0)
        saved = next(patch for patch in zoo.patches(self.zoo) if patch.name == "billing-amount-unchecked")
        self.assertEqual(saved.header, {"mistake": "Nobody compares.", "seen": "no. 10", "rules": "I3 I10"})
        self.assertIn(f"told == asked || {AMOUNT}", self.composed()["shared/billing/src/money.rs"])

    def test_nothing_is_saved_of_a_bug_that_nobody_changed(self) -> None:
        self.edit("billing-sent-at-once")
        with self.assertRaises(Failure):
            self.save("billing-sent-at-once")

    def test_a_bug_needs_a_switch(self) -> None:
        with self.assertRaises(Failure):
            self.edit("billing-nothing")


class Names(unittest.TestCase):
    def test_a_patch_is_named_after_its_bug(self) -> None:
        self.assertEqual(zoo.bug_of("billing-imp-uid-not-bound"), ("billing", "ImpUidNotBound"))
        for name in zoo.mistakes():
            crate, bug = zoo.bug_of(name)
            self.assertIn(f"    {bug},", (zoo.ZOO / "switches" / crate / "planted.rs").read_text(encoding="utf-8"))

    def test_every_hunt_is_a_test_that_exists(self) -> None:
        programs = (
            ROOT / "tests" / "simulation" / "tests" / "it" / "planted.rs",
            zoo.ZOO / "overlay" / "tests" / "edge" / "tests" / "zoo.rs",
        )
        for program, (_, names) in zip(programs, zoo.HUNTS, strict=True):
            text = program.read_text(encoding="utf-8")
            for name in names:
                self.assertIn(f"fn {name.rpartition('::')[2]}()", text)

    def test_filters_choose_hunts_by_a_part_of_their_name(self) -> None:
        names = ("planted::every_planted_bug_is_found", "planted::every_number")
        self.assertEqual(zoo.selected(names, []), list(names))
        self.assertEqual(zoo.selected(names, ["number", "money"]), ["planted::every_number"])
        self.assertEqual(zoo.selected(names, ["money"]), [])

    def test_every_bug_of_this_repository_can_be_planted(self) -> None:
        self.assertEqual(zoo.troubles(), [])


if __name__ == "__main__":
    unittest.main()
