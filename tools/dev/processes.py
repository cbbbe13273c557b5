"""Children that never outlive the command, whatever ends it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .console import Failure
from .settings import HOST, ROOT, Role

GRACE_SECONDS = 10.0
LOG_TAIL_LINES = 20
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform.startswith("linux")
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent dies, so that none gets out of sight (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent() -> None:
    """Runs in the child: SIGTERM when this script is killed in a way that it cannot handle (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def require_free_port(role: Role, port: int) -> None:
    """Fails with status 2 if something listens on the port already."""
    busy = Failure(f"port {port} of {role.name} is in use: stop what listens there, or set {role.variable}", 2)
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(1)
                if probe.connect_ex((host, port)) == 0:
                    raise busy
        except OSError:
            continue  # this machine has no IPv6
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # With it, connections of the last run that still linger do not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Failure(f"port {port} of {role.name} needs root: set {role.variable} to 1024 or more", 2) from None
        except OSError:
            raise busy from None


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, all different."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Child:
    """A background process in a session of its own, with its output in a log file."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path = ROOT
    ):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal reaches this script only, which then ends its children in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def require_alive(self) -> None:
        """Fails with the log's last lines if the process has ended."""
        status = self.process.poll()
        if status is None:
            return
        how = f"signal {-status}" if status < 0 else f"status {status}"
        raise Failure(f"{self.name} ended ({how}); the last lines of {shown(self.log)}:\n{self.tail()}")

    def tail(self) -> str:
        """The log's last lines."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)


def shown(path: Path) -> str:
    """A path as the user would type it: relative to the repository where it lies in it."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


class _Process(NamedTuple):
    """A line of the process table."""

    parent: int
    # Together with the id it names one process for ever, though the system uses ids again.
    started: str
    zombie: bool


def _table() -> dict[int, _Process]:
    """Every process of this machine by its id."""
    return _table_from_proc() if _LINUX else _table_from_ps()


def _table_from_proc() -> dict[int, _Process]:
    table = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "pid (name) state parent ..."; the name may hold spaces and brackets, the last bracket ends it.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        table[int(entry.name)] = _Process(int(fields[1]), fields[19], fields[0] in "ZX")
    return table


def _table_from_ps() -> dict[int, _Process]:
    environment = {**os.environ, "LC_ALL": "C"}
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="], capture_output=True, text=True, check=True, env=environment
    ).stdout
    table = {}
    for line in listed.splitlines():
        pid, parent, state, started = line.split(None, 3)
        table[int(pid)] = _Process(int(parent), started, state.startswith("Z"))
    return table


def _with_descendants(roots: set[int], table: Mapping[int, _Process]) -> set[int]:
    """The roots and everything below them, as far as they are in the table."""
    found = {pid for pid in roots if pid in table}
    while True:
        below = {pid for pid, process in table.items() if process.parent in found} - found
        if not below:
            return found
        found |= below


def stop(children: Sequence[Child], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ends the children and all that they started: SIGTERM, a grace period, SIGKILL.

    `cargo lambda watch` puts every function into a process group of its own, so ending the children's groups is not
    enough: the tree is read before the first signal, and what is left of it is ended by id and start time.
    """
    table = _table()
    before = {pid: table[pid].started for pid in _with_descendants({child.process.pid for child in children}, table)}
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(child.process.poll() is None for child in children):
        time.sleep(0.05)
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 2
        left = _left(before, children)
        for pid in left:
            _send(pid, number)
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = _left(before, children)
    for child in children:
        child.process.wait()


def _left(before: Mapping[int, str], children: Sequence[Child]) -> set[int]:
    """Which of the tree's processes, and of those that they started since, still run."""
    for child in children:
        child.process.poll()
    table = _table()
    same = {pid for pid, started in before.items() if pid in table and table[pid].started == started}
    orphans = {pid for pid, process in table.items() if process.parent == os.getpid()} if _LINUX else set()
    return {pid for pid in _with_descendants(same | orphans, table) if not table[pid].zombie}


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
