"""Where everything of a template stands: its keys, items and values, by their offsets in the text.

Python reads no YAML by itself, and what reads YAML forgets where things stood. This reads as much of it as template.yaml
is written in, and refuses the rest: keys by indentation, lists with dashes, `{}` and `[]` on one line, folded texts,
CloudFormation's tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..console import Failure

_KEY = re.compile(r"([^\s{}\[\],#'\"!&*|>%@`-][^#]*?):(?=\s|$)")
_TAG = re.compile(r"!\w+\s+")
_FOLDED = re.compile(r"(!\w+\s+)?[>|]-?$")
# Where a word within {} or [] ends.
_WORD_ENDS = ",{}[]"


@dataclass
class Value:
    """What stands behind a key or as an item of a list."""

    start: int
    end: int
    # Of CloudFormation's functions, such as `!Ref`.
    tag: str = ""
    # Without its tag and quotes; nothing for a map or a list.
    text: str | None = None
    entries: list[Entry] = field(default_factory=list)

    def get(self, name: str) -> Value | None:
        """The value behind a key."""
        return next((entry.value for entry in self.entries if entry.name == name), None)

    def at(self, *names: str) -> Value | None:
        """The value behind keys within keys."""
        value: Value | None = self
        for name in names:
            value = value.get(name) if value else None
        return value


@dataclass
class Entry:
    """A key with its value, or an item of a list."""

    # An item's is its place, counted from one.
    name: str
    is_item: bool
    # What goes with it when it goes: whole lines, or a part of a line with its comma.
    start: int
    end: int
    value: Value


@dataclass
class _Line:
    indent: int
    text: str
    # Of the first character that is no blank, and of the line with its end.
    offset: int
    start: int
    end: int
    number: int


def read(source: str) -> Value:
    """The whole document."""
    return _Reader(source).document()


def walk(value: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value, Entry]]:
    """Every entry below, with its path and what it is a part of, from top to bottom."""
    for entry in value.entries:
        here = (*path, entry.name)
        yield here, value, entry
        yield from walk(entry.value, here)


class _Reader:
    def __init__(self, source: str):
        self._source = source
        self._lines: list[_Line] = []
        self._at = 0
        offset = 0
        for number, line in enumerate(source.splitlines(keepends=True), 1):
            text = line.strip()
            indent = len(line) - len(line.lstrip(" "))
            self._lines.append(_Line(indent, text, offset + indent, offset, offset + len(line), number))
            offset += len(line)

    def document(self) -> Value:
        self._skip()
        value = self._block(0)
        self._skip()
        if self._at < len(self._lines):
            raise self._unknown(self._lines[self._at])
        return value

    def _skip(self) -> None:
        while self._at < len(self._lines) and self._lines[self._at].text[:1] in ("", "#"):
            self._at += 1

    def _unknown(self, line: _Line) -> Failure:
        return Failure(f"template.yaml:{line.number}: no mutants can be made of `{line.text}`: teach this YAML to places.py")

    def _block(self, indent: int) -> Value:
        """The keys or items that begin in this column."""
        first = self._lines[self._at]
        whole = Value(first.offset, first.offset)
        while True:
            self._skip()
            if self._at == len(self._lines) or self._lines[self._at].indent < indent:
                break
            line = self._lines[self._at]
            if line.indent > indent:
                raise self._unknown(line)
            if line.text.startswith("- "):
                whole.entries.append(self._item(line, len(whole.entries) + 1))
            else:
                whole.entries.append(self._key(line))
            whole.end = whole.entries[-1].value.end
        # A key that shares its line with a dash leaves the dash to the next one.
        for entry, after in zip(whole.entries, whole.entries[1:]):
            if self._source[entry.start - 2 : entry.start] == "- ":
                entry.end = self._key_of(after)
        return whole

    def _key_of(self, entry: Entry) -> int:
        return entry.start + len(self._source[entry.start :]) - len(self._source[entry.start :].lstrip())

    def _item(self, line: _Line, place: int) -> Entry:
        inner = _Line(line.indent + 2, line.text[2:], line.offset + 2, line.offset + 2, line.end, line.number)
        if _KEY.match(inner.text):
            self._lines[self._at] = inner
            value = self._block(inner.indent)
        else:
            value = self._behind(inner, inner.offset, inner.text)
        return Entry(str(place), True, line.start, self._end_of_last(), value)

    def _key(self, line: _Line) -> Entry:
        found = _KEY.match(line.text)
        if found is None:
            raise self._unknown(line)
        rest = line.text[found.end() :]
        behind = rest.lstrip()
        value = self._behind(line, line.offset + found.end() + len(rest) - len(behind), behind)
        return Entry(found[1], False, line.start, self._end_of_last(), value)

    def _end_of_last(self) -> int:
        """Where the last line that was read ends: comments and empty lines belong to what follows."""
        last = self._at - 1
        while self._lines[last].text[:1] in ("", "#"):
            last -= 1
        return self._lines[last].end

    def _behind(self, line: _Line, offset: int, text: str) -> Value:
        """What stands behind a key or a dash, and below."""
        self._at += 1
        if not text or text.startswith("#"):
            self._skip()
            return self._block(self._lines[self._at].indent)
        folded = _FOLDED.match(text)
        if folded:
            while self._at < len(self._lines) and (
                self._lines[self._at].indent > line.indent or not self._lines[self._at].text
            ):
                self._at += 1
            while not self._lines[self._at - 1].text:
                self._at -= 1
            end = self._lines[self._at - 1].start + len(self._source[: self._lines[self._at - 1].end].rstrip()) - len(
                self._source[: self._lines[self._at - 1].start]
            )
            return Value(offset, end, (folded[1] or "").strip(), self._source[offset:end])
        value, end = self._flow(offset, "")
        behind = self._source[end : line.end].strip()
        if behind and not behind.startswith("#"):
            raise self._unknown(line)
        return value

    def _flow(self, start: int, ends: str) -> tuple[Value, int]:
        """A value within a line, up to one of `ends`."""
        source = self._source
        tag = _TAG.match(source, start)
        at = tag.end() if tag else start
        name = tag[0].strip() if tag else ""
        if source[at] in "{[":
            value, end = self._collection(at)
            value.start, value.tag = start, name
            return value, end
        if source[at] in "'\"":
            end = source.index(source[at], at + 1) + 1
            return Value(start, end, name, source[at + 1 : end - 1]), end
        end = at
        while source[end] != "\n" and source[end] not in ends and source[end : end + 2] != " #":
            # `${Name}` is one word.
            end = source.index("}", end) + 1 if source[end : end + 2] == "${" else end + 1
        end = at + len(source[at:end].rstrip())
        return Value(start, end, name, source[at:end]), end

    def _collection(self, start: int) -> tuple[Value, int]:
        source, closing = self._source, "}" if self._source[start] == "{" else "]"
        whole, at = Value(start, start), start + 1
        while source[at] != closing:
            begin = at
            if closing == "}":
                colon = source.index(": ", at)
                key, at = source[at:colon].strip().strip("'\""), colon + 2
            else:
                key = str(len(whole.entries) + 1)
            value, at = self._flow(at, _WORD_ENDS)
            while source[at] == " ":
                at += 1
            if source[at] == ",":
                at += 1
                while source[at] == " ":
                    at += 1
            elif source[at] != closing:
                raise Failure(f"template.yaml: no mutants can be made of `{source[start : at + 1]}`")
            whole.entries.append(Entry(key, closing == "]", begin, at, value))
        # The last one takes the comma before it along.
        if len(whole.entries) > 1:
            whole.entries[-1].start = whole.entries[-2].value.end
            whole.entries[-1].end = whole.entries[-1].value.end
        whole.end = at + 1
        return whole, at + 1
