"""Sample events: events/NAME.json, where NAME starts with the function's name."""

from __future__ import annotations

import json
import time
from pathlib import Path

from .console import Failure
from .processes import shown
from .settings import EVENTS, STATE, functions

# What no file can know beforehand; filled in when an event is sent. The end-to-end tests fill in the same.
AHEAD = {"{{in 30 days}}": 30, "{{in 60 days}}": 60}
WEBHOOK_TOKEN = "{{webhook token}}"


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
    """The event of that name or path, ready to be sent; without one, the function's first."""
    if function not in functions():
        raise Failure(f"there is no function {function}: {', '.join(functions())}")
    known = events_of(function)
    if event is None:
        if not known:
            raise Failure(f"{shown(EVENTS)} has no event for {function}")
        return ready(known[0])
    for path in (EVENTS / f"{event}.json", EVENTS / f"{function}-{event}.json", Path(event)):
        if path.is_file():
            return ready(path)
    names = ", ".join(path.stem for path in known) or "none"
    raise Failure(f"there is no event {event}; those of {function}: {names}")


def ready(event: Path, state: Path = STATE) -> Path:
    """The file itself, or a copy of it below the sandbox's state with its placeholders filled in."""
    text = event.read_text(encoding="utf-8")
    whole = fill(text, state)
    if whole == text:
        return event
    copy = state / "events" / event.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    # It may hold the webhook's token.
    copy.touch(mode=0o600)
    copy.write_text(whole, encoding="utf-8")
    return copy


def fill(text: str, state: Path) -> str:
    """The text with its placeholders filled in, by the clock and the token of the sandbox with that state."""
    for placeholder, days in AHEAD.items():
        if placeholder in text:
            text = text.replace(placeholder, str(_sandbox_now(state) + days * 86_400))
    if WEBHOOK_TOKEN in text:
        text = text.replace(WEBHOOK_TOKEN, _webhook_token(state))
    return text


def _sandbox_now(state: Path) -> int:
    """UNIX seconds by the sandbox's clock, which `./dev clock` moves."""
    try:
        offset = int((state / "clock-offset").read_text())
    except (OSError, ValueError):
        offset = 0
    return int(time.time()) + offset


def _webhook_token(state: Path) -> str:
    """The last part of the address that the sandbox sends its notices to."""
    try:
        address = json.loads((state / "sandbox.json").read_text())["webhook_url"]
    except (OSError, ValueError, KeyError):
        raise Failure("this event needs the running sandbox's webhook token: start it with `./dev up`") from None
    return str(address).rpartition("/")[2]
