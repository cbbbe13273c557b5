"""Pages of docs/ that a command writes from its own output, so that nobody copies figures by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .console import step
from .processes import shown
from .settings import ROOT

CARD = ROOT / "docs" / "acceptance-card.md"
GATEWAYS = ROOT / "docs" / "gateways.md"
ZOO = ROOT / "docs" / "planted-bugs.md"


def told(command: Sequence[str], environment: Mapping[str, str], folder: Path = ROOT) -> tuple[int, str]:
    """Runs a command and shows what it prints as it comes. Its status, and what that was."""
    lines: list[str] = []
    with subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
    return running.returncode, "".join(lines)


def page(title: str, command: str, day: str, blocks: Sequence[str]) -> str:
    """A generated page: what it is, which command wrote it and when, and the output as it was."""
    return text(title, command, day, "\n\n".join(f"```\n{block.strip()}\n```" for block in blocks) + "\n")


def text(title: str, command: str, day: str, rest: str) -> str:
    """A generated page of a command that prints Markdown."""
    return f"# {title}\n\nWritten by `{command}` on {day}; do not edit it by hand.\n\n{rest}"


def write(path: Path, text: str) -> None:
    """Writes a page."""
    path.write_text(text, encoding="utf-8")
    step(f"wrote {shown(path)}")
