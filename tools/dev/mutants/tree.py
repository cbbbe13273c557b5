"""The copy of the repository in which mutants are made, and what is built of it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..console import Failure
from ..processes import Child, adopt_orphans, shown, stop
from ..settings import ROOT
from ..stack import test_environment
from .model import Mutant, digest

STATE = ROOT / "target" / "mutants"
TREE = STATE / "tree"
# Never target/ itself: cargo names what it builds of a workspace by the path within it, so that a mutant could be taken
# for the real thing.
BUILD = STATE / "build"
LOGS = STATE / "logs"


class Place(NamedTuple):
    """A copy of the repository, and where it is built."""

    path: Path
    build: Path


COPY = Place(TREE, BUILD)
# With many mutants at once (switched.py).
SWITCHED = Place(STATE / "switched", STATE / "switched-build")
# How often is looked whether a program has said enough.
LOOKS_SECONDS = 0.1
# A mutant may ask for memory without end.
MEMORY_KIB = 8 * 1024 * 1024
_LIMITED = ("sh", "-c", f'ulimit -v {MEMORY_KIB} 2>/dev/null || true; exec "$@"', "sh")


class Ended(NamedTuple):
    """What a command came to. Without a status it was stopped when its time was up."""

    status: int | None
    output: str
    seconds: float


@contextlib.contextmanager
def alone(state: Path = STATE, command: str = "./dev mutants") -> Iterator[None]:
    """Makes sure that no other run changes the same copy."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure(f"another `{command}` is at work in {shown(state)}: one at a time", 2) from None
        adopt_orphans()
        yield


def synchronised(root: Path = ROOT, tree: Path = TREE, instead: Mapping[str, bytes] | None = None) -> dict[str, str]:
    """Makes the copy what the repository is now, with these files besides or in place of its own; returns each file's digest.

    What is alike keeps its time, so that cargo builds only what changed; a mutant that an interrupted run left is undone.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise Failure(f"a copy needs a git repository: {listed.stderr.strip()}")
    digests = {}
    instead = instead or {}
    for path in dict.fromkeys([*filter(None, listed.stdout.split("\0")), *instead]):
        source, copy = root / path, tree / path
        if path not in instead and not source.is_file():
            continue  # deleted, and not yet committed
        content = instead[path] if path in instead else source.read_bytes()
        digests[path] = digest(content)
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            if source.is_file():
                shutil.copymode(source, copy)
    for copy in [path for path in tree.rglob("*") if path.is_file()]:
        if str(copy.relative_to(tree)) not in digests:
            copy.unlink()
    return digests


def digest_of_all(digests: Mapping[str, str]) -> str:
    """The digest of all that a check reads. Documents are left out: no test of a crate depends on them."""
    read = (f"{path} {content}".encode() for path, content in sorted(digests.items()) if not path.endswith(".md"))
    return digest(*read)


@contextlib.contextmanager
def applied(mutant: Mutant, tree: Path = TREE) -> Iterator[None]:
    """The copy with the mutant in it, as long as the block lasts."""
    path = tree / mutant.path
    source = path.read_text(encoding="utf-8")
    path.write_text(mutant.applied(source), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(source, encoding="utf-8")


def warmed(target: Path, build: Path = BUILD) -> None:
    """Takes what is compiled of other people's crates over from the first build in target/: minutes saved, once.

    Nothing of ours is taken, and no program.
    """
    ours = _members()
    for profile in ("debug", "sim"):
        if (build / profile).exists() or not (target / profile / ".fingerprint").is_dir():
            continue
        for folder in (".fingerprint", "build", "deps"):
            for entry in sorted((target / profile / folder).iterdir()):
                name = entry.name.removeprefix("lib").rpartition("-")[0].replace("-", "_")
                library = folder != "deps" or entry.suffix in (".rlib", ".rmeta", ".so", ".dylib", ".d")
                if name in ours or not name or not library:
                    continue
                copy = build / profile / folder / entry.name
                if entry.is_dir():
                    shutil.copytree(entry, copy, copy_function=shutil.copy2)
                else:
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(entry, copy)


def _members() -> set[str]:
    """The names of our crates and of their targets, as files are named."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    packages = json.loads(answered.stdout)["packages"]
    names = {package["name"] for package in packages}
    names |= {target["name"] for package in packages for target in package["targets"]}
    return {name.replace("-", "_") for name in names}


def environment(place: Place = COPY) -> dict[str, str]:
    """Where and how checks build: incrementally, whatever the caller asks for elsewhere."""
    return {
        **test_environment(),
        "CARGO_TARGET_DIR": str(place.build),
        "CARGO_INCREMENTAL": "1",
        "CARGO_PROFILE_SIM_INCREMENTAL": "true",
        "CARGO_TERM_COLOR": "never",
    }


def cargo(arguments: Sequence[str], seconds: float, *, limited: bool, log: str) -> Ended:
    """Runs cargo in the copy, for so long at most; whatever it started ends with it."""
    return run(["cargo", *arguments], seconds, limited=limited, log=log)


def run(
    command: Sequence[str],
    seconds: float,
    *,
    limited: bool,
    log: str,
    place: Place = COPY,
    more: Mapping[str, str] | None = None,
    until: re.Pattern[str] | None = None,
) -> Ended:
    """The same for any program, in any copy, with more in its environment, and no longer than until it prints that."""
    began = _now()
    ends = began + max(seconds, 0.1)
    variables = {**environment(place), **(more or {})}
    child = Child("check", [*(_LIMITED if limited else ()), *command], variables, LOGS / log, place.path)
    status = None
    try:
        while status is None and (left := ends - _now()) > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = child.process.wait(min(left, LOOKS_SECONDS) if until else left)
            if status is None and until and until.search(child.log.read_text(errors="replace")):
                break
    finally:
        stop([child], grace_seconds=2)
    return Ended(status, child.log.read_text(errors="replace"), _now() - began)


def _now() -> float:
    return os.times().elapsed
