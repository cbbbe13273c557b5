"""The browser of the browser tests: Chromium and its driver, the system's own or Debian's packages.

Debian replaces its Chromium with every security release, so no version is pinned: a minimum, and that the two match.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from . import install
from .console import Failure, step
from .processes import shown
from .settings import ROOT

# The first whose headless mode is the whole browser, windows that a page opens included.
MAJOR_MINIMUM = 112
PACKAGES = ("chromium", "chromium-driver", "fonts-nanum")
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chrome", "chromium-browser")
MAC_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
DRIVERS = ("chromedriver",)
BROWSER, DRIVER = "CHROMIUM", "CHROMEDRIVER"
OS_RELEASE = Path("/etc/os-release")


class Browser(NamedTuple):
    """Programs of one major version."""

    chromium: str
    chromedriver: str


def chromium() -> Browser:
    """Chromium and its driver, installed where that needs no password; the Failure says what is missing and why."""
    missing = _missing()
    if missing and not _named():
        how = _how_to_install()
        apt = _apt() if how is None else None
        if apt is None:
            raise Failure(f"{missing} {how or _by_hand()}")
        _install(apt)
        missing = _missing()
    if missing:
        raise Failure(f"{missing} {_by_hand()}")
    found = Browser(_find(BROWSER), _find(DRIVER))
    _require_versions(found)
    return found


def _named() -> bool:
    return any(os.environ.get(variable) for variable in (BROWSER, DRIVER))


def _find(variable: str) -> str:
    """The program that the variable names, else the first that is there; an empty text for none."""
    named = os.environ.get(variable)
    if named:
        return shutil.which(named) or ""
    names = (*BROWSERS, *MAC_BROWSERS) if variable == BROWSER else DRIVERS
    found = (path for path in map(shutil.which, names) if path)
    return next((path for path in found if not _is_snap(path)), "")


def _is_snap(path: str) -> bool:
    """Whether a program is a snap, or Ubuntu's script that asks for one: it sees neither /tmp nor our folders."""
    if "/snap/" in f"{path}{os.path.realpath(path)}":
        return True
    try:
        with open(path, "rb") as program:
            return b"chromium snap" in program.read(4096)
    except OSError:
        return False


def _missing() -> str:
    """What is not there, as the beginning of a sentence; empty if nothing."""
    missing = [name for name, variable in (("Chromium", BROWSER), ("ChromeDriver", DRIVER)) if not _find(variable)]
    verb = "are" if len(missing) > 1 else "is"
    return f"{' and '.join(missing)} {verb} missing:" if missing else ""


def _os_release() -> Mapping[str, str]:
    try:
        lines = OS_RELEASE.read_text(errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.strip("\"'") for name, _, value in pairs}


def _how_to_install() -> str | None:
    """Why we do not install it ourselves on this system, and what to do; None on a Debian."""
    by_variable = f"or name them with {BROWSER} and {DRIVER}"
    if sys.platform == "darwin":
        return f"`brew install --cask google-chrome chromedriver`, {by_variable}"
    release = _os_release()
    family = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    if "ubuntu" in family:
        return (
            "Ubuntu's chromium is a snap, which does not see the tests' folders: install Google Chrome and the"
            f" ChromeDriver of its version, {by_variable}"
        )
    if "debian" not in family or shutil.which("apt-get") is None:
        return f"install your system's packages for Chromium and ChromeDriver, {by_variable}"
    return None


def _by_hand() -> str:
    return f"`apt-get install {' '.join(PACKAGES)}`, or name them with {BROWSER} and {DRIVER}"


def _apt() -> list[str] | None:
    """The apt-get command that needs no password here."""
    apt = shutil.which("apt-get") or "apt-get"
    if os.geteuid() == 0:
        return [apt]
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return [sudo, "-n", apt] if asked.returncode == 0 else None


def _install(apt: list[str]) -> None:
    """Debian's packages. What apt-get says is shown only if it fails."""
    step(f"installing {', '.join(PACKAGES)} with apt-get")
    # Its lists may be old, or missing, and may do nevertheless: the installation tells.
    install.logged([*apt, "update", "-q"])
    # Through env: sudo would drop the variable.
    program = [*apt[:-1], "env", "DEBIAN_FRONTEND=noninteractive", apt[-1]]
    if install.logged([*program, "install", "-y", "-q", "--no-install-recommends", *PACKAGES]) != 0:
        said = install.LOG.read_text(errors="replace").strip().splitlines()[-20:]
        raise Failure(
            f"apt-get could not install {' '.join(PACKAGES)}; the last lines of {shown(install.LOG)}:\n"
            + "\n".join(f"    {line}" for line in said)
        )


def _require_versions(found: Browser) -> None:
    browser, driver = _major(found.chromium), _major(found.chromedriver)
    if browser < MAJOR_MINIMUM:
        raise Failure(f"{found.chromium} is version {browser}: the browser tests need {MAJOR_MINIMUM} or later")
    if browser != driver:
        raise Failure(
            f"{found.chromedriver} is version {driver} and {found.chromium} version {browser}: they have to match"
        )


def _major(program: str) -> int:
    """The first number of the version that a program says it has."""
    try:
        command = [program, "--version"]
        said = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{program} does not run: {error}") from error
    version = re.search(r"(\d+)\.\d+\.\d+\.\d+", said.stdout)
    if said.returncode != 0 or version is None:
        raise Failure(f"{program} does not say its version: {install.last_line(said.stdout + said.stderr)}")
    return int(version[1])
