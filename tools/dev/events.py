"""Sample events: events/NAME.json, where NAME starts with the function's name."""

from __future__ import annotations

from pathlib import Path

from .console import Failure
from .processes import shown
from .settings import EVENTS, functions


def function_of(event: Path) -> str | None:
    """The function whose name the file's name starts with; the longest one, where several do."""
    fitting = [name for name in functions() if event.stem == name or event.stem.startswith((f"{name}-", f"{name}."))]
    return max(fitting, key=len, default=None)


def events_of(function: str) -> list[Path]:
    """The function's sample events in the order of their names."""
    return sorted(
        (event for event in EVENTS.glob("*.json") if function_of(event) == function), key=lambda event: event.stem
    )


def event_file(function: str, event: str | None) -> Path:
    """The event of that name or path; without one, the function's first."""
    if function not in functions():
        raise Failure(f"there is no function {function}: {', '.join(functions())}")
    known = events_of(function)
    if event is None:
        if not known:
            raise Failure(f"{shown(EVENTS)} has no event for {function}")
        return known[0]
    for path in (EVENTS / f"{event}.json", EVENTS / f"{function}-{event}.json", Path(event)):
        if path.is_file():
            return path
    names = ", ".join(path.stem for path in known) or "none"
    raise Failure(f"there is no event {event}; those of {function}: {names}")
