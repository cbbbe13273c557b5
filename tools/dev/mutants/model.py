"""Mutants, and what is known of them. Nothing here runs anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

CAUGHT, MISSED, UNVIABLE, TIMEOUT, BROKEN = "caught", "missed", "unviable", "timeout", "broken"


@dataclass(frozen=True)
class Mutant:
    """One small mistake: one that cargo-mutants would make, or one in the template."""

    package: str
    path: str
    line: int
    column: int
    # What is changed, with the function's name (cargo-mutants' own words), or with the path to it in the template.
    change: str
    replacement: str
    # Line and column, counted from one, where what is replaced ends; the column is behind its last character.
    end: tuple[int, int]
    # The path and the change: lines above it may come and go. The second of the same change in a function is `#2`.
    key: str
    # Stands behind what was replaced, so that whoever reads the copy sees it.
    mark: str = " /* mutant */"
    # A part of the names of those tests that are likely to notice it. If they do not, all are asked.
    likely: str = ""
    # Which kind of change it is, in cargo-mutants' words.
    genre: str = ""

    @property
    def place(self) -> str:
        """The line, as editors and terminals link it."""
        return f"{self.path}:{self.line}:{self.column}"

    def applied(self, source: str) -> str:
        """The source with the mistake in it."""
        start, end = _offset(source, self.line, self.column), _offset(source, *self.end)
        return f"{source[:start]}{self.replacement}{self.mark}{source[end:]}"


def _offset(source: str, line: int, column: int) -> int:
    """Where a line and column are; cargo-mutants counts both from one, and columns in characters."""
    at = 0
    for _ in range(line - 1):
        at = source.index("\n", at) + 1
    return at + column - 1


def listed(entries: Iterable[Mapping[str, Any]]) -> list[Mutant]:
    """The mutants of `cargo mutants --list --json`, file by file, from top to bottom."""
    found = []
    for entry in sorted(entries, key=lambda entry: (entry["file"], *_place(entry, "start"), *_place(entry, "end"))):
        line, column = _place(entry, "start")
        change = entry["name"].split(": ", 1)[1]
        replacement, end = entry["replacement"], _place(entry, "end")
        genre = entry.get("genre", "")
        found.append(Mutant(entry["package"], entry["file"], line, column, change, replacement, end, "", genre=genre))
    return numbered(found)


def numbered(mutants: Iterable[Mutant]) -> list[Mutant]:
    """The same, each with a key of its own."""
    found = []
    seen: dict[str, int] = {}
    for mutant in mutants:
        key = f"{mutant.path}: {mutant.change}"
        seen[key] = seen.get(key, 0) + 1
        found.append(replace(mutant, key=f"{key} #{seen[key]}" if seen[key] > 1 else key))
    return found


def _place(entry: Mapping[str, Any], which: str) -> tuple[int, int]:
    place = entry["span"][which]
    return place["line"], place["column"]


@dataclass
class Record:
    """What is known of a mutant, and of which sources."""

    # The mutated file without its unit tests, and all that a check reads, as they were.
    file: str
    tree: str
    # Checks that did not notice it, in order, with the seconds they took.
    passed: dict[str, float] = field(default_factory=dict)
    result: str | None = None
    # The check that ended it, and the tests or rules that failed there.
    by: str | None = None
    tests: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def holds(self, file: str, tree: str) -> bool:
        """Whether it still says something about these sources.

        What a check noticed it notices again, as long as nobody changes the file that is mutated (`--again` asks anew,
        which a test that was weakened since needs). What was not noticed is only known of exactly these tests.
        """
        if self.result in (CAUGHT, UNVIABLE):
            return self.file == file
        return (self.file, self.tree) == (file, tree)


def records_of(saved: Mapping[str, Mapping[str, Any]]) -> dict[str, Record]:
    """What an earlier run wrote down."""
    return {key: Record(**record) for key, record in saved.items()}


def saved(records: Mapping[str, Record]) -> dict[str, dict[str, Any]]:
    """The same for the next run."""
    return {key: asdict(record) for key, record in sorted(records.items())}


def still_known(
    mutants: Sequence[Mutant], records: Mapping[str, Record], files: Mapping[str, str], tree: str
) -> dict[str, Record]:
    """The records that still hold, of these mutants."""
    found = ((mutant, records.get(mutant.key)) for mutant in mutants)
    return {mutant.key: record for mutant, record in found if record and record.holds(files[mutant.path], tree)}


def without_tests(source: str) -> str:
    """A source without the unit tests at its end, so that a test which is written does not make what is known void."""
    product, mark, tests = source.partition("\n#[cfg(test)]\nmod tests {\n")
    # Only if nothing comes after them.
    return product if mark and tests.partition("\n}\n")[2] == "" else source


def without_words(source: str) -> str:
    """A source without the lines that only comment: no mutant is in them, and no check reads them but for their words."""
    return "".join(line for line in source.splitlines(keepends=True) if not line.lstrip().startswith("//"))


def digest(*parts: bytes) -> str:
    """A short name for a content."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()[:16]
