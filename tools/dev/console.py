"""What the user sees: progress lines, and failures that say what to do."""

from __future__ import annotations

import sys


class Failure(Exception):
    """Ends the command with one line on stderr and an exit status. 2 means: nothing was started."""

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status


def say(line: str = "") -> None:
    """Prints a line at once, also into a pipe."""
    print(line, flush=True)


def step(line: str) -> None:
    """Prints what is being done now."""
    say(f"dev: {line}")


def complain(line: str) -> None:
    """Prints a line to stderr."""
    print(f"dev: {line}", file=sys.stderr, flush=True)
