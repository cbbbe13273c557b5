"""The tools that this repository needs: pinned, checked against hashes, below target/tools, installed when missing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .console import Failure, step
from .processes import shown
from .settings import INSTALLED, ROOT, TOOLS, base_environment

RUST_MINIMUM = (1, 95)
CARGO_LAMBDA = "1.9.2"
CARGO_DENY = "0.20.2"
CARGO_MUTANTS = "27.1.0"
LOG = INSTALLED / "install.log"


def require_rust() -> None:
    """Fails with one line unless a Rust toolchain and a linker are there."""
    for program in ("cargo", "rustc"):
        if shutil.which(program) is None:
            raise Failure(
                f"{program} is missing: install Rust from https://rustup.rs (rust-toolchain.toml picks the version)"
            )
    answered = subprocess.run(["cargo", "--version"], cwd=ROOT, capture_output=True, text=True, check=False)
    version = re.match(r"cargo (\d+)\.(\d+)", answered.stdout)
    if answered.returncode != 0 or version is None:
        raise Failure(
            f"cargo does not run: {last_line(answered.stderr)} (is the toolchain of rust-toolchain.toml installed?)"
        )
    if (int(version[1]), int(version[2])) < RUST_MINIMUM:
        wanted = ".".join(map(str, RUST_MINIMUM))
        raise Failure(f"{answered.stdout.strip()} is too old: this workspace needs Rust {wanted} (`rustup update`)")
    if shutil.which("cc") is None:
        how = (
            "`xcode-select --install`"
            if sys.platform == "darwin"
            else "`apt-get install build-essential` or your system's like"
        )
        raise Failure(f"cc is missing, and rustc cannot link without a C compiler: {how}")


def target_directory() -> Path:
    """Where cargo builds, wherever a variable or a configuration file puts it."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
    answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answered.returncode != 0:
        raise Failure(f"cargo metadata failed: {last_line(answered.stderr)}")
    return Path(json.loads(answered.stdout)["target_directory"])


def cargo_lambda() -> Path:
    """The cargo-lambda of tools/cargo-lambda.txt. Its zig dependency (400 MB) serves cross builds only and stays out."""
    return _from_pypi("venv", "cargo-lambda.txt", f"cargo-lambda {CARGO_LAMBDA}") / "cargo-lambda"


def template_linters() -> Path:
    """The folder with the cfn-lint and the sam of tools/check.txt."""
    if sys.version_info < (3, 10):
        raise Failure("cfn-lint and sam need Python 3.10 or later")
    return _from_pypi("venv-check", "check.txt", "cfn-lint and aws-sam-cli")


def cargo_deny() -> Path:
    """cargo-deny, compiled once."""
    return _from_crates("cargo-deny", CARGO_DENY)


def cargo_mutants() -> Path:
    """cargo-mutants, compiled once."""
    return _from_crates("cargo-mutants", CARGO_MUTANTS, "mutants")


def _from_crates(name: str, version: str, *command: str) -> Path:
    """A program of that version, with the lock file that it was published with (which holds the hashes).

    `command` is what it wants before `--version`, if anything.
    """
    program = INSTALLED / "bin" / name
    if program.exists() and version in _output([str(program), *command, "--version"]):
        return program
    step(f"installing {name} {version} (compiled once, some minutes)")
    install = ["cargo", "install", name, "--version", version, "--locked", "--force", "--root", str(INSTALLED)]
    # Outside of the workspace's target directory: its artefacts would only take up room there.
    environment = {name: value for name, value in base_environment().items() if name != "CARGO_TARGET_DIR"}
    # Such a tool is fast enough without optimization, and built in half the time.
    environment["CARGO_PROFILE_RELEASE_OPT_LEVEL"] = "0"
    environment["CARGO_PROFILE_RELEASE_LTO"] = "off"
    environment["CARGO_PROFILE_RELEASE_CODEGEN_UNITS"] = "16"
    _run_logged(install, f"could not install {name} {version} from crates.io", environment)
    return program


def _from_pypi(folder: str, requirements: str, what: str) -> Path:
    """A virtual environment with exactly the given requirement file in it; returns its folder of programs."""
    venv = INSTALLED / folder
    wanted = hashlib.sha256((TOOLS / requirements).read_bytes() + sys.version.encode()).hexdigest()
    stamp = venv / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return venv / "bin"
    step(f"installing {what} into {shown(venv)}")
    shutil.rmtree(venv, ignore_errors=True)
    pip = [*_create_venv(venv), "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    pip += ["--disable-pip-version-check", "--no-input", "-r", str(TOOLS / requirements)]
    _run_logged(pip, f"could not install {what} from PyPI")
    stamp.write_text(wanted)
    return venv / "bin"


def _create_venv(venv: Path) -> list[str]:
    """Makes the environment; returns the pip command that installs into it.

    Debian packs ensurepip separately (python3-venv). Without it, an environment without pip and the system's pip do as
    well; where that is missing too, root may install the package.
    """
    python = str(venv / "bin" / "python")
    if _succeeds([sys.executable, "-m", "venv", str(venv)]):
        return [python, "-m", "pip"]
    if _system_pip_can_serve() and _succeeds([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)]):
        return [sys.executable, "-m", "pip", "--python", python]
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        step("installing python3-venv with apt-get")
        _succeeds([apt, "update"])
        if _succeeds([apt, "install", "-y", "python3-venv"]) and _succeeds(
            [sys.executable, "-m", "venv", "--clear", str(venv)]
        ):
            return [python, "-m", "pip"]
    shutil.rmtree(venv, ignore_errors=True)
    how = "`apt-get install python3-venv`" if apt else "install your system's package for Python's venv module"
    raise Failure(f"{sys.executable} cannot create virtual environments: {how}")


def _system_pip_can_serve() -> bool:
    """Whether there is a pip that knows --python (22.3 and later)."""
    version = re.match(r"pip (\d+)\.(\d+)", _output([sys.executable, "-m", "pip", "--version"]))
    return version is not None and (int(version[1]), int(version[2])) >= (22, 3)


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def _succeeds(command: Sequence[str]) -> bool:
    return logged(command) == 0


def _run_logged(command: Sequence[str], failure: str, environment: dict[str, str] | None = None) -> None:
    if logged(command, environment) == 0:
        return
    said = LOG.read_text(errors="replace")
    offline = re.search(r"from versions: none|connection|resolve host|network|timed out", said, re.IGNORECASE)
    hint = "is there a network? " if offline else ""
    raise Failure(f"{failure}: {hint}{last_line(said)} (all of it: {shown(LOG)})")


def logged(command: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Runs a command with its output in the installation log."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as output:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def last_line(text: str) -> str:
    """The last line that says something; of pip's and cargo's the first one with `error`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"error\b", line, re.IGNORECASE)]
    return (errors or lines or ["it said nothing"])[-1 if not errors else 0]
