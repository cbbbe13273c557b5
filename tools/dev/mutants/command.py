"""`./dev mutants`: which mutants there are, which are asked, and what is said in the end."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .. import install
from ..console import Failure, say, step
from ..processes import shown
from ..settings import ROOT, base_environment
from . import checks, model, report, rules, switched, template, tree
from .checks import Check
from .model import CAUGHT, MISSED, TIMEOUT, UNVIABLE, Mutant, Record, listed, records_of, saved, still_known

MUTATED = ("functions", "shared")
# Whatever is mutated when nobody says what.
WHOLE = (*MUTATED, template.PATH)
BOOK = ROOT / "docs" / "mutants.json"
DOCUMENT = ROOT / "docs" / "mutants.md"
OUTCOMES = tree.STATE / "outcomes.json"
REPORT = tree.STATE / "report.json"
RULES = tree.STATE / "rules.json"
CHANGE = tree.STATE / "change.diff"
# The revision before what is about to be merged, when it has no name.
LAST = "last"
# The order of the columns.
_SHARED = (checks.CRASH, checks.SEEDED, checks.CONTRACT, checks.SDK, checks.STATIC, checks.EDGE)
ORDER = (*checks.OWN, *(check.name for check in _SHARED))

# A build that takes longer is no build; a run, five times as long as without the mutant.
BUILD_SECONDS = 900.0
FIRST_SECONDS = 1_800.0
RUN_FACTOR = 5.0
RUN_SECONDS_AT_LEAST = 20.0
# With less time than this nothing is built with many mutants.
SWITCHED_SECONDS = 180.0
# A test that fails because of a mutant usually takes others with it; the first ones say enough.
TESTS_KEPT = 8


class _Verdict(NamedTuple):
    """What a check made of a mutant: its result, if that is one; what it printed, and how long it took, in seconds."""

    result: str | None
    output: str
    seconds: float


class _TimeIsUp(Exception):
    """The minutes that were asked for are over."""


def mutants(
    paths: Sequence[str], since: str | None, minutes: int | None, *, only_list: bool, again: bool, own: bool, by_rule: bool, write: bool
) -> int:
    """The command; fails where something is not noticed and nobody has said why."""
    deadline = time.monotonic() + minutes * 60 if minutes is not None else None
    install.require_rust()
    if since == LAST:
        since = last()
        if since is None:
            step("nothing to do: no release and no commit before this one is in this clone")
            return 0
        step(f"what changed since {since}")
    globs = [glob_of(path) for path in paths] or [f"{folder}/**/*.rs" for folder in MUTATED] + [template.PATH]
    sources = [glob for glob in globs if glob != template.PATH]
    program = install.cargo_mutants() if sources else None
    with tree.alone():
        whole = tree.digest_of_all(tree.synchronised())
        chosen = _listed(program, sources, since) if program else []
        if template.PATH in globs:
            chosen += _of_template(since)
        if not chosen:
            step("nothing to do: no mutant there" + (" in what changed" if since else ""))
            return 0
        book = _read(BOOK)
        run = _Run(chosen, whole, deadline, own=own)
        if again and not only_list:
            run.forget()
        if not only_list:
            tree.warmed(install.target_directory())
        if by_rule:
            told = run.rules()
            if write:
                _written({**book, "rules": told})
            return 0
        if not only_list:
            run.go()
        reasons = report.reasons_of(book)
        failed = _told(run, reasons, whole)
        if write:
            _write(book, run)
        return int(failed and not only_list)


def last(root: Path = ROOT) -> str | None:
    """The tag of the last release (`v1.2.3`), or the commit before the present one; nothing, if the clone has neither."""
    for command in (("describe", "--tags", "--match", "v[0-9]*", "--abbrev=0"), ("rev-parse", "--short", "--verify", "HEAD^")):
        found = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    return None


def _product(path: str) -> str:
    source = (tree.TREE / path).read_text(encoding="utf-8")
    return model.digest(model.without_words(model.without_tests(source)).encode())


def glob_of(path: str, root: Path = ROOT) -> str:
    """A file or folder that the user named, as cargo-mutants wants it."""
    absolute = Path(os.path.abspath(path))
    relative = absolute.relative_to(root) if absolute.is_relative_to(root) else None
    if relative is None or relative.parts[:1] not in [(each,) for each in WHOLE]:
        raise Failure(f"{path} is not in {' or '.join(WHOLE)}: only what is deployed is mutated", 2)
    if absolute.is_dir():
        return f"{relative}/**/*.rs"
    if not absolute.is_file():
        raise Failure(f"there is no {path}", 2)
    return str(relative)


def _listed(program: Path, globs: Sequence[str], since: str | None) -> list[Mutant]:
    command = [str(program), "mutants", "--list", "--json", "--no-config", "--dir", str(tree.TREE)]
    for glob in globs:
        command += ["--file", glob]
    if since is not None:
        change = _change(since)
        if not change.strip():
            return []
        CHANGE.write_text(change, encoding="utf-8")
        command += ["--in-diff", str(CHANGE)]
    answered = subprocess.run(
        command, cwd=tree.TREE, env=base_environment(), capture_output=True, text=True, check=False
    )
    if answered.returncode != 0:
        raise Failure(f"cargo-mutants cannot list: {install.last_line(answered.stderr)}")
    # Of a change without a mutant it says so in words.
    return listed(json.loads(answered.stdout)) if answered.stdout.strip().startswith("[") else []


def _of_template(since: str | None) -> list[Mutant]:
    found = template.mutants((tree.TREE / template.PATH).read_text(encoding="utf-8"))
    if since is None:
        return found
    lines = template.changed_lines(_diff(since, template.PATH, context=0))
    return [mutant for mutant in found if mutant.line in lines]


_DIFF = ("git", "diff", "--no-ext-diff", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")


def _diff(since: str, *paths: str, context: int = 3) -> str:
    command = [*_DIFF, f"--unified={context}", since, "--", *paths]
    changed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if changed.returncode != 0:
        raise Failure(f"git diff {since}: {install.last_line(changed.stderr)}", 2)
    return changed.stdout


def _change(since: str) -> str:
    """What changed since a revision, files that git does not know yet included."""
    changed = _diff(since, *MUTATED)
    new = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard", "--", *MUTATED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    added = [
        subprocess.run(
            [*_DIFF, "--no-index", "--", os.devnull, path], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout
        for path in filter(None, new.stdout.split("\0"))
        if path.endswith(".rs")
    ]
    return "".join([changed, *added])


class _Run:
    """The mutants of this run, and what is known of them."""

    def __init__(self, chosen: Sequence[Mutant], whole: str, deadline: float | None, *, own: bool = False):
        self.mutants = chosen
        self._products = {path: _product(path) for path in {mutant.path for mutant in chosen}}
        self._tree = whole
        self._deadline = deadline
        # Whether only the tests of the crate itself are asked: what they do not notice stays open.
        self._own = own
        before = _read(OUTCOMES)
        # Those of other files stay where they are.
        self._all = records_of(before.get("mutants", {}))
        self.records = still_known(chosen, self._all, self._products, whole)
        # How long a check takes without a mutant. Only the sources that it was measured with count.
        self._calm: dict[str, float] = before.get("calm", {}) if before.get("tree") == whole else {}
        # The programs of checks that are built once.
        self._programs: dict[str, str] = {}
        self._edge = (ROOT / "tests/edge/src/main.rs").read_text(encoding="utf-8")

    def forget(self) -> None:
        """Asks all of them anew, in the next run as well if this one does not get through."""
        for mutant in self.mutants:
            self._all.pop(mutant.key, None)
        self.records = {}
        self._save()

    def go(self) -> None:
        """Asks as many as there is time for."""
        left = [mutant for mutant in self.mutants if report.result_of(mutant, self.records) == report.OPEN]
        step(f"{len(self.mutants)} mutants, {len(self.mutants) - len(left)} of them known, {len(left)} to ask")
        try:
            self._ask_switched(left)
            left = [mutant for mutant in left if report.result_of(mutant, self.records) == report.OPEN]
            for place, mutant in enumerate(left, 1):
                self._ask(mutant, f"{place}/{len(left)}")
        except _TimeIsUp:
            step("the time is up")
        finally:
            self._save()

    def rules(self) -> dict[str, Any]:
        """Asks the simulation about all that are behind switches, and says which rules each breaks."""
        group = [mutant for mutant in self.mutants if mutant.package == rules.PACKAGE]
        known = _read(RULES)
        kept = {key: found["rules"] for key, found in known.items() if found["file"] == self._products.get(key.partition(": ")[0])}
        asked = [mutant for mutant in group if report.result_of(mutant, self.records) != UNVIABLE]
        outcome = switched.built(rules.PACKAGE, asked, [rules.CHECK])
        program = outcome.programs[rules.CHECK.name]
        calm = self._calm_switched(program, rules.CHECK)
        seconds = max(RUN_SECONDS_AT_LEAST, RUN_FACTOR * calm)
        chosen = [mutant for mutant in asked if mutant.key in outcome.numbers]
        try:
            for place, mutant in enumerate(chosen, 1):
                if mutant.key in kept:
                    continue
                number = outcome.numbers[mutant.key]
                ran = self._within(lambda left: switched.ask(program, number, left), seconds)
                kept[mutant.key] = rules.broken_in(ran.output)
                known[mutant.key] = {"file": self._products[mutant.path], "rules": kept[mutant.key]}
                say(f"{place}/{len(chosen)}  {', '.join(kept[mutant.key]) or '–'}: {mutant.place}: {mutant.change}")
        except _TimeIsUp:
            step("the time is up")
        finally:
            _write_whole(RULES, json.dumps(known, ensure_ascii=False, indent=1))
        noticed = [rules.Noticed(mutant, frozenset(kept[mutant.key])) for mutant in chosen if mutant.key in kept]
        told = {"asked": len(noticed), "rules": rules.figures(rules.all_rules(), noticed)}
        for line in rules.lines(told["asked"], told["rules"]):
            say(line)
        return told

    def _ask_switched(self, left: Sequence[Mutant]) -> None:
        """Asks those that can be behind a switch, crate by crate. What no program notices is left to what reads sources."""
        for package in switched.PACKAGES:
            group = [mutant for mutant in left if mutant.package == package]
            if len(group) < switched.AT_LEAST:
                continue
            if self._deadline is not None and self._deadline - time.monotonic() < SWITCHED_SECONDS:
                return
            asked = {mutant.key: [check for check in self._asked(mutant) if check.runs_code] for mutant in group}
            wanted = list(dict.fromkeys(check for some in asked.values() for check in some))
            outcome = switched.built(package, group, wanted)
            for mutant in outcome.unviable:
                record = self._record(mutant)
                record.result = UNVIABLE
            chosen = [mutant for mutant in group if mutant.key in outcome.numbers]
            calm = {check.name: self._calm_switched(outcome.programs[check.name], check) for check in wanted}
            for place, mutant in enumerate(chosen, 1):
                self._ask_programs(mutant, asked[mutant.key], outcome, calm, f"{place}/{len(chosen)}")

    def _ask_programs(
        self, mutant: Mutant, asked: Sequence[Check], outcome: switched.Outcome, calm: Mapping[str, float], place: str
    ) -> None:
        record, number = self._record(mutant), outcome.numbers[mutant.key]

        def verdict(check: Check) -> _Verdict:
            seconds = max(RUN_SECONDS_AT_LEAST, RUN_FACTOR * calm[check.name])
            program = outcome.programs[check.name]
            ran = self._within(lambda left: switched.ask(program, number, left), seconds)
            return _Verdict(checks.after_run(ran.status, ran.output), ran.output, ran.seconds)

        self._ask_each(record, asked, verdict)
        self._conclude(mutant, record, place)

    @staticmethod
    def _ask_each(record: Record, asked: Sequence[Check], verdict: Callable[[Check], _Verdict]) -> None:
        """Asks one check after another, those left out that are known to have noticed nothing, until one ends it."""
        for check in asked:
            if check.name in record.passed:
                continue
            record.result, output, took = verdict(check)
            record.seconds += took
            if record.result is not None:
                record.by = check.name
                record.tests = checks.noticed_by(output)[:TESTS_KEPT]
                break
            record.passed[check.name] = round(took, 1)

    def _calm_switched(self, program: switched.Program, check: Check) -> float:
        ran = switched.ask(program, 0, FIRST_SECONDS)
        if ran.status != 0:
            failed = ", ".join(checks.noticed_by(ran.output)) or install.last_line(ran.output)
            raise Failure(f"{check.name} fails without any mutant: {failed} (all of it: {shown(tree.LOGS)}/check.log)")
        return ran.seconds

    def _record(self, mutant: Mutant) -> Record:
        return self.records.setdefault(mutant.key, Record(self._products[mutant.path], self._tree))

    def _checks(self, mutant: Mutant) -> list[Check]:
        return checks.checks_of(
            mutant.package, mutant.path, lambda folder: (tree.TREE / folder).is_dir(), self._plays
        )

    def _asked(self, mutant: Mutant) -> list[Check]:
        return [check for check in self._checks(mutant) if not self._own or check.name in checks.OWN]

    def _conclude(self, mutant: Mutant, record: Record, place: str) -> None:
        if record.result is None and set(record.passed) >= {check.name for check in self._checks(mutant)}:
            record.result = MISSED
        self._say(mutant, record, place)

    def _ask(self, mutant: Mutant, place: str) -> None:
        record = self._record(mutant)

        def verdict(check: Check) -> _Verdict:
            calm = self._without_mutants(check, mutant.package)
            if check.program is not None:
                self._program(check)
            began = time.monotonic()
            with tree.applied(mutant):
                result, output = self._verdict(check, calm, mutant)
            return _Verdict(result, output, time.monotonic() - began)

        self._ask_each(record, self._asked(mutant), verdict)
        self._conclude(mutant, record, place)

    def _say(self, mutant: Mutant, record: Record, place: str) -> None:
        by = f" by {record.by} ({', '.join(record.tests[:1]) or 'it ended'})" if record.result == CAUGHT else ""
        result = record.result or "not noticed so far"
        say(f"{place}  {result}{by}: {mutant.place}: {mutant.change}  [{record.seconds:.0f} s]")
        self._save()

    def _verdict(self, check: Check, calm: float, mutant: Mutant) -> tuple[str | None, str]:
        seconds = max(RUN_SECONDS_AT_LEAST, RUN_FACTOR * calm)
        if check.program is not None:
            verdict, output = None, ""
            for asked in dict.fromkeys((mutant.likely, *check.program)):
                command = (self._program(check), asked)
                ran = self._within(lambda left: tree.run(command, left, limited=True, log="check.log"), seconds)
                verdict, output = checks.after_run(ran.status, ran.output), ran.output
                if verdict is not None:
                    break
            return verdict, output
        built = self._cargo(check.build, BUILD_SECONDS, limited=False)
        verdict = checks.after_build(built.status, built.output, mutant.path)
        if verdict is not None:
            return verdict, ""
        ran = self._cargo(check.run, seconds, limited=True)
        return checks.after_run(ran.status, ran.output), ran.output

    def _without_mutants(self, check: Check, package: str) -> float:
        """How long the check's run takes when nothing is wrong; it has to pass then."""
        name = f"{check.name} of {package}"
        if name not in self._calm:
            step(f"{name}, without a mutant")
            built = self._cargo(check.build, FIRST_SECONDS, limited=False)
            ran = self._cargo(check.run, FIRST_SECONDS, limited=True) if built.status == 0 else built
            if ran.status != 0:
                failed = ", ".join(checks.noticed_by(ran.output)) or install.last_line(ran.output)
                why = failed if ran.status is not None else "it does not end"
                raise Failure(f"{name} fails without any mutant: {why} (all of it: {shown(tree.LOGS)}/check.log)")
            self._calm[name] = round(ran.seconds, 1)
            self._save()
        return self._calm[name]

    def _program(self, check: Check) -> str:
        """What the check's build makes, built before any mutant is there."""
        if check.name not in self._programs:
            built = self._cargo(check.build, FIRST_SECONDS, limited=False)
            program = checks.program_of(built.output)
            if built.status != 0 or program is None:
                raise Failure(f"{check.name} cannot be built: {shown(tree.LOGS)}/check.log")
            self._programs[check.name] = program
        return self._programs[check.name]

    def _cargo(self, arguments: Sequence[str], seconds: float, *, limited: bool) -> tree.Ended:
        return self._within(lambda left: tree.cargo(arguments, left, limited=limited, log="check.log"), seconds)

    def _within(self, run: Callable[[float], tree.Ended], seconds: float) -> tree.Ended:
        """Runs something for so long at most; what the deadline cuts short has no result."""
        left = self._deadline - time.monotonic() if self._deadline is not None else seconds
        if left <= 0:
            raise _TimeIsUp
        ended = run(min(seconds, left))
        if ended.status is None and left < seconds:
            raise _TimeIsUp
        return ended

    def _plays(self, path: str) -> bool:
        """Whether tests/edge has that source as a module of its own."""
        return path in self._edge

    def _save(self) -> None:
        """Writes down what is known, so that the next run goes on here."""
        self._all.update(self.records)
        content = {"tree": self._tree, "calm": self._calm, "mutants": saved(self._all)}
        _write_whole(OUTCOMES, json.dumps(content, ensure_ascii=False, indent=1))


def _told(run: _Run, reasons: Mapping[str, str], whole: str) -> bool:
    """Prints what came of it, and writes it for machines; returns whether something is wrong."""
    told = report.for_machines(run.mutants, run.records, reasons, whole)
    _write_whole(REPORT, json.dumps(told, ensure_ascii=False, indent=1))
    missed, unclear, unreached = [], [], []
    accepted: dict[str, int] = {}
    for mutant in run.mutants:
        result = report.result_of(mutant, run.records)
        if result in (MISSED, TIMEOUT) and mutant.key in reasons:
            accepted[mutant.path] = accepted.get(mutant.path, 0) + (result == MISSED)
        elif result == MISSED:
            missed.append(f"{mutant.place}: {mutant.change}")
        elif result == report.OPEN:
            unreached.append(mutant)
        elif result not in (CAUGHT, UNVIABLE):
            record = run.records[mutant.key]
            unclear.append(f"{mutant.place}: {mutant.change}: {result} in {record.by}")
    say()
    for line in report.aligned(report.table(told["modules"], accepted, ORDER)):
        say(line)
    for title, lines in (("not noticed by any check:", missed), ("unclear, to be looked at:", unclear)):
        if lines:
            say(f"\n{title}")
            for line in lines:
                say(f"  {line}")
    if unreached:
        say(f"\nnot reached: {len(unreached)}")
        for path, group in report.by_file(unreached).items():
            say(f"  {path}: {len(group)}")
    say(f"\nfor machines: {shown(REPORT)}")
    return bool(missed or unclear)


def _write(book: Mapping[str, object], run: _Run) -> None:
    new, left_out = report.merged(book, run.mutants, run.records)
    for path in left_out:
        step(f"{path} is not in the document: not all of its mutants are clear")
    _written(new)


def _written(book: Mapping[str, object]) -> None:
    _write_whole(BOOK, json.dumps(book, ensure_ascii=False, indent=2) + "\n")
    _write_whole(DOCUMENT, report.document(book, ORDER))
    step(f"written: {shown(DOCUMENT)}, {shown(BOOK)}")


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Failure(f"{shown(path)} is no JSON any more: repair or delete it") from None


def _write_whole(path: Path, content: str) -> None:
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)
