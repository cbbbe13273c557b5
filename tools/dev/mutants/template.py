"""The small mistakes that can be made in template.yaml: a key that is gone, another number, a wider permission."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .model import Mutant, numbered
from .places import Entry, Value, read, walk

PATH = "template.yaml"
PACKAGE = "template"

# They are for people: nothing is decided by them.
_WORDS = {"AlarmDescription", "ConstraintDescription", "Description", "Id", "Label", "PolicyName", "Sid"}
# How the console groups parameters.
_PRESENTATION = ("Metadata", "AWS::CloudFormation::Interface")
# Parts of `!If [condition, one, other]` are no items that may be missing.
_FUNCTIONS = {"!Equals", "!If", "!Not", "!Split"}
# Whatever says what its item is, best first.
_NAMES = ("Sid", "PolicyName", "IndexName", "AttributeName", "Id", "Name", "MetricName", "Effect")

# A word, and those that it could be taken for.
_OTHERS: dict[str, tuple[str, ...]] = {
    "Allow": ("Deny",),
    "AWS_PROXY": ("HTTP_PROXY",),
    "Average": ("Sum",),
    "Count": ("Seconds",),
    "DEBUG": ("INFO",),
    "DELETE": ("POST",),
    "GET": ("POST",),
    "GreaterThanThreshold": ("GreaterThanOrEqualToThreshold", "LessThanThreshold"),
    "HASH": ("RANGE",),
    "HTTP": ("WEBSOCKET",),
    "INFO": ("ERROR",),
    "JSON": ("Text",),
    "KEYS_ONLY": ("ALL",),
    "LessThanThreshold": ("LessThanOrEqualToThreshold", "GreaterThanThreshold"),
    "Maximum": ("Minimum", "Average"),
    "Minimum": ("Maximum", "Average"),
    "N": ("S",),
    "NONE": ("AWS_IAM",),
    "PATCH": ("PUT",),
    "PAY_PER_REQUEST": ("PROVISIONED",),
    "POST": ("PUT",),
    "RANGE": ("HASH",),
    "Retain": ("Delete",),
    "S": ("N",),
    "SQS": ("SNS",),
    "Sum": ("Average", "SampleCount"),
    "arm64": ("x86_64",),
    "accept": ("refund",),
    "billing/customer": ("billing/merchant",),
    "billing/merchant": ("billing/customer",),
    "breaching": ("notBreaching", "missing"),
    "enforce": ("observe",),
    "false": ("true",),
    "notBreaching": ("breaching", "missing"),
    "true": ("false",),
}
# What is added to a list, by the list's name: what must never stand there.
_ADDED = {
    "Action": ("dynamodb:DeleteItem",),
    "AllowHeaders": ("x-customer-id",),
    "AllowMethods": ("PUT",),
    "AuthorizationScopes": ("billing/customer",),
    "ExposeHeaders": ("authorization",),
}
# What would take rows away.
_TIME_TO_LIVE = "TimeToLiveSpecification: {AttributeName: due_at, Enabled: true}"
# What is written into an access log's format behind its first `{`.
_LOGGED = ('"path":"$context.path",', '"auth":"$context.authorizer.claims",')
# The tests of each part (tests/e2e/tests/static/template/), by the beginning of a change.
_LIKELY = (
    (r"(Parameters|Conditions|Globals\.Function\.Environment)\b", "template::settings"),
    (r"BillingTable\b", "template::table"),
    (r"(IamportSecret|WebhookTokenSeed)\b", "template::secrets"),
    (r"\w+Role\b", "template::roles"),
    (r"\w+Alarms?\b", "template::alarms"),
    (r"(SweepDeadLetters|ReconcileFunction\.(Event\w+|Timeout))\b", "template::sweep"),
    (r"(StorefrontApi|Webhook(Api|Integration|Route|Permission|Stage)|Outputs)\b", "template::api"),
    (r"\w+Function\.Events\.\w+\.ApiId\b", "template::api"),
    (r"\w+Function\.Events\b", "of_the_template"),
    (r"", "template::functions"),
)
_REFERENCE = re.compile(r"\$\{([A-Za-z]+)[}.]")


def mutants(source: str) -> list[Mutant]:
    """All of them, from top to bottom."""
    return numbered(_Mutator(source).mutants())


def changed_lines(change: str) -> set[int]:
    """The lines of the template that `git diff --unified=0` shows as new."""
    hunks = re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", change, re.MULTILINE)
    return {line for first, count in hunks for line in range(int(first), int(first) + int(count or 1))}


class _Mutator:
    def __init__(self, source: str):
        self._source = source
        self._document = read(source)
        self._kinds = self._kinds_of_names()
        self._referred = self._names_in(self._document)

    def mutants(self) -> Iterator[Mutant]:
        for path, parent, entry in walk(self._document):
            if path[:2] == _PRESENTATION or _WORDS & set(path):
                continue
            name = self._name(path)
            if self._may_go(path, parent):
                yield self._mutant(entry.start, entry.end, "", f"{name}: deleted")
            yield from self._changes(path, parent, entry, name)

    def _mutant(self, start: int, end: int, text: str, change: str) -> Mutant:
        line, column = self._place(start)
        likely = next(tests for pattern, tests in _LIKELY if re.match(pattern, change))
        return Mutant(PACKAGE, PATH, line, column, change, text, self._place(end), "", mark="", likely=likely)

    def _place(self, offset: int) -> tuple[int, int]:
        before = self._source[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    def _kinds_of_names(self) -> dict[str, str]:
        """What each name that can be referred to is: a type of resources, or a parameter."""
        resources, parameters = self._document.get("Resources"), self._document.get("Parameters")
        kinds = {}
        for entry in resources.entries if resources else ():
            kind = entry.value.get("Type")
            kinds[entry.name] = kind.text or "" if kind else ""
        for entry in parameters.entries if parameters else ():
            kinds[entry.name] = "a parameter"
        return kinds

    def _names_in(self, value: Value) -> set[str]:
        """Every resource, parameter and condition that something refers to."""
        found: set[str] = set()
        for path, parent, entry in walk(value):
            text, tag = entry.value.text, entry.value.tag
            if text is None or path[:2] == _PRESENTATION:
                continue
            if tag in ("!Ref", "!GetAtt"):
                found.add(text.partition(".")[0])
            elif tag == "!Sub":
                found.update(_REFERENCE.findall(text))
            elif parent.tag == "!If" and entry.name == "1":
                found.add(text)
        return found

    def _name(self, path: Sequence[str]) -> str:
        """A path as it is written in the report."""
        said, value = [], self._document
        for step in path:
            found = value.get(step)
            assert found is not None
            said.append(self._item(found, step) if step.isdigit() and value.entries[0].is_item else step)
            value = found
        # What almost every path has says nothing, unless it is all that goes.
        return ".".join([*(step for step in said[:-1] if step not in ("Resources", "Properties")), said[-1]])

    def _item(self, value: Value, place: str) -> str:
        """An item by what it says, so that one above it may come or go."""
        if value.text is not None and len(value.text) < 40:
            return value.text
        for name in _NAMES:
            named = value.get(name)
            if named is not None and named.text is not None:
                return named.text
        return place

    def _may_go(self, path: Sequence[str], parent: Value) -> bool:
        """Whether a template without it is a mistake that somebody could make."""
        if len(path) == 1 or len(parent.entries) == 1 or parent.tag in _FUNCTIONS:
            return False
        # What others refer to cannot be missing, and nothing is without its type: that is not deployed at all.
        if path[-1] == "Type" and (parent.get("Properties") or path[0] == "Parameters"):
            return False
        named = path[0] in ("Resources", "Parameters", "Conditions") and len(path) == 2
        return not (named and path[1] in self._referred)

    def _changes(self, path: Sequence[str], parent: Value, entry: Entry, name: str) -> Iterator[Mutant]:
        value = entry.value

        def instead(text: str, said: str | None = None) -> Mutant:
            before = self._shown(value)
            return self._mutant(value.start, value.end, text, f"{name}: {before} -> {said or text}")

        added = _ADDED.get(path[-1], ()) if value.entries and value.entries[0].is_item else ()
        have = {item.value.text for item in value.entries}
        for text in (text for text in added if text not in have):
            last = value.entries[-1].value
            in_line = self._source[value.end - 1] == "]"
            item = f", {text}" if in_line else f"\n{' ' * (self._place(last.start)[1] - 3)}- {text}"
            yield self._mutant(last.end, last.end, item, f"{name}: {text} added")
        if path[-1] == "BillingMode":
            added = f"\n{' ' * (self._place(entry.start)[1] + 5)}{_TIME_TO_LIVE}"
            yield self._mutant(value.end, value.end, added, f"{name.rpartition('.')[0]}: {_TIME_TO_LIVE} added")
        if value.tag == "!If":
            yield instead(self._source[value.entries[1].value.start : value.entries[1].value.end])
            yield instead("!Ref AWS::NoValue")
        elif value.tag == "!Not":
            yield instead(self._source[value.entries[0].value.start : value.entries[0].value.end])
        elif path[-1] == "Auth" and value.get("AuthorizationScopes"):
            yield instead("{Authorizer: NONE}")
        # Another length of time that the console offers is no mistake; that one is missing may be.
        if value.text is None or "AllowedValues" in path or path[-1] == "Type" or (parent.tag and parent.tag in _FUNCTIONS and not value.tag):
            return
        if value.tag in ("!Ref", "!GetAtt"):
            base, _, attribute = value.text.partition(".")
            other = self._other(base)
            if other:
                yield instead(f"{value.tag} {other}{'.' if attribute else ''}{attribute}")
        if "PolicyDocument" in path and "Resource" in path:
            yield instead('"*"')
            if "/index/" in value.text:
                yield instead(f"!Sub {value.text.rpartition('/')[0]}/*")
        elif not value.tag or value.tag == "!Sub":
            for text in self._other_texts(path, value):
                yield instead(*text)

    def _shown(self, value: Value) -> str:
        text = self._source[value.start : value.end]
        return text if len(text) < 60 and "\n" not in text else f"{text[:30].splitlines()[0]} …"

    def _other(self, name: str) -> str | None:
        """Another name of the same kind."""
        kind = self._kinds.get(name)
        alike = [each for each, its in self._kinds.items() if its == kind]
        return alike[(alike.index(name) + 1) % len(alike)] if kind and len(alike) > 1 else None

    def _other_texts(self, path: Sequence[str], value: Value) -> Iterator[tuple[str, str]]:
        """What could stand there instead, and how that is said."""
        source = self._source[value.start : value.end]
        text = value.text or ""
        behind = value.start + len(source) - len(source.lstrip())
        quote = self._source[behind] if self._source[behind] in "'\"" else ""

        def as_written(new: str) -> str:
            return f"{value.tag}{' ' if value.tag else ''}{quote}{new}{quote}"

        if source.startswith((">", "!Sub >")):
            yield from _other_folded(path, source)
        elif re.fullmatch(r"\d+", text):
            number = int(text)
            for new in (number * 2, 0) if number else (1,):
                yield as_written(str(new)), as_written(str(new))
        elif "Action" in path:
            service = text.partition(":")[0]
            yield f"{service}:*", f"{service}:*"
        elif path[-1] == "ScheduleExpression":
            for new in ("rate(10 minutes)", "rate(1 minute)", "rate(5 hours)"):
                yield new, new
        elif path[-1] == "AllowedPattern":
            yield "^.*$", "^.*$"
        elif text in _OTHERS:
            for new in _OTHERS[text]:
                yield as_written(new), as_written(new)
        else:
            yield as_written(f"{text}x"), as_written(f"{text}x")
            if path[-1] == "Default" and text:
                yield '""', '""'


def _other_folded(path: Sequence[str], source: str) -> Iterator[tuple[str, str]]:
    """Another text of several lines: a log with one field more or less, a secret with a field of another name."""
    if path[-1] == "Format":
        at = source.index("{") + 1
        for added in _LOGGED:
            yield f"{source[:at]}{added}{source[at:]}", f"{added} added"
        for field in re.findall(r',?\s*"\w+":"\$[\w.]+"', source):
            # The first one has no comma before it, and takes the one behind it along.
            gone = field if field.startswith(",") else f"{field},"
            yield source.replace(gone, "", 1), f"{field.strip(', ').strip()} gone"
        return
    for name in re.findall(r'"(\w+)":', source):
        yield source.replace(f'"{name}":', f'"{name}x":'), f"{name}x"
    for reference in dict.fromkeys(re.findall(r"\$\{\w+\}", source)):
        yield source.replace(reference, "x"), f"{reference} gone"
