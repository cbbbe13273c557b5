"""Which checks a mutant meets, the cheapest sufficient one first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..settings import SIMULATED
from . import template
from .model import BROKEN, CAUGHT, TIMEOUT, UNVIABLE

# A crate's own tests.
OWN = ("unit", "it")
# Two thousand seeds take five seconds, and all crash points, one fault deep, two: less than choosing among them would save.
SEEDS = 2_000
_SIMULATION = (*SIMULATED, "-p", "simulation")


class Check(NamedTuple):
    """Something that may notice a mutant: a build, and a run of what was built."""

    name: str
    # Arguments of cargo. A build that fails means that the mutant is none: it does not compile.
    build: tuple[str, ...]
    run: tuple[str, ...]
    # Reads what is mutated when it runs: it is built once, and then its program is run with each of these filters.
    program: tuple[str, ...] | None = None
    # Whether it runs what is mutated, and does not only read its source.
    runs_code: bool = True


def _tests(name: str, *which: str) -> Check:
    return Check(name, ("test", *which, "--no-run", "--locked"), ("test", *which, "--locked"))


CRASH = Check(
    "crash points",
    ("build", *_SIMULATION, "--locked"),
    ("run", "--quiet", *_SIMULATION, "--locked", "--", "--crash", "all"),
)
SEEDED = Check(
    "seeds",
    ("build", *_SIMULATION, "--locked"),
    ("run", "--quiet", *_SIMULATION, "--locked", "--", "--seeds", str(SEEDS), "--threads", "2"),
)
# What rows of billing's types look like in the table.
CONTRACT = _tests("contract", "-p", "store", "--test", "it")
SDK = _tests("seeds over the SDK", *SIMULATED, "-p", "simulation-sdk", "--test", "seeds")
EDGE = _tests("edge", "-p", "edge", "--test", "seeds")
STATIC = _tests("static", "-p", "e2e", "--test", "static")._replace(runs_code=False)
# The static tests that read the template have it in their names. The others would take a minute and notice nothing.
TEMPLATE = STATIC._replace(run=(*STATIC.run, "template"), program=("template",))


def checks_of(package: str, path: str, exists: Callable[[str], bool], at_the_edge: Callable[[str], bool]) -> list[Check]:
    """The checks for a mutant in that file, in the order in which they are asked.

    `exists` says whether a folder of the repository is there, `at_the_edge` whether tests/edge plays that source itself.
    """
    if path == template.PATH:
        return [TEMPLATE]
    crate = path.partition("/src/")[0]
    if path.startswith("functions/"):
        # Handlers have no tests of their own; building them says whether the mutant compiles.
        build = ("build", "-p", package, "--bins", "--locked")
        return [Check("build", build, build), STATIC, *([EDGE] if at_the_edge(path) else [])]
    own = [_tests("unit", "-p", package, "--lib")]
    if exists(f"{crate}/tests/it"):
        own.append(_tests("it", "-p", package, "--test", "it"))
    if package == "billing":
        return [*own, CRASH, SEEDED, CONTRACT]
    if path == "shared/store/src/memory.rs" or path.startswith("shared/store/src/memory/"):
        # No function uses the table in memory: only the tests of billing and the simulation do.
        return [*own, CRASH, SEEDED]
    if package == "store":
        return [*own, SDK, EDGE]
    # The client, and the edge with the adapter between them.
    return [*own, STATIC, EDGE]


_PROGRAM = re.compile(r"^\s*Executable .* \((\S+)\)$", re.MULTILINE)


def program_of(output: str) -> str | None:
    """The program of tests that cargo has built, as it says."""
    found = _PROGRAM.search(output)
    return found[1] if found else None


FAILED = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", re.MULTILINE)
# `I5 …: 3 times, first by seed 12`, `charge: I5 …: 2 times, first with [(3, LostReply)]`.
_RULE = re.compile(r"^(?:.*?: )?([IR]\d+) .*: \d+ times, first (?:by|with) ", re.MULTILINE)


def noticed_by(output: str) -> list[str]:
    """The tests that failed, or the rules that were broken, in the order of the output."""
    return list(dict.fromkeys([*FAILED.findall(output), *_RULE.findall(output)]))


def after_build(status: int | None, output: str, path: str) -> str | None:
    """What a build means: nothing, if it succeeds. Without a status it took too long.

    A mutant that does not compile is blamed on its own file. Whatever else breaks a build (a full disk, say) is no
    verdict on it.
    """
    if status == 0:
        return None
    if status is None:
        return TIMEOUT
    blamed = re.search(rf"^\s*--> {re.escape(path)}:", output, re.MULTILINE)
    return UNVIABLE if blamed and re.search(r"^error", output, re.MULTILINE) else BROKEN


def after_run(status: int | None, output: str) -> str | None:
    """What a run means: nothing, if all is well.

    One that does not end is no catch, unless a test had failed before.
    """
    if status == 0:
        return None
    if status is None:
        return CAUGHT if noticed_by(output) else TIMEOUT
    return CAUGHT
