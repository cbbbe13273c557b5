"""Many mutants in one build, each behind a switch (tools/switches): to ask a check about one is to run what is built already.

The compiler says which of them do not compile; those leave the build, and the rest is built again.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .. import install
from ..console import Failure, step
from ..settings import ROOT, SIMULATED
from . import tree
from .checks import FAILED, Check
from .model import Mutant

# Fewer are built one by one in the time that a build of all takes.
AT_LEAST = 8
# The crates that it is tried for: those whose tests run what is mutated. A function's handler is built by itself.
PACKAGES = ("billing", "store", "iamport", "runtime")
# A build shows errors of one kind at a time, and those of the next only when the first are gone.
ROUNDS_MAX = 12
BUILD_SECONDS = 1_800.0
VARIABLE = "MUTANT"
# Public, because other crates of ours are tested with the mutated one, and never in the way of a name of its own.
_SWITCH = f"""
#[doc(hidden)]
#[allow(missing_docs)]
pub fn __mutant(id: u32) -> bool {{
    static CHOSEN: ::std::sync::OnceLock<u32> = ::std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| ::std::env::var("{VARIABLE}").ok().and_then(|id| id.parse().ok()).unwrap_or(0)) == id
}}
"""


class Region(NamedTuple):
    """Where a mutant stands in the sources that are built, in bytes."""

    path: str
    start: int
    end: int


class Program(NamedTuple):
    """What a check runs."""

    command: tuple[str, ...]
    folder: Path


class Outcome(NamedTuple):
    """What can be asked, and what cannot."""

    # The number of each mutant that is in the build.
    numbers: dict[str, int]
    programs: dict[str, Program]
    # Those that do not compile whatever is built with them.
    unviable: list[Mutant]


def built(package: str, mutants: Sequence[Mutant], checks: Sequence[Check]) -> Outcome:
    """Builds the checks of a package with all of its mutants that can be behind a switch."""
    tool = _tool()
    numbered = {number: mutant for number, mutant in enumerate(mutants, 1)}
    unviable: list[Mutant] = []
    constant: set[str] = set()
    for _ in range(ROUNDS_MAX):
        regions = _instrumented(tool, package, numbered, constant)
        in_it = {number for number, _ in regions}
        numbered = {number: mutant for number, mutant in numbered.items() if number in in_it}
        step(f"{package}: {len(numbered)} mutants behind switches, built once")
        errors = _errors(package)
        if not errors:
            programs = {check.name: _program(check) for check in checks}
            return Outcome({mutant.key: number for number, mutant in numbered.items()}, programs, unviable)
        blamed = {number for error in errors for number in blamed_by(error, regions)}
        new = {name for error in errors for name in wanted_constant(error)} - constant
        constant |= new
        if not blamed and not new:
            raise Failure(f"{package} does not build, and no mutant is to blame: {errors[0].get('message')}")
        for number in blamed:
            mutant = numbered.pop(number)
            if is_unviable(mutant):
                unviable.append(mutant)
    raise Failure(f"{package} with its mutants does not build after {ROUNDS_MAX} rounds")


def is_unviable(mutant: Mutant) -> bool:
    """Whether a mutant that broke the build would break it alone, too.

    A value of another type than the function's does; but one of an `impl Trait` is only another one than the rest returns.
    """
    return mutant.genre == "FnValue" and "-> impl " not in mutant.change


_NOT_CONSTANT = re.compile(r"^cannot call non-const .*?`(?:[^`]*::)?([a-z_0-9]+)(?:::<[^`]*>)?` in ")


def wanted_constant(error: Mapping[str, object]) -> list[str]:
    """The function that would have to stay `const`, if that is what the error says."""
    found = _NOT_CONSTANT.match(str(error.get("message", "")))
    return [found[1]] if found else []


def blamed_by(error: Mapping[str, object], regions: Sequence[tuple[int, Region]]) -> set[int]:
    """The mutants in which an error lies: of those within one another the inmost, for each place that it names."""
    spans = [span for span in _spans(error) if isinstance(span, dict)]
    primary = [span for span in spans if span.get("is_primary")] or spans
    for some in (primary, spans):
        blamed = set()
        for span in some:
            around = [
                (region.end - region.start, number)
                for number, region in regions
                if region.path == span["file_name"] and region.start <= span["byte_start"] < region.end
            ]
            smallest = min(around, default=None)
            if smallest is not None:
                blamed |= {number for size, number in around if size == smallest[0]}
        if blamed:
            return blamed
    return set()


def _spans(error: Mapping[str, object]) -> list[object]:
    children = error.get("children") or []
    return [*(error.get("spans") or []), *(span for child in children for span in child.get("spans") or [])]


def _tool() -> Path:
    command = ["cargo", "build", "--quiet", "--locked", "-p", "switches", "--message-format", "json"]
    ended = subprocess.run(command, cwd=ROOT, env=tree.environment(tree.SWITCHED), capture_output=True, text=True, check=False)
    programs = [message["executable"] for message in _messages(ended.stdout) if message.get("executable")]
    if ended.returncode != 0 or not programs:
        raise Failure(f"tools/switches does not build: {install.last_line(ended.stderr)}")
    return Path(programs[-1])


def _instrumented(
    tool: Path, package: str, numbered: Mapping[int, Mutant], constant: set[str]
) -> list[tuple[int, Region]]:
    """Writes these mutants into the copy; says where each is. What cannot be behind a switch is left out."""
    tree.synchronised(tree=tree.SWITCHED.path)
    request = {
        "root": str(tree.SWITCHED.path),
        "constant": sorted(constant),
        "mutants": [
            {
                "id": number,
                "path": mutant.path,
                "start": [mutant.line, mutant.column],
                "end": list(mutant.end),
                "genre": mutant.genre,
                "replacement": mutant.replacement,
            }
            for number, mutant in numbered.items()
        ],
    }
    ended = subprocess.run([str(tool)], input=json.dumps(request), capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise Failure(f"tools/switches: {install.last_line(ended.stderr)}")
    library = tree.SWITCHED.path / "shared" / package / "src" / "lib.rs"
    library.write_text(library.read_text(encoding="utf-8") + _SWITCH, encoding="utf-8")
    return [
        (place["id"], Region(place["path"], place["from"], place["to"]))
        for place in json.loads(ended.stdout)["switched"]
    ]


def _errors(package: str) -> list[dict]:
    """What the compiler has against the package as it is in the copy."""
    arguments = ("check", "-p", package, "--lib", "--locked", "--message-format", "json")
    ended = _cargo(arguments, "switched.log")
    messages = [message["message"] for message in _messages(ended.output) if message.get("reason") == "compiler-message"]
    errors = [message for message in messages if message["level"] == "error" and message["spans"]]
    if ended.status != 0 and not errors:
        raise Failure(f"{package} with its mutants: {install.last_line(ended.output)}")
    return errors


def _program(check: Check) -> Program:
    """Builds what a check runs, optimised: it is built once, and run thousands of times."""
    build = list(check.build)
    if "--profile" not in build:
        build[1:1] = SIMULATED
    package = build[build.index("-p") + 1]
    ended = _cargo([*build, "--message-format", "json"], "switched.log")
    found = [
        message
        for message in _messages(ended.output)
        if message.get("executable") and re.search(rf"[/#]{re.escape(package)}[#@]", message["package_id"])
    ]
    if ended.status != 0 or not found:
        raise Failure(f"{check.name} with mutants does not build: {install.last_line(ended.output)}")
    arguments = check.run[check.run.index("--") + 1 :] if "--" in check.run else ()
    is_test = build[0] == "test"
    folder = Path(found[-1]["manifest_path"]).parent if is_test else tree.SWITCHED.path
    # Cargo overwrites what it has built when it builds the next.
    program = tree.STATE / "programs" / f"{package}-{check.name.replace(' ', '-')}"
    program.parent.mkdir(exist_ok=True)
    shutil.copy2(found[-1]["executable"], program)
    return Program((str(program), *arguments), folder)


def _cargo(arguments: Sequence[str], log: str) -> tree.Ended:
    # Lints say nothing of what a program does, and the switches break many.
    flags = {"RUSTFLAGS": "--cap-lints allow"}
    return tree.run(["cargo", *arguments], BUILD_SECONDS, limited=False, log=log, place=tree.SWITCHED, more=flags)


def ask(program: Program, number: int, seconds: float) -> tree.Ended:
    """Runs a check's program with this mutant chosen; 0 is none. The first test that fails says enough."""
    more = {VARIABLE: str(number), "CARGO_MANIFEST_DIR": str(program.folder)}
    place = tree.SWITCHED._replace(path=program.folder)
    return tree.run(program.command, seconds, limited=True, log="check.log", place=place, more=more, until=FAILED)


def _messages(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]
