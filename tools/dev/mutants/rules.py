"""`./dev mutants --rules`: which rules of the simulation notice each mutant, all of them and not only the first check that does.

A rule that notices nothing is none, and one that notices nothing alone may go unnoticed when it is weakened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..settings import ROOT
from .checks import SEEDED, Check, noticed_by
from .model import Mutant

# As many as take about a second: every mutant behind a switch is asked, whatever else notices it.
SEEDS = 300
CHECK = Check("rules", SEEDED.build, (*SEEDED.run[:-4], "--seeds", str(SEEDS), "--threads", "2"))
# Only the use cases run in the simulation.
PACKAGE = "billing"
# How many of those that a rule alone notices are named.
EXAMPLES = 3
_NAMED = re.compile(r'"([IR]\d+)"')
_CHECKS = ROOT / "tests" / "simulation" / "src"


class Noticed(NamedTuple):
    """A mutant, and the rules that it broke."""

    mutant: Mutant
    rules: frozenset[str]


def broken_in(output: str) -> list[str]:
    """The rules that a run of seeds says were broken."""
    return sorted(noticed_by(output), key=_number)


def all_rules(folder: Path = _CHECKS) -> list[str]:
    """Every rule that the simulation names, whether or not something breaks it."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.rs")) if path.name != "planted.rs")
    return sorted({rule for source in sources for rule in _NAMED.findall(source)}, key=_number)


def figures(rules: Iterable[str], noticed: Sequence[Noticed]) -> dict[str, dict[str, Any]]:
    """Of each rule: how many mutants break it, how many break no other, and some of those."""
    found = {}
    for rule in rules:
        alone = [each.mutant for each in noticed if each.rules == {rule}]
        # Of different functions first: they show more of what the rule is good for.
        named = {mutant.change.rpartition(" in ")[2]: mutant.key for mutant in reversed(alone)}
        found[rule] = {
            "mutants": sum(rule in each.rules for each in noticed),
            "alone": len(alone),
            "such_as": list(reversed(named.values()))[:EXAMPLES],
        }
    return found


def lines(asked: int, rules: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The section of docs/mutants.md."""
    head = [
        "",
        "## What each rule of the simulation notices",
        "",
        f"Each of {asked} mutants of `shared/billing` was run through {SEEDS} seeds, whatever else notices it. Most break several rules at once.",
        "The rules are those of docs/simulation.md; what only crash points, webhooks or the edge look at has no line here.",
        "",
        "| rule | mutants that break it | that break no other | such as |",
        "|---|---:|---:|---|",
    ]
    rows = []
    for rule, counted in rules.items():
        examples = "<br>".join(f"`{key}`".replace("|", "\\|") for key in counted["such_as"])
        rows.append(f"| {rule} | {counted['mutants']} | {counted['alone']} | {examples or '–'} |")
    return [*head, *rows]


def _number(rule: str) -> tuple[str, int]:
    return rule[0], int(rule[1:])
