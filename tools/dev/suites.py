"""`./dev test` and `./dev check`: what .ci/run calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import chromium, install, papers, zoo
from .console import Failure, complain, say, step
from .processes import Child, free_ports, shown
from .settings import E2E_STATE, REGION, ROOT, SIMULATED, Urls, base_environment
from .stack import Stack, build, plan_test, test_environment

# The end-to-end tests wait for the stack most of the time, so there are more of them at once than cores.
E2E_THREADS = "4"

# Of the browser tests' modes: with a Chromium if one can be had, only with one, without.
BROWSER_MODES = AUTO, REQUIRED, OFF = ("auto", "required", "off")
BROWSER = "browser"
# What pages looked like when their test failed.
BROWSER_DIR = ROOT / "target" / "browser"

SIMULATIONS = ("simulation", "simulation-sdk")
EDGE = "edge"
# Its hunts run in the zoo's copy, where every bug is.
HUNTS_ELSEWHERE = ("--skip", "planted::")
# The tests of these need a build of their own, or a stack.
CRATES = ["--workspace", *(part for name in ("e2e", BROWSER, *SIMULATIONS, EDGE) for part in ("--exclude", name))]
# As many as take some seconds.
QUICK_SEEDS = 2_000
# Prints the rules of the gateways.
RULES = ("cargo", "run", "--quiet", "-p", "rules", "--locked", "--")
# What may be published, and how cargo says that its registry cannot be asked from here.
CLIENT = "iamport"
NO_REGISTRY = ("failed to download from", "is replaced with", "--offline was specified")
# The profile of Cargo.toml, which a package does not bring along: so what is built already is not built again.
SAME_PROFILE = (
    "--config",
    'profile.dev.debug="line-tables-only"',
    "--config",
    'profile.dev.package."*".debug=false',
)


class _Times:
    """How long each part of a run took, to say at its end where the time went."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._parts: list[tuple[float, str]] = []

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Takes the time of what is done within."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._parts.append((time.monotonic() - started, part))

    def took(self, seconds: float, part: str) -> None:
        """A part that ran beside others."""
        self._parts.append((seconds, part))

    def tell(self, most: int = 8) -> None:
        """Prints the parts that took longest."""
        say()
        for seconds, part in sorted(self._parts, reverse=True)[:most]:
            say(f"{seconds:6.0f} s  {part}")
        used = os.times()
        busy = used.user + used.system + used.children_user + used.children_system
        whole = time.monotonic() - self.started
        say(f"{busy:6.0f} s  of all processors together, in {whole:.0f} s: {busy / whole:.1f} of {os.cpu_count() or 1} were busy")


def test(filters: Sequence[str], browser: str = AUTO) -> int:
    """Every test. Those that need the whole stack wait most of the time, so their suites run side by side; but not beside those that
    compute: what is slow to answer is answered otherwise."""
    times = _Times()
    install.require_rust()
    install.cargo_lambda()
    # Before all that takes minutes.
    programs, left_out = _browser(browser)
    environment = test_environment()
    step("tests of the crates")
    if not _tested("the crates", CRATES, environment, filters, times):
        complain("the tests of the crates failed, see above")
        return 1
    suites = ["e2e", *([BROWSER] if programs else [])]
    if filters:
        suites = [package for package in suites if _selects_any(package, filters, environment)]
    # All that is built into target/debug comes first: one build there waits for another.
    with times.of("the end-to-end tests, their stacks and the HTTP edge, built"):
        if suites:
            build()
        packages = [argument for package in (EDGE, *suites) for argument in ("-p", package)]
        if _cargo(["test", *packages, "--locked", "--no-run", "--quiet"], environment, ()) != 0:
            return 1
    computed = _computes(filters, environment, times)
    with _Beside(suites, filters, browser, times) as beside:
        passed = beside.passed()
    times.tell()
    if not (computed and passed):
        return 1
    step(f"all tests passed in {time.monotonic() - times.started:.0f} s" + (f", {left_out}" if left_out else ""))
    return 0


def _computes(filters: Sequence[str], environment: Mapping[str, str], times: _Times) -> bool:
    """The tests that need processors and nothing else, each kind whether or not the one before it passed."""
    step("simulation: crash points, seeds, webhooks")
    simulated = [*SIMULATED, *(argument for package in SIMULATIONS for argument in ("-p", package))]
    # What a test prints here is its report: seeds run, boundaries hit, bugs caught.
    report = ["--nocapture", "--test-threads", str(os.cpu_count() or 1)]
    passed = True
    if not _tested("the simulation", simulated, environment, [*filters, *HUNTS_ELSEWHERE, *report], times):
        complain("the simulation failed, see above; `./dev sim --seed S` replays a seed with its journal")
        passed = False
    step("the HTTP edge: seeds")
    if not _tested("the HTTP edge", ["-p", EDGE], environment, filters, times):
        complain("the tests of the HTTP edge failed, see above")
        passed = False
    step("planted bugs, in the copy of the repository that has them")
    with times.of("planted bugs, with the build of their copy"):
        hunted = zoo.hunted(filters)
    if not hunted:
        complain("a planted bug was not found, see above; `./dev zoo` prints by which rule and seed each is")
    return passed and hunted


class _Beside:
    """The suites that need a stack, each in a process of its own beside the others: it ends the processes that it started, and would
    take another's for its own. What they print comes at the end, one suite after another."""

    def __init__(self, packages: Sequence[str], filters: Sequence[str], browser: str, times: _Times):
        self._packages = packages
        self._filters = filters
        self._browser = browser
        self._times = times
        self._started: list[tuple[str, Child, float]] = []

    def __enter__(self) -> _Beside:
        # All at once, so that no two get the same.
        ports = free_ports(len(Urls._fields) * len(self._packages))
        for place, package in enumerate(self._packages):
            step(f"{package}: on a stack of its own")
            own = ",".join(map(str, ports[place :: len(self._packages)]))
            # Names stand together: argparse takes no more of them behind an option.
            command = [sys.executable, "-B", str(ROOT / "dev"), "suite", package, *self._filters]
            command += ["--ports", own, f"--browser={self._browser}"]
            log = E2E_STATE / f"{package}.log"
            self._started.append((package, Child(package, command, os.environ, log), time.monotonic()))
        return self

    def __exit__(self, *_: object) -> None:
        for _package, child, _began in self._started:
            if child.process.poll() is None:
                child.process.terminate()
        for _package, child, _began in self._started:
            child.process.wait()

    def passed(self) -> bool:
        """Waits for them, prints what they printed, and says whether all passed."""
        all_passed = True
        for package, child, began in self._started:
            status = child.process.wait()
            # When it ended is when it wrote last.
            took = child.log.stat().st_mtime - (time.time() - (time.monotonic() - began))
            self._times.took(took, f"{package}, on a stack of its own, beside the other")
            step(f"what {package} printed:")
            say(child.log.read_text(errors="replace").rstrip())
            all_passed = all_passed and status == 0
        return all_passed


def suite(package: str, ports: Sequence[int], filters: Sequence[str], browser: str) -> int:
    """One suite that needs a stack, on one of its own."""
    programs, _ = _browser(browser) if package == BROWSER else (None, "")
    passed = _passes_on_stack(package, ports, install.cargo_lambda(), test_environment(), programs, filters)
    return 0 if passed else 1


def quick() -> int:
    """What tells most in a minute, once all is built: tests of the crates, some seeds, and those that read the repository's files."""
    times = _Times()
    install.require_rust()
    environment = test_environment()
    step("tests of the crates")
    if not _tested("the crates", CRATES, environment, (), times):
        complain("the tests of the crates failed, see above")
        return 1
    step(f"simulation: {QUICK_SEEDS} seeds")
    with times.of("seeds, with the simulation's build"):
        seeds = simulate(["--seeds", str(QUICK_SEEDS), "--threads", str(os.cpu_count() or 1)])
    if seeds != 0:
        complain("a seed failed, see above; `./dev sim --seed S` replays it with its journal")
        return 1
    step("the repository's files")
    if not _tested("the repository's files", ["-p", "e2e", "--test", "static"], environment, (), times):
        complain("the repository's files do not hold together, see above")
        return 1
    times.tell()
    step(f"passed in {time.monotonic() - times.started:.0f} s; `./dev test` runs everything")
    return 0


def _tested(
    what: str, which: Sequence[str], environment: Mapping[str, str], arguments: Sequence[str], times: _Times
) -> bool:
    """Builds tests and runs them, and takes the time of both."""
    with times.of(f"{what}, built"):
        built = _cargo(["test", *which, "--locked", "--no-run", "--quiet"], environment, ())
    if built != 0:
        return False
    with times.of(f"{what}, run"):
        return _cargo(["test", *which, "--locked"], environment, arguments) == 0


def _browser(mode: str) -> tuple[chromium.Browser | None, str]:
    """The browser to test with; without one, a line that says that its tests are left out, and why."""
    if mode == OFF:
        return None, "without the browser tests: --browser=off"
    try:
        return chromium.chromium(), ""
    except Failure as failure:
        if mode == REQUIRED:
            raise
        left_out = f"without the browser tests: {failure}"
        step(left_out)
        return None, left_out.splitlines()[0]


def _passes_on_stack(
    package: str,
    ports: Sequence[int],
    cargo_lambda: Path,
    environment: Mapping[str, str],
    browser: chromium.Browser | None,
    filters: Sequence[str],
) -> bool:
    """Runs a suite against a stack of its own: the clock and the books of another suite are nobody's surprise."""
    state = E2E_STATE / package
    shutil.rmtree(state, ignore_errors=True)
    if package == BROWSER:
        shutil.rmtree(BROWSER_DIR, ignore_errors=True)
        step("browser tests: the storefront page and the PG's window in Chromium")
    else:
        step("end-to-end tests, through the gateway to the functions")
    with Stack(plan_test(ports, state), install.target_directory(), cargo_lambda) as stack:
        urls = stack.plan.urls
        environment = {
            "RUST_TEST_THREADS": E2E_THREADS,
            **environment,
            "E2E_GATEWAY_URL": urls.gateway,
            "E2E_IAMPORT_URL": urls.iamport,
            "E2E_AWS_URL": urls.aws,
            "E2E_LAMBDA_URL": urls.functions,
            "E2E_STOREFRONT_URL": urls.storefront,
            "E2E_STATE_DIR": str(stack.plan.state),
            "E2E_LOG_DIR": str(stack.logs),
        }
        if browser is not None:
            environment["BROWSER_CHROMIUM"] = browser.chromium
            environment["BROWSER_CHROMEDRIVER"] = browser.chromedriver
            environment["BROWSER_DIR"] = str(BROWSER_DIR)
        if _cargo(["test", "-p", package, "--locked"], environment, filters) == 0:
            return True
    pages = f", what the pages looked like in {shown(BROWSER_DIR)}" if package == BROWSER else ""
    complain(f"tests of {package} failed, see above; the logs of sandbox and functions are in {shown(stack.logs)}{pages}")
    return False


def simulate(arguments: Sequence[str], paper: str = "", package: str = "simulation") -> int:
    """Runs seeds of the simulation, or of the one over the SDK, on the product as it is deployed, without planted bugs. With the
    command that `paper` names the acceptance card becomes a page of docs/."""
    install.require_rust()
    command = ["cargo", "run", "--quiet", *SIMULATED, "-p", package, "--locked", "--", *arguments]
    status, card = papers.told(command, test_environment())
    if paper:
        text = papers.page("Acceptance card of the simulation", paper, time.strftime("%Y-%m-%d"), [card])
        papers.write(papers.CARD, text)
    return status


def rules(arguments: Sequence[str]) -> int:
    """Prints the rules of the gateways. A reader that closes its end early is none of our failures."""
    install.require_rust()
    return subprocess.run([*RULES, *arguments], cwd=ROOT, env=base_environment(), check=False).returncode


def write_rules() -> int:
    """Makes what is known of the gateways, and what is not, a page of docs/."""
    install.require_rust()
    told = subprocess.run([*RULES, "--page"], cwd=ROOT, env=base_environment(), stdout=subprocess.PIPE, text=True, check=False)
    if told.returncode == 0:
        papers.write(papers.GATEWAYS, papers.text("The gateways", "./dev rules --write", time.strftime("%Y-%m-%d"), told.stdout))
    return told.returncode


def _cargo(arguments: Sequence[str], environment: Mapping[str, str], filters: Sequence[str]) -> int:
    command = ["cargo", *arguments, *(["--", *filters] if filters else [])]
    return subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode


def _selects_any(package: str, filters: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a test of the package has such a name; without one the stack need not start."""
    command = ["cargo", "test", "-p", package, "--locked", "--quiet", "--", "--list", *filters]
    listed = subprocess.run(command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)
    if listed.returncode != 0:
        raise Failure(f"the tests of {package} do not build, see above")
    return any(line.endswith(": test") for line in listed.stdout.splitlines())


class _Skipped(Exception):
    """A check that cannot run here; the text says why."""


def check() -> int:
    """Every static check, all of them even if one fails."""
    install.require_rust()
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("format", lambda: _passes(["cargo", "fmt", "--all", "--check"])),
        (
            "clippy",
            lambda: _passes(["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
        ),
        ("documentation", _documentation),
        ("package of the client", _package),
        ("script", _script),
        ("planted bugs", zoo.check),
        ("template", _template),
        ("licences, bans, sources", lambda: _deny(["check", "licenses", "bans", "sources"])),
        ("advisories", _advisories),
    ]
    results = []
    for name, run in checks:
        step(f"check: {name}")
        started = time.monotonic()
        try:
            verdict = "ok" if run() else "FAILED"
        except _Skipped as reason:
            verdict = f"skipped: {reason}"
        except Failure as failure:
            verdict = f"FAILED: {failure}"
        results.append((name, verdict, time.monotonic() - started))
    say()
    for name, verdict, seconds in results:
        say(f"{name:<24} {seconds:6.1f} s  {verdict}")
    return 1 if any(verdict.startswith("FAILED") for _, verdict, _ in results) else 0


def _passes(command: Sequence[str], extra: Mapping[str, str] | None = None) -> bool:
    environment = {**base_environment(), **(extra or {})}
    return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _documentation() -> bool:
    return _passes(["cargo", "doc", "--workspace", "--no-deps", "--locked"], {"RUSTDOCFLAGS": "-D warnings"})


def _package() -> bool:
    """The client as a registry would get it: built alone from what was packed, then offered for publication, without being sent."""
    package = ["-p", CLIENT, "--locked", "--allow-dirty"]
    # Named, because a package that is verified would otherwise be built in a target directory of its own, from nothing.
    target = {"CARGO_TARGET_DIR": str(install.target_directory())}
    # Offline, because all that it needs is there by now, and a network that does not answer would be waited for crate by crate.
    if not _passes(["cargo", "package", "--offline", *package, *SAME_PROFILE], target):
        return False
    offered = subprocess.run(
        ["cargo", "publish", "--dry-run", "--no-verify", *package],
        cwd=ROOT,
        env={**base_environment(), **target, "CARGO_NET_RETRY": "1"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if any(words in offered.stderr for words in NO_REGISTRY):
        raise _Skipped("it builds alone, but the registry cannot be asked from this network")
    say(offered.stderr.rstrip())
    return offered.returncode == 0


def _script() -> bool:
    """This script's own tests."""
    return _passes(
        [sys.executable, "-B", "-m", "unittest", "discover", "-q", "-s", "tools", "-t", "tools", "-p", "test_*.py"]
    )


def _template() -> bool:
    """cfn-lint for CloudFormation's rules, sam for those of SAM. Neither needs an account, but sam wants a region."""
    programs = install.template_linters()
    # sam keeps its configuration in the home folder, and this script leaves nothing outside of target/.
    home = ROOT / "target" / "tools" / "home"
    home.mkdir(parents=True, exist_ok=True)
    offline = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(home),
        "SAM_CLI_TELEMETRY": "0",
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    linted = _passes([str(programs / "cfn-lint"), "template.yaml"], offline)
    return _passes([str(programs / "sam"), "validate", "--lint"], offline) and linted


def _deny(arguments: Sequence[str]) -> bool:
    return _passes([str(install.cargo_deny()), "--locked", "--workspace", *arguments])


def _advisories() -> bool:
    """Known vulnerabilities. The database is a git repository that not every network reaches."""
    program = install.cargo_deny()
    fetched = subprocess.run(
        [str(program), "--locked", "fetch", "db"],
        cwd=ROOT,
        env=base_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode != 0:
        raise _Skipped("the advisory database cannot be reached from this network")
    return _deny(["check", "--disable-fetch", "advisories"])
