"""The planted bugs: one patch each in tests/zoo, and the copy of the repository in which they are made.

The sources of what is deployed know nothing of them. In the copy every patch is applied, so that one build has them all, each behind a
switch of its own (tests/zoo/switches), and the hunts of the simulation and of the edge plant one at a time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from . import install, papers
from .console import Failure, complain, say, step
from .mutants import tree as copies
from .processes import shown
from .settings import ROOT, SIMULATED
from .stack import test_environment

ZOO = ROOT / "tests" / "zoo"
STATE = ROOT / "target" / "zoo"
TREE = STATE / "tree"
# Never target/ itself: cargo names what it builds of a workspace by the path within it.
BUILD = STATE / "build"
EDITED = STATE / "edit"
PLANTED_IN = ("functions", "shared")
# Declares the modules of the switches. It comes before every bug, and is none.
SWITCHES = "00-switches"

# The tests that hunt, of the simulation and of the edge: how cargo finds each program, and their names in it.
HUNTS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (*SIMULATED, "-p", "simulation", "--test", "it"),
        ("planted::every_planted_bug_is_found", "planted::every_number_of_the_list_is_accounted_for"),
    ),
    (("-p", "edge", "--test", "zoo"), ("every_planted_bug_is_found",)),
)

_HEADER = re.compile(r"^(mistake|seen|rules|after): (.*)$", re.MULTILINE)
_FILES = re.compile(r"^\+\+\+ b/(.*)$", re.MULTILINE)
_ASKED = re.compile(r"\bplanted::Bug::(\w+)")
_VARIANT = re.compile(r"((?:^    /// .*\n)+)^    (\w+),$", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", re.MULTILINE)


class Patch(NamedTuple):
    """A patch, by its name without `.patch`."""

    name: str
    text: str

    @property
    def file(self) -> str:
        """The name of its file, by which it has its place in the order."""
        return f"{self.name}.patch"

    @property
    def header(self) -> dict[str, str]:
        """What stands before the difference: the mistake, the rules that must find it, the patches that it needs."""
        return dict(_HEADER.findall(self.text.partition("diff --git ")[0]))

    @property
    def after(self) -> list[str]:
        """The patches without which it does not apply, by their names."""
        return [name.removesuffix(".patch") for name in self.header.get("after", "").split()]

    @property
    def files(self) -> list[str]:
        """The files that it changes."""
        return _FILES.findall(self.text)

    @property
    def bugs(self) -> set[str]:
        """The bugs whose switches it asks."""
        added = "\n".join(line for line in self.text.splitlines() if line.startswith("+"))
        return set(_ASKED.findall(added))


class Stale(NamedTuple):
    """A patch that does not apply any more, and git's words on it."""

    name: str
    why: str


def patches(zoo: Path = ZOO) -> list[Patch]:
    """Every patch, in the order in which they are applied: that of their names."""
    return [Patch(path.stem, path.read_text(encoding="utf-8")) for path in sorted(zoo.glob("*.patch"))]


def bug_of(name: str) -> tuple[str, str]:
    """The crate with a bug's switch, and its name there: `billing` and `RefundForgotten` of `billing-refund-forgotten`."""
    crate, _, words = name.partition("-")
    return crate, "".join(word.capitalize() for word in words.split("-"))


def mistakes(zoo: Path = ZOO) -> dict[str, str]:
    """Every bug that has a switch, by the name of its patch, and the mistake in words."""
    found = {}
    for path in sorted((zoo / "switches").glob("*/planted.rs")):
        for words, name in _VARIANT.findall(path.read_text(encoding="utf-8")):
            kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
            found[f"{path.parent.name}-{kebab}"] = " ".join(line.strip().removeprefix("/// ") for line in words.splitlines())
    return found


def _git_apply(patch: Patch, folder: Path, *options: str) -> str:
    """Applies a patch to the files below a folder; git's complaint, or nothing. Within a repository git would take the paths from
    that one's root: it is kept from finding any."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, "-"],
        cwd=folder,
        env=variables,
        input=patch.text,
        capture_output=True,
        text=True,
        check=False,
    )
    words = "; ".join(line.strip() for line in applied.stderr.splitlines() if line.strip())
    return "" if applied.returncode == 0 else words or "git apply failed"


def patched(every: Iterable[Patch], root: Path = ROOT) -> tuple[dict[str, str], list[Stale]]:
    """The files as the patches make them, one after another, and the patches that did not apply. Nothing below `root` is changed."""
    every = list(every)
    files = sorted({path for patch in every for path in patch.files})
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "tree"
        folder.mkdir()
        for path in files:
            if (root / path).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / path, folder / path)
        stale = [Stale(patch.name, why) for patch in every if (why := _git_apply(patch, folder))]
        return {path: (folder / path).read_text(encoding="utf-8") for path in files if (folder / path).is_file()}, stale


def laid_over(zoo: Path = ZOO) -> dict[str, str]:
    """What stands in the copy besides or in place of the repository's own files: the switches, and what plants by them."""
    files = {
        f"shared/{path.parent.name}/src/planted.rs": path.read_text(encoding="utf-8")
        for path in sorted((zoo / "switches").glob("*/planted.rs"))
    }
    overlay = zoo / "overlay"
    for path in sorted(overlay.rglob("*.rs")):
        files[str(path.relative_to(overlay))] = path.read_text(encoding="utf-8")
    return files


def composed(every: Sequence[Patch] | None = None, root: Path = ROOT, zoo: Path = ZOO) -> dict[str, bytes]:
    """What is different in the copy."""
    files, stale = patched(patches(zoo) if every is None else every, root)
    if stale:
        raise Failure("\n".join(map(refresh, stale)), 2)
    return {path: text.encode() for path, text in {**files, **laid_over(zoo)}.items()}


def refresh(stale: Stale) -> str:
    """Which bug cannot be planted any more, and what to do."""
    if stale.name == SWITCHES:
        return f"tests/zoo/{SWITCHES}.patch no longer applies ({stale.why}): it declares `pub mod planted;` in each lib.rs"
    return (
        f"the planted bug {stale.name} no longer applies ({stale.why}): `./dev zoo --edit {stale.name}`, make the mistake there "
        f"again, then `./dev zoo --save {stale.name}`"
    )


def troubles(root: Path = ROOT, zoo: Path = ZOO) -> list[str]:
    """What is wrong with the patches, without building anything."""
    every = patches(zoo)
    known = mistakes(zoo)
    found = [refresh(stale) for stale in patched(every, root)[1]]
    named = {patch.name: patch for patch in every if patch.name != SWITCHES}
    found += [f"the bug {name} has a switch and no patch: `./dev zoo --edit {name}`" for name in known if name not in named]
    for name, patch in named.items():
        if name not in known:
            found.append(f"tests/zoo/{name}.patch: its bug has no switch in tests/zoo/switches")
        if patch.bugs != {bug_of(name)[1]}:
            found.append(f"tests/zoo/{name}.patch asks for {', '.join(sorted(patch.bugs)) or 'no switch'}: each has a patch of its own")
        if not {"mistake", "rules"} <= patch.header.keys():
            found.append(f"tests/zoo/{name}.patch does not say `mistake: …` and `rules: …` before the difference")
        if not any(stale.name == name for stale in patched(_with_prerequisites(patch, every), root)[1]):
            continue
        if not any(name in line for line in found):
            found.append(f"tests/zoo/{name}.patch does not apply without those before it: it has to name them, `after: other.patch`")
    return found


def check() -> bool:
    """Whether every bug can still be planted."""
    found = troubles()
    for line in found:
        complain(line)
    return not found


def _with_prerequisites(patch: Patch, every: Sequence[Patch]) -> list[Patch]:
    """A patch with those that it says it needs, and they what they need."""
    wanted = {SWITCHES, patch.name}
    for other in reversed(every):
        if other.name in wanted:
            wanted.update(other.after)
    return [other for other in every if other.name in wanted]


def copied() -> None:
    """Makes the copy what the repository is now, with every bug in it. What is alike keeps its time: cargo builds what changed."""
    TREE.mkdir(parents=True, exist_ok=True)
    copies.synchronised(ROOT, TREE, composed())
    copies.warmed(install.target_directory(), BUILD)


def environment() -> dict[str, str]:
    """Where the copy is built."""
    return {**test_environment(), "CARGO_TARGET_DIR": str(BUILD)}


def hunted(filters: Sequence[str]) -> bool:
    """Runs the tests that hunt every planted bug, or those of them whose name contains one of these."""
    wanted = [(program, selected(names, filters)) for program, names in HUNTS]
    if not any(names for _, names in wanted):
        return True
    with copies.alone(STATE, "./dev zoo"):
        copied()
        report = ["--nocapture", "--test-threads", str(os.cpu_count() or 1)]
        commands = [["cargo", "test", *program, "--locked", "--", "--exact", *names, *report] for program, names in wanted if names]
        return all(
            subprocess.run(command, cwd=TREE, env=environment(), check=False).returncode == 0 for command in commands
        )


def selected(names: Sequence[str], filters: Sequence[str]) -> list[str]:
    """The names that contain one of these; all of them if nothing is asked for."""
    return [name for name in names if not filters or any(each in name for each in filters)]


def hunt(paper: str = "") -> int:
    """Hunts every planted bug, in the core and at the HTTP edge; says by which rule and which seed each is found. With the
    command that `paper` names the tables become a page of docs/."""
    install.require_rust()
    core = ["run", "--quiet", *SIMULATED, "-p", "simulation", "--locked", "--", "--zoo"]
    core += ["--threads", str(os.cpu_count() or 1)]
    edge = ["run", "--quiet", "-p", "edge", "--locked", "--", "--zoo"]
    with copies.alone(STATE, "./dev zoo"):
        copied()
        hunts = [papers.told(["cargo", *command], environment(), TREE) for command in (core, edge)]
    if paper:
        tables = [table for _, table in hunts]
        papers.write(papers.ZOO, papers.page("Planted bugs", paper, time.strftime("%Y-%m-%d"), tables))
    return int(any(status != 0 for status, _ in hunts))


def edit(name: str, root: Path = ROOT, zoo: Path = ZOO, edited: Path = EDITED) -> int:
    """Makes a copy with the patches before this one and this one applied, as far as it still does; prints where."""
    name = _known(name, zoo)
    every = patches(zoo)
    before = [patch for patch in every if patch.file < f"{name}.patch"]
    folder, base = edited / name, edited / f"{name}.before"
    for each in (folder, base):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)
    copies.synchronised(root, folder, composed(before, root, zoo))
    for part in PLANTED_IN:
        if (folder / part).is_dir():
            shutil.copytree(folder / part, base / part)
    for patch in every:
        if patch.name == name and (why := _git_apply(patch, folder, "--reject")):
            complain(f"not all of it applies, see the files *.rej: {why}")
    step(f"make the mistake in {shown(folder)}, then `./dev zoo --save {name}`; `cargo check` there shows whether it builds")
    say(str(folder))
    return 0


def save(name: str, root: Path = ROOT, zoo: Path = ZOO, edited: Path = EDITED) -> int:
    """Writes the difference between that copy and what it was without the mistake as the bug's patch."""
    name = _known(name, zoo)
    folder, base = edited / name, edited / f"{name}.before"
    if not folder.is_dir() or not base.is_dir():
        raise Failure(f"there is no copy of that bug: `./dev zoo --edit {name}` makes one", 2)
    old, new = _sources(base), _sources(folder)
    if old == new:
        raise Failure(f"nothing was changed in {shown(folder)}", 2)
    others = [patch for patch in patches(zoo) if patch.name != name]
    former = next((patch.header for patch in patches(zoo) if patch.name == name), {})
    header = {"mistake": mistakes(zoo)[name], "rules": "", **former}
    header.pop("after", None)
    best: tuple[tuple[int, int], Patch, list[Stale]] | None = None
    for context in _contexts():
        patch = Patch(name, _written(header, _difference(old, new, context)))
        before = [other for other in others if other.file < patch.file]
        if any(new.get(path) != text for path, text in patched([*before, patch], root)[0].items() if path in patch.files):
            continue  # found another place with the same lines around it
        stale = patched(sorted([*others, patch], key=lambda each: each.file), root)[1]
        after = _needed(patch, before, root)
        if after:
            patch = Patch(name, _written({**header, "after": " ".join(f"{each}.patch" for each in after)}, _difference(old, new, context)))
        rank = (len(stale), len(after))
        if best is None or rank < best[0]:
            best = (rank, patch, stale)
        if rank == (0, 0):
            break
    if best is None:
        raise Failure(f"what was changed in {shown(folder)} is no patch that can be applied: are the sources still those of `--edit`?", 2)
    _, patch, stale = best
    (zoo / f"{name}.patch").write_text(patch.text, encoding="utf-8")
    step(f"wrote {shown(zoo / f'{name}.patch')}")
    for each in stale:
        complain(refresh(each))
    if not header["rules"]:
        complain(f"name the rules that must find it: `rules: …` in {name}.patch")
    return 1 if stale else 0


def _known(name: str, zoo: Path) -> str:
    """The name of a bug's patch, however it was written; it has to have a switch."""
    name = name.removesuffix(".patch")
    known = mistakes(zoo)
    if name not in known:
        near = [each for each in known if name in each or bug_of(each)[1] == name]
        if len(near) == 1:
            return near[0]
        raise Failure(f"no bug {name} has a switch in tests/zoo/switches" + (f": one of {', '.join(near)}?" if near else ""), 2)
    return name


def _sources(folder: Path) -> dict[str, str]:
    """The sources of what is deployed, without the switches themselves."""
    found = [path for part in PLANTED_IN for path in sorted((folder / part).rglob("*.rs")) if path.name != "planted.rs"]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


def _contexts() -> list[Callable[[str, str, str], str]]:
    """Ways to write a difference: with as much around it as there can be. Where two bugs stand in one place, the later one is held
    by what follows alone."""
    whole = [lambda path, old, new, lines=lines: _hunks(path, old, new, lines) for lines in (3, 2, 1)]
    return [*whole, *(lambda *given, each=each: _without_lead(each(*given)) for each in whole)]


def _hunks(path: str, old: str, new: str, lines: int) -> str:
    split = (old.splitlines(keepends=True), new.splitlines(keepends=True))
    return "".join(unified_diff(*split, f"a/{path}", f"b/{path}", n=lines))


def _without_lead(difference: str) -> str:
    """A difference of one file whose hunks begin with what is changed."""
    head, *parts = re.split(r"(?m)^(?=@@ )", difference)
    for part in parts:
        header, *body = part.splitlines(keepends=True)
        numbers = _HUNK.match(header)
        if numbers is None:
            raise Failure(f"no hunk: {header}")
        old, old_lines, new, new_lines = (int(number or 1) for number in numbers.groups())
        lead = next(index for index, line in enumerate(body) if not line.startswith(" "))
        head += f"@@ -{old + lead},{old_lines - lead} +{new + lead},{new_lines - lead} @@\n" + "".join(body[lead:])
    return head


def _difference(old: Mapping[str, str], new: Mapping[str, str], written: Callable[[str, str, str], str]) -> str:
    changed = [path for path in sorted(old) if path in new and old[path] != new[path]]
    return "".join(f"diff --git a/{path} b/{path}\n{written(path, old[path], new[path])}" for path in changed)


def _written(header: Mapping[str, str], difference: str) -> str:
    lines = [f"{name}: {header[name]}\n" for name in ("mistake", "seen", "rules", "after") if header.get(name)]
    return "".join(lines) + "\n" + difference


def _needed(patch: Patch, before: Sequence[Patch], root: Path) -> list[str]:
    """Those of the patches before it without which it does not apply: as few as will do."""

    def applies(with_these: Sequence[Patch]) -> bool:
        every = [other for other in before if other.name == SWITCHES or other in with_these]
        return not patched([*every, patch], root)[1]

    needed = [other for other in before if other.name != SWITCHES and set(other.files) & set(patch.files)]
    if applies([]):
        return []
    for other in list(needed):
        fewer = [each for each in needed if each != other]
        if applies(fewer):
            needed = fewer
    return [other.name for other in needed]
