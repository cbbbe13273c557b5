"""What came of a run: a table, a file for machines, and docs/mutants.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import rules
from .model import BROKEN, CAUGHT, MISSED, TIMEOUT, UNVIABLE, Mutant, Record

# Reached, but with checks that are still to be asked, or not reached at all.
OPEN = "open"


def result_of(mutant: Mutant, records: Mapping[str, Record]) -> str:
    """What became of a mutant so far."""
    record = records.get(mutant.key)
    return record.result if record is not None and record.result is not None else OPEN


def figures(mutants: Sequence[Mutant], records: Mapping[str, Record]) -> dict[str, Any]:
    """The figures of one file's mutants."""
    results = [result_of(mutant, records) for mutant in mutants]
    known = [records[mutant.key] for mutant in mutants if mutant.key in records]
    caught: dict[str, int] = {}
    for record in known:
        if record.result == CAUGHT and record.by is not None:
            caught[record.by] = caught.get(record.by, 0) + 1
    return {
        "mutants": len(mutants),
        "viable": len(mutants) - results.count(UNVIABLE),
        "caught": caught,
        "missed": results.count(MISSED),
        "timeout": results.count(TIMEOUT),
        "broken": results.count(BROKEN),
        "open": results.count(OPEN),
        "seconds": round(sum(record.seconds for record in known)),
    }


def by_file(mutants: Sequence[Mutant]) -> dict[str, list[Mutant]]:
    """The mutants of each file, in the order of paths."""
    files: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        files.setdefault(mutant.path, []).append(mutant)
    return dict(sorted(files.items()))


def table(modules: Mapping[str, Mapping[str, Any]], accepted: Mapping[str, int], order: Sequence[str]) -> list[list[str]]:
    """Rows for people: a header, a line per file, and the sum where there are several.

    `accepted` says how many of a file's missed ones are no fault, `order` in which order checks are asked.
    """
    used = {check for module in modules.values() for check in module["caught"]}
    checks = [*(check for check in order if check in used), *sorted(used - set(order))]
    rows = []
    total = [0] * (len(checks) + 7)
    for path, module in modules.items():
        excused = accepted.get(path, 0)
        counts = [module["mutants"], module["viable"], *(module["caught"].get(check, 0) for check in checks)]
        counts += [module["missed"] - excused, excused, module["timeout"] + module["broken"], module["open"]]
        counts.append(module["seconds"])
        total = [one + other for one, other in zip(total, counts)]
        rows.append([path, *map(str, counts)])
    header = ["module", "mutants", "viable", *checks, "missed", "no fault", "unclear", "open", "seconds"]
    return [header, *rows, *([["all", *map(str, total)]] if len(rows) > 1 else [])]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines of a terminal."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]


def for_machines(
    mutants: Sequence[Mutant], records: Mapping[str, Record], reasons: Mapping[str, str], tree: str
) -> dict[str, Any]:
    """All of it: what was found of each mutant, and where."""
    entries = []
    for mutant in mutants:
        record = records.get(mutant.key)
        entries.append(
            {
                "path": mutant.path,
                "line": mutant.line,
                "column": mutant.column,
                "change": mutant.change,
                "result": result_of(mutant, records),
                "by": record.by if record else None,
                "tests": record.tests if record else [],
                "passed": list(record.passed) if record else [],
                "seconds": round(record.seconds, 1) if record else 0,
                "no_fault": reasons.get(mutant.key),
            }
        )
    modules = {path: figures(group, records) for path, group in by_file(mutants).items()}
    return {"tree": tree, "modules": modules, "mutants": entries}


def merged(
    book: Mapping[str, Any], mutants: Sequence[Mutant], records: Mapping[str, Record]
) -> tuple[dict[str, Any], list[str]]:
    """The book (docs/mutants.json) with the figures of the files that are done; and those files that are not.

    Reasons stay with their mutants. Those of mutants that are caught by now, or exist no more, go with them.
    """
    modules = dict(book.get("modules", {}))
    left_out = []
    for path, group in by_file(mutants).items():
        counted = figures(group, records)
        if counted["open"] or counted["broken"]:
            left_out.append(path)
            continue
        reasons = modules.get(path, {}).get("survivors", {})
        kept = [mutant for mutant in group if result_of(mutant, records) in (MISSED, TIMEOUT)]
        changes = [mutant.key.partition(": ")[2] for mutant in kept]
        counted["survivors"] = {change: reasons.get(change, "") for change in changes}
        modules[path] = counted
    return {**book, "modules": dict(sorted(modules.items()))}, left_out


def reasons_of(book: Mapping[str, Any]) -> dict[str, str]:
    """Why a mutant that nobody notices is no fault, by the mutant's key; only where a reason is given."""
    return {
        f"{path}: {change}": reason
        for path, module in book.get("modules", {}).items()
        for change, reason in module.get("survivors", {}).items()
        if reason
    }


def document(book: Mapping[str, Any], order: Sequence[str]) -> str:
    """docs/mutants.md."""
    modules = book.get("modules", {})
    accepted = {path: sum(1 for reason in module["survivors"].values() if reason) for path, module in modules.items()}
    rows = table(modules, accepted, order)
    lines = [_INTRODUCTION, "## By module", ""]
    lines += [f"| {' | '.join(rows[0])} |", f"|---{'|---:' * (len(rows[0]) - 1)}|"]
    lines += [f"| {' | '.join([f'`{row[0]}`' if row[0] in modules else row[0], *row[1:]])} |" for row in rows[1:]]
    lines += ["", "## Not noticed by any check", ""]
    survivors = [(path, *survivor) for path, module in modules.items() for survivor in module["survivors"].items()]
    if not survivors:
        lines.append("None of those above.")
    else:
        lines += ["| module | mutant | why it is no fault |", "|---|---|---|"]
    for path, change, reason in survivors:
        escaped = change.replace("|", "\\|")
        lines.append(f"| `{path}` | `{escaped}` | {reason or '**open**'} |")
    if "rules" in book:
        lines += rules.lines(book["rules"]["asked"], book["rules"]["rules"])
    return "\n".join(lines) + "\n"


_INTRODUCTION = """\
# Mutants

<!-- Written by `./dev mutants --write` from docs/mutants.json. Reasons are given there; everything else is measured. -->

`./dev mutants` makes small mistakes (mutants) in what is deployed, one at a time, and finds out which check notices each. In the code they are
those of `cargo-mutants`: a function that returns another value, another operator, a deleted arm of a match. In template.yaml they are
a deleted key or item, another number, word or reference, and a wider permission.

```sh
./dev mutants shared/billing/src/money.rs   # a file, a folder; nothing for all of functions/, shared/ and template.yaml
./dev mutants template.yaml                 # the template: a quarter of an hour
./dev mutants --diff HEAD                   # only what changed since a revision (`last`: since the last release; .ci/run asks so)
./dev mutants --minutes 10                  # as far as it gets; says what it did not reach. The next run goes on there
./dev mutants --list shared/iamport         # which there are, and what is known of them; runs nothing
./dev mutants --own shared/billing          # only the tests of the crate itself: quick, and what they miss stays open
./dev mutants --rules shared/billing        # which rules of the simulation notice each, and what each of them notices alone
./dev mutants --again shared/store          # asks anew, also what is known
./dev mutants --write shared/billing        # writes the figures of whole files into this document
```

The checks run in this order, until one notices the mutant:

| where | checks |
|---|---|
| `shared/billing`, the table in memory | unit tests, `tests/it`, crash points (all flows, one fault deep), 2,000 seeds; what rows look like: the contract of `shared/store` |
| `shared/store` | unit tests, the contract (`tests/it`), seeds over the DynamoDB adapter and the SDK, the edge |
| `shared/iamport`, `shared/runtime` | unit tests, `tests/it` where there is one, the static tests, the edge |
| `functions` | the build; the static tests; the edge, for the handlers that tests/edge runs |
| `template.yaml` | the static tests that read it (`tests/e2e/tests/static/template`). They take each expected value from the code, or from a document that they name, and never from a copy |

The end-to-end tests do not run: a mistake that only they would notice is listed here as not noticed. A mutant is *unclear* if its checks took more
than five times as long as without it, or if it broke the build in another place. It counts as not caught until a person has looked at it.

Most mutants of `shared/` are built together, each behind a switch (tools/switches): the replacement that cargo-mutants would write for an
operator, a guard or a body stands beside the original, and `MUTANT=7` in a test's environment selects the seventh. Mutants that do not compile
are left out of that build. Those that cannot be selected at run time (a deleted field, a constant) are built one by one, as are those of a change
of a few lines. Results are kept (target/mutants): a noticed mutant's as long as its file is unchanged (unit tests aside), a missed one's as long
as everything is.
"""
