"""Tests of what decides in `./dev mutants`. `./dev check` runs them; none of them runs cargo."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from ..console import Failure
from ..settings import ROOT
from . import checks, command, model, report, tree
from .model import BROKEN, CAUGHT, MISSED, TIMEOUT, UNVIABLE, Mutant, Record

MONEY = "shared/billing/src/money.rs"
SOURCE = "fn f(a: u8) -> bool {\n    let 원 = a; 원 < 3 && a < 9\n}\n"


def entry(line: int, columns: tuple[int, int], change: str, path: str = MONEY, replacement: str = "<=") -> dict:
    """An entry of cargo-mutants' list."""
    start, end = ({"line": line, "column": column} for column in columns)
    return {
        "package": "billing",
        "file": path,
        "name": f"{path}:{line}:{columns[0]}: {change}",
        "replacement": replacement,
        "span": {"start": start, "end": end},
    }


def mutant(change: str, path: str = MONEY, line: int = 1) -> Mutant:
    return model.listed([entry(line, (1, 2), change, path)])[0]


class Mutants(unittest.TestCase):
    def test_the_same_change_twice_in_a_function_is_two_and_lines_do_not_name_them(self) -> None:
        change = "replace < with <= in f"
        found = model.listed([entry(2, (29, 30), change), entry(2, (18, 19), change)])
        self.assertEqual([each.key for each in found], [f"{MONEY}: {change}", f"{MONEY}: {change} #2"])
        self.assertEqual([each.place for each in found], [f"{MONEY}:2:18", f"{MONEY}:2:29"])
        later = model.listed([entry(7, (29, 30), change), entry(7, (18, 19), change)])
        self.assertEqual([each.key for each in later], [each.key for each in found])

    def test_a_mutant_replaces_what_its_place_says_counted_in_characters(self) -> None:
        found = model.listed([entry(2, (18, 19), "one"), entry(2, (27, 28), "other")])
        self.assertIn("원 <= /* mutant */ 3 && a < 9", found[0].applied(SOURCE))
        self.assertIn("원 < 3 && a <= /* mutant */ 9", found[1].applied(SOURCE))
        span = {"start": {"line": 1, "column": 21}, "end": {"line": 3, "column": 2}}
        lines = model.listed([{**entry(1, (21, 2), "body", replacement="{ true }"), "span": span}])
        self.assertEqual(lines[0].applied(SOURCE), "fn f(a: u8) -> bool { true } /* mutant */\n")

    def test_what_is_applied_is_undone_whatever_happens(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "f.rs"
            path.write_text(SOURCE, encoding="utf-8")
            with self.assertRaises(KeyboardInterrupt), tree.applied(
                model.listed([entry(2, (18, 19), "one", "f.rs")])[0], Path(folder)
            ):
                self.assertNotEqual(path.read_text(encoding="utf-8"), SOURCE)
                raise KeyboardInterrupt
            self.assertEqual(path.read_text(encoding="utf-8"), SOURCE)


class WhatIsKnown(unittest.TestCase):
    def test_a_catch_lasts_as_long_as_the_file_and_a_miss_as_long_as_everything(self) -> None:
        for result, other_tree, other_file in (
            (CAUGHT, True, False),
            (UNVIABLE, True, False),
            (MISSED, False, False),
            (TIMEOUT, False, False),
            (BROKEN, False, False),
            (None, False, False),
        ):
            with self.subTest(result):
                record = Record("file", "tree", result=result)
                self.assertTrue(record.holds("file", "tree"))
                self.assertEqual(record.holds("file", "other tree"), other_tree)
                self.assertEqual(record.holds("other file", "other tree"), other_file)

    def test_unit_tests_at_the_end_of_a_file_are_not_the_file(self) -> None:
        product = "fn f() {}\n"
        tests = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {\n    }\n}\n"
        self.assertEqual(model.without_tests(product + tests), product)
        for whole in (product, f"{product}{tests}fn g() {{}}\n", f"{product}\n#[cfg(test)]\nfn only() {{}}\n"):
            self.assertEqual(model.without_tests(whole), whole)

    def test_a_run_goes_on_with_what_an_earlier_one_wrote_down(self) -> None:
        one, two, three = (mutant(change) for change in ("one", "two", "three"))
        records = {
            one.key: Record("file", "old", {"unit": 1.5}, CAUGHT, "it", ["charge::a"], 9.0),
            two.key: Record("file", "old", result=MISSED),
            "shared/store/src/other.rs: x": Record("file", "old", result=CAUGHT),
        }
        read = model.records_of(json.loads(json.dumps(model.saved(records))))
        self.assertEqual(read, records)
        known = model.still_known([one, two, three], read, {MONEY: "file"}, "new")
        self.assertEqual(known, {one.key: records[one.key]})

    def test_the_digest_of_all_does_not_care_for_documents_but_for_the_rest(self) -> None:
        before = {"a.rs": "1", "b.md": "2"}
        self.assertEqual(tree.digest_of_all(before), tree.digest_of_all({**before, "b.md": "3"}))
        self.assertNotEqual(tree.digest_of_all(before), tree.digest_of_all({**before, "a.rs": "3"}))
        self.assertNotEqual(tree.digest_of_all(before), tree.digest_of_all({**before, "template.yaml": "3"}))


class ChoiceOfChecks(unittest.TestCase):
    def names(self, package: str, path: str) -> list[str]:
        source = (ROOT / "tests/edge/src/main.rs").read_text(encoding="utf-8")
        asked = checks.checks_of(package, path, lambda folder: (ROOT / folder).is_dir(), lambda path: path in source)
        return [check.name for check in asked]

    def test_the_cheapest_comes_first_and_each_crate_has_its_own(self) -> None:
        simulated = ["unit", "it", "crash points", "seeds"]
        self.assertEqual(self.names("billing", MONEY), [*simulated, "contract"])
        self.assertEqual(self.names("store", "shared/store/src/memory.rs"), simulated)
        self.assertEqual(
            self.names("store", "shared/store/src/dynamo/rows.rs"), ["unit", "it", "seeds over the SDK", "edge"]
        )
        self.assertEqual(self.names("iamport", "shared/iamport/src/token.rs"), ["unit", "it", "static", "edge"])
        self.assertEqual(self.names("runtime", "shared/runtime/src/http.rs"), ["unit", "static", "edge"])
        self.assertEqual(self.names("charge", "functions/charge/src/handler.rs"), ["build", "static", "edge"])
        self.assertEqual(self.names("refund", "functions/refund/src/main.rs"), ["build", "static"])

    def test_every_crate_that_is_deployed_has_checks_that_compile_it_first(self) -> None:
        for manifest in [*ROOT.glob("functions/*/Cargo.toml"), *ROOT.glob("shared/*/Cargo.toml")]:
            folder = manifest.parent.relative_to(ROOT)
            package = folder.name
            first = checks.checks_of(package, f"{folder}/src/lib.rs", lambda _: True, lambda _: True)[0]
            self.assertIn(first.build[0], ("test", "build"), folder)
            self.assertEqual(first.build[1:3], ("-p", package), folder)
            self.assertIn("--no-run" if first.build[0] == "test" else "--bins", first.build)
            self.assertIn(f'name = "{package}"', manifest.read_text(encoding="utf-8"))

    def test_each_check_has_a_column(self) -> None:
        for check in (each for each in vars(checks).values() if isinstance(each, checks.Check)):
            self.assertIn(check.name, command.ORDER)


class Verdicts(unittest.TestCase):
    COMPILER = f"error[E0308]: mismatched types\n   --> {MONEY}:2:5\n"

    def test_a_mutant_that_does_not_compile_is_blamed_on_its_own_file(self) -> None:
        self.assertIsNone(checks.after_build(0, "warning: unused", MONEY))
        self.assertEqual(checks.after_build(101, self.COMPILER, MONEY), UNVIABLE)
        self.assertEqual(checks.after_build(101, self.COMPILER, "shared/billing/src/day.rs"), BROKEN)
        self.assertEqual(checks.after_build(101, "error: could not write: No space left on device", MONEY), BROKEN)
        self.assertEqual(checks.after_build(None, "", MONEY), TIMEOUT)

    def test_what_does_not_end_is_no_catch_unless_a_test_had_failed_before(self) -> None:
        self.assertIsNone(checks.after_run(0, "test a ... ok"))
        self.assertEqual(checks.after_run(101, "test a ... FAILED"), CAUGHT)
        self.assertEqual(checks.after_run(None, "test a ... ok\n"), TIMEOUT)
        self.assertEqual(checks.after_run(None, "test a ... ok\ntest b ... FAILED\n"), CAUGHT)
        # A run that was killed (no memory, no stack) did not pass.
        self.assertEqual(checks.after_run(-6, ""), CAUGHT)

    def test_tests_and_rules_are_named(self) -> None:
        tests = "running 3 tests\ntest x::a ... ok\ntest x::b ... FAILED\ntest c - should panic ... FAILED\n"
        self.assertEqual(checks.noticed_by(tests), ["x::b", "c"])
        rules = (
            "seeds 2000\nI5 order … was paid twice: 3 times, first by seed 12\n"
            "charge declined: I12 order1: moved from paid to failed: 2 times, first with [(3, LostReply)]\n"
            "I5 something else: 1 times, first by seed 14\ntried too little: 7 times\n"
        )
        self.assertEqual(checks.noticed_by(rules), ["I5", "I12"])


class Reports(unittest.TestCase):
    def setUp(self) -> None:
        results = ((CAUGHT, "unit"), (CAUGHT, "seeds"), (UNVIABLE, "unit"), (MISSED, None), (TIMEOUT, "it"))
        self.mutants = [mutant(f"change {place}", line=place) for place in range(1, 7)]
        self.records = {
            each.key: Record("f", "t", result=result, by=by, seconds=2.0)
            for each, (result, by) in zip(self.mutants, results)
        }

    def test_a_timeout_is_not_caught_and_what_was_not_reached_is_open(self) -> None:
        counted = report.figures(self.mutants, self.records)
        self.assertEqual((counted["mutants"], counted["viable"]), (6, 5))
        self.assertEqual(counted["caught"], {"unit": 1, "seeds": 1})
        self.assertEqual((counted["missed"], counted["timeout"], counted["open"]), (1, 1, 1))
        self.assertEqual(counted["seconds"], 10)

    def test_the_table_has_the_checks_in_order_and_a_sum(self) -> None:
        modules = {path: report.figures(self.mutants, self.records) for path in ("a.rs", "b.rs")}
        rows = report.table(modules, {"a.rs": 1}, command.ORDER)
        self.assertEqual(
            rows[0],
            ["module", "mutants", "viable", "unit", "seeds", "missed", "no fault", "unclear", "open", "seconds"],
        )
        self.assertEqual(rows[1], ["a.rs", "6", "5", "1", "1", "0", "1", "1", "1", "10"])
        self.assertEqual(rows[3], ["all", "12", "10", "2", "2", "1", "1", "2", "2", "20"])
        lines = report.aligned(rows)
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_machines_are_told_all(self) -> None:
        told = report.for_machines(self.mutants, self.records, {self.mutants[3].key: "a log's wording"}, "t")
        results = [each["result"] for each in told["mutants"]]
        self.assertEqual(results, [CAUGHT, CAUGHT, UNVIABLE, MISSED, TIMEOUT, report.OPEN])
        self.assertEqual(told["mutants"][3]["no_fault"], "a log's wording")
        self.assertEqual(told["mutants"][1]["line"], 2)

    def test_reasons_stay_with_their_mutants_and_go_with_them(self) -> None:
        done = self.mutants[:5]
        book = {
            "modules": {
                MONEY: {"survivors": {"change 4": "equal", "change 2": "caught by now", "gone": "x"}},
                "shared/z.rs": {"survivors": {"other": "stays"}},
            }
        }
        new, left_out = report.merged(book, done, self.records)
        self.assertEqual(left_out, [])
        self.assertEqual(new["modules"][MONEY]["survivors"], {"change 4": "equal", "change 5": ""})
        self.assertEqual(
            report.reasons_of(new), {f"{MONEY}: change 4": "equal", "shared/z.rs: other": "stays"}
        )
        # A file that was not asked to its end keeps the figures that it had.
        same, left_out = report.merged(book, self.mutants, self.records)
        self.assertEqual((same["modules"], left_out), (book["modules"], [MONEY]))

    def test_the_document_lists_survivors_with_their_reasons(self) -> None:
        book, _ = report.merged({}, self.mutants[:5], self.records)
        book["modules"][MONEY]["survivors"]["change 4"] = "equal"
        text = report.document(book, command.ORDER)
        self.assertIn(f"| `{MONEY}` | `change 4` | equal |", text)
        self.assertIn(f"| `{MONEY}` | `change 5` | **open** |", text)
        self.assertIn(f"| `{MONEY}` | 5 | 4 | 1 | 1 | 0 | 1 | 1 | 0 | 10 |", text)

    def test_the_document_is_what_the_book_says(self) -> None:
        book = json.loads(command.BOOK.read_text(encoding="utf-8"))
        self.assertEqual(command.DOCUMENT.read_text(encoding="utf-8"), report.document(book, command.ORDER))


class Running(unittest.TestCase):
    """The order of things, with cargo played."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / MONEY).parent.mkdir(parents=True)
        (self.folder / MONEY).write_text("<\n<\n<\n", encoding="utf-8")
        (self.folder / "shared/billing/tests/it").mkdir(parents=True)
        self.mutants = [mutant(f"change {place}", line=place) for place in range(1, 4)]
        self.asked: list[str] = []
        real = tree.applied
        for target, name, value in (
            (command, "OUTCOMES", self.folder / "outcomes.json"),
            (tree, "TREE", self.folder),
            (tree, "cargo", self.cargo),
            (tree, "applied", lambda each: real(each, self.folder)),
            (command, "say", lambda *_: None),
            (command, "step", lambda *_: None),
        ):
            patch = mock.patch.object(target, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def cargo(self, arguments: tuple[str, ...], seconds: float, *, limited: bool, log: str) -> tree.Ended:
        """Unit tests notice the first, seeds the second, nothing the third."""
        source = (self.folder / MONEY).read_text(encoding="utf-8").splitlines()
        changed = next((place for place, line in enumerate(source, 1) if line != "<"), 0)
        self.asked.append(f"{changed} {arguments[-1]}")
        if changed == 1 and "--lib" in arguments and "--no-run" not in arguments:
            return tree.Ended(101, "test a ... FAILED\n", 1.0)
        if changed == 2 and "--seeds" in arguments:
            return tree.Ended(1, "I5 x: 1 times, first by seed 3\n", 1.0)
        if changed == self.stop_at:
            raise KeyboardInterrupt
        return tree.Ended(0, "", 1.0)

    stop_at = -1

    def run_of(self, whole: str = "tree", deadline: float | None = None) -> command._Run:
        return command._Run(self.mutants, whole, deadline)

    def results(self, run: command._Run) -> list[tuple[str | None, str | None]]:
        return [(run.records[each.key].result, run.records[each.key].by) for each in self.mutants]

    def test_the_first_check_that_notices_ends_it(self) -> None:
        run = self.run_of()
        run.go()
        self.assertEqual(self.results(run), [(CAUGHT, "unit"), (CAUGHT, "seeds"), (MISSED, None)])
        self.assertEqual(run.records[self.mutants[1].key].tests, ["I5"])
        self.assertEqual(list(run.records[self.mutants[2].key].passed), ["unit", "it", "crash points", "seeds", "contract"])
        self.assertEqual((self.folder / MONEY).read_text(encoding="utf-8"), "<\n<\n<\n")

    def test_each_check_has_passed_without_a_mutant_before_it_says_anything(self) -> None:
        def failing(*_: object, **__: object) -> tree.Ended:
            return tree.Ended(101, "error: it does not work at all\n", 1.0)

        with mock.patch.object(tree, "cargo", failing), self.assertRaisesRegex(Failure, "fails without any mutant"):
            self.run_of().go()

    def test_an_interrupted_run_goes_on_at_the_check_where_it_ended(self) -> None:
        self.stop_at = 3
        with self.assertRaises(KeyboardInterrupt):
            self.run_of().go()
        self.stop_at, self.asked = -1, []
        run = self.run_of()
        run.go()
        self.assertEqual(self.results(run), [(CAUGHT, "unit"), (CAUGHT, "seeds"), (MISSED, None)])
        self.assertEqual({each[0] for each in self.asked}, {"0", "3"}, self.asked)
        # Another test was written: what was missed is asked again, what was caught is not.
        self.asked = []
        self.run_of("another tree").go()
        self.assertEqual({each[0] for each in self.asked}, {"0", "3"})

    def test_what_is_to_be_asked_again_stays_to_be_asked_if_the_run_is_interrupted(self) -> None:
        self.run_of().go()
        run = self.run_of()
        run.forget()
        self.stop_at = 2
        with self.assertRaises(KeyboardInterrupt):
            run.go()
        again = self.run_of()
        results = [report.result_of(each, again.records) for each in self.mutants]
        self.assertEqual(results, [CAUGHT, report.OPEN, report.OPEN])

    def test_nothing_is_asked_when_the_time_is_up(self) -> None:
        run = self.run_of(deadline=time.monotonic() - 1)
        run.go()
        self.assertEqual(self.asked, [])
        self.assertEqual([report.result_of(each, run.records) for each in self.mutants], [report.OPEN] * 3)


class CommandLine(unittest.TestCase):
    def test_paths_are_of_what_is_deployed(self) -> None:
        self.assertEqual(command.glob_of(str(ROOT / MONEY)), MONEY)
        self.assertEqual(command.glob_of(str(ROOT / "shared/store")), "shared/store/**/*.rs")
        for wrong in ("tests/sandbox", "shared/billing/src/absent.rs", "/tmp", "."):
            with self.subTest(wrong), self.assertRaises(Failure) as caught:
                command.glob_of(str(ROOT / wrong))
            self.assertEqual(caught.exception.status, 2)

    def test_the_last_revision_is_a_release_s_tag_or_the_commit_before_or_none(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)

            def git(*arguments: str) -> str:
                asked = ["git", "-c", "user.name=n", "-c", "user.email=e@localhost", *arguments]
                return subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True).stdout.strip()

            git("init", "--quiet")
            git("commit", "--quiet", "--allow-empty", "--message=one")
            self.assertIsNone(command.last(root))
            first = git("rev-parse", "--short", "HEAD")
            git("commit", "--quiet", "--allow-empty", "--message=two")
            git("tag", "nightly")
            self.assertEqual(command.last(root), first)
            git("tag", "v1.2.0")
            git("commit", "--quiet", "--allow-empty", "--message=three")
            self.assertEqual(command.last(root), "v1.2.0")


if __name__ == "__main__":
    unittest.main()
