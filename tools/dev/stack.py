"""The whole system on one machine: the sandbox, and the functions under `cargo lambda watch`."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from . import install
from .console import Failure, step
from .events import event_file
from .processes import Child, adopt_orphans, require_free_port, shown, stop
from .settings import (
    AWS,
    E2E_STATE,
    GATEWAY,
    HOST,
    IAMPORT,
    IMP_CODE,
    LAMBDA,
    REGION,
    ROOT,
    SECRET_ID,
    STATE,
    STOREFRONT,
    TABLE_NAME,
    VBANK_CHANNELS,
    Urls,
    base_environment,
    functions,
    port_of,
    url_of,
)

START_SECONDS = 60
REQUEST_SECONDS = 60
# Instances of one function that may run at once: with one, requests queue and no race can be seen; each costs start-up
# time, and a rebuild of its own when a source changes.
UP_CONCURRENCY = 4
TEST_CONCURRENCY = 8
# What the functions read (shared/runtime/src/config.rs); a test run must not inherit any of it from the shell that starts it.
CONFIGURATION = (
    "ACCEPT_SANDBOX_PAYMENTS",
    "AMOUNT_MAX",
    "CHECKOUT_CONFIRM",
    "CHECKOUT_RETURN_URL",
    "CONSENT_POLICY",
    "CURRENCIES",
    "CVC_ACCEPTED",
    "EVENT_BUS_NAME",
    "IAMPORT_BASE_URL",
    "IAMPORT_CHANNEL_KEY",
    "IAMPORT_CHECKOUT_PGS",
    "IAMPORT_CODE",
    "IAMPORT_PG",
    "IAMPORT_RATE",
    "IAMPORT_TIER",
    "IAMPORT_VBANK_CHANNELS",
    "LATE_PAID_POLICY",
    "CASH_RECEIPT_COMPANY_NAME",
    "CASH_RECEIPT_COMPANY_TEL",
    "CASH_RECEIPT_CORP_REG_NO",
    "CASH_RECEIPT_POLICY",
    "PUBLIC_URL",
    "QUARANTINE_SECONDS",
    "SANDBOX_CLOCK_FILE",
    "WEBHOOK_IPS",
    "WEBHOOK_IP_MODE",
)
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class WarmUp(NamedTuple):
    """A request without effect."""

    method: str
    path: str
    token: str | None
    body: bytes | None = None


# Functions that are not here have no route, and are invoked with their first event.
WARM_UPS: Mapping[str, WarmUp] = {
    "billing-keys": WarmUp("GET", "/billing-keys", "customer"),
    "refund": WarmUp("POST", "/charges/warm-up/refunds", "merchant"),
    "charge": WarmUp("GET", "/charges/warm-up", "merchant"),
    # Without a field it is refused before anything is read.
    "checkout": WarmUp("POST", "/checkouts", "merchant", b"{}"),
    # Without an Idempotency-Key it is refused before anything is read.
    "issue-billing-key": WarmUp("POST", "/billing-keys", "customer", b"{}"),
    "schedule": WarmUp("GET", "/schedules/warm-up", "merchant"),
    "subscription": WarmUp("GET", "/subscriptions/warm-up", "merchant"),
    "webhook": WarmUp("POST", "/webhooks/iamport/not-the-token", None, b"{}"),
}
WITHOUT_ROUTE = ("publish", "reconcile")


class Plan(NamedTuple):
    """What to start, and where."""

    urls: Urls
    state: Path
    data: str | None
    own_iamport: bool
    own_aws: bool
    # Environment of the functions before the stack's own variables.
    base: Mapping[str, str]
    concurrency: int
    # Whether a changed source rebuilds a function.
    reload: bool


def plan_up(data: str | None, environ: Mapping[str, str] = os.environ) -> Plan:
    """The plan of `./dev up`: ports by variable, and the caller's own Iamport or AWS endpoint where one is named."""
    if data is not None:
        data = str(Path(data).resolve())
        if ROOT in Path(data).parents and ROOT / "target" not in Path(data).parents:
            # `cargo lambda watch` takes a file that is not ignored for a source.
            raise Failure(
                "--data: a folder inside the repository has to be below target/, or every payment rebuilds", 2
            )
    iamport, aws = environ.get("IAMPORT_BASE_URL"), environ.get("AWS_ENDPOINT_URL")
    taken: dict[int, str] = {}
    for role, used in (
        (GATEWAY, True),
        (IAMPORT, not iamport),
        (AWS, not aws),
        (LAMBDA, True),
        (STOREFRONT, True),
    ):
        if not used:
            continue
        port = port_of(role, environ)
        if port in taken:
            raise Failure(f"{role.variable} and {taken[port]} are both {port}: give one of them another port", 2)
        taken[port] = role.variable
        require_free_port(role, port)
    base = base_environment(environ)
    if aws:
        # Somebody's own server may ask for somebody's own credentials. A profile stays out: its endpoint would win.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
            if name in environ:
                base[name] = environ[name]
    base["AWS_LAMBDA_LOG_LEVEL"] = environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
    # The demo storefront has no page that asks for consent: `CONSENT_POLICY=kr ./dev up` has the API ask for it.
    base.setdefault("CONSENT_POLICY", "off")
    urls = Urls(
        gateway=url_of(port_of(GATEWAY, environ)),
        iamport=iamport or url_of(port_of(IAMPORT, environ)),
        aws=aws or url_of(port_of(AWS, environ)),
        functions=url_of(port_of(LAMBDA, environ)),
        storefront=url_of(port_of(STOREFRONT, environ)),
    )
    return Plan(
        urls, STATE, data, own_iamport=not iamport, own_aws=not aws, base=base, concurrency=UP_CONCURRENCY, reload=True
    )


def test_environment() -> dict[str, str]:
    """The caller's environment without what the functions read."""
    return {name: value for name, value in base_environment().items() if name not in CONFIGURATION}


def plan_test(ports: Sequence[int], state: Path = E2E_STATE) -> Plan:
    """The plan of a suite that needs a stack: its own ports and state, nothing from the caller's configuration."""
    base = test_environment()
    base["AWS_LAMBDA_LOG_LEVEL"] = "INFO"
    # Most tests change plans as merchants do who ask their customers themselves. Consent has tests at the edge and in the domain.
    base["CONSENT_POLICY"] = "off"
    urls = Urls(*(url_of(port) for port in ports))
    return Plan(
        urls, state, None, own_iamport=True, own_aws=True, base=base, concurrency=TEST_CONCURRENCY, reload=False
    )


def build() -> Path:
    """Builds sandbox and functions; returns cargo's target directory.

    All binaries in one call, from the root, as `cargo lambda watch` will ask for each of them (`cargo run --bin NAME`):
    the same features get unified, so that a function's first request finds it compiled.
    """
    step("building the sandbox and the functions")
    if subprocess.run(["cargo", "build", "--bins", "--locked"], cwd=ROOT, check=False).returncode != 0:
        raise Failure("the build failed, see above")
    return install.target_directory()


def function_environment(plan: Plan) -> dict[str, str]:
    """The variables that a deployed function gets from template.yaml, with the local addresses."""
    environment = {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "CHECKOUT_CONFIRM": "true",
        "IAMPORT_CODE": IMP_CODE,
        "IAMPORT_VBANK_CHANNELS": VBANK_CHANNELS,
        # What the sandbox's gateway says of a local sender.
        "WEBHOOK_IPS": HOST,
    }
    environment.update(plan.base)
    environment.update(
        {
            "AWS_ENDPOINT_URL": plan.urls.aws,
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "CHECKOUT_RETURN_URL": f"{plan.urls.storefront}/return",
            "EVENT_BUS_NAME": TABLE_NAME,
            "IAMPORT_BASE_URL": plan.urls.iamport,
            "IAMPORT_SECRET_ID": SECRET_ID,
            "NOTICE_URL": f"{plan.urls.gateway}/webhooks/iamport",
            "PUBLIC_URL": plan.urls.gateway,
            "TABLE_NAME": TABLE_NAME,
            # The function's output is a log file.
            "CARGO_TERM_COLOR": "never",
        }
    )
    if plan.own_iamport:
        # The functions share the simulator's clock; beside a real server they refuse to have any but their own.
        environment["SANDBOX_CLOCK_FILE"] = str(plan.state / "clock-offset")
        # Nobody has to be spared the calls of many tests at once.
        environment.setdefault("IAMPORT_RATE", "1000")
    return environment


class Stack:
    """A running sandbox with the functions behind it. Use as a context manager: it ends with the block."""

    def __init__(self, plan: Plan, target: Path, cargo_lambda: Path):
        self.plan = plan
        self.logs = plan.state / "logs"
        self._sandbox = target / "debug" / "sandbox"
        self._cargo_lambda = cargo_lambda
        self._children: list[Child] = []
        self._closed = False

    def __enter__(self) -> Stack:
        adopt_orphans()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every child, and forgets where the stack was."""
        self._closed = True
        children, self._children = self._children, []
        stop(children)
        _record(self.plan.state).unlink(missing_ok=True)

    def require_alive(self) -> None:
        """Fails if sandbox or functions have ended by themselves."""
        for child in self._children:
            child.require_alive()

    def _start(self) -> None:
        plan, urls = self.plan, self.plan.urls
        plan.state.mkdir(parents=True, exist_ok=True)
        serve = [str(self._sandbox), "serve", "--template", "template.yaml", "--state", str(plan.state)]
        serve += ["--gateway-port", _port(urls.gateway), "--lambda-url", urls.functions]
        serve += ["--storefront-port", _port(urls.storefront)]
        serve += ["--iamport-port", _port(urls.iamport)] if plan.own_iamport else ["--no-iamport"]
        serve += ["--aws-port", _port(urls.aws)] if plan.own_aws else ["--no-aws", "--aws-url", urls.aws]
        if plan.data is not None:
            serve += ["--data", plan.data]
        watch = [
            str(self._cargo_lambda),
            "lambda",
            "watch",
            "--invoke-address",
            HOST,
            "--invoke-port",
            _port(urls.functions),
        ]
        watch += ["--concurrency", str(plan.concurrency)]
        if not plan.reload:
            watch.append("--ignore-changes")
        step("starting the sandbox")
        self._children.append(Child("the sandbox", serve, plan.base, self.logs / "sandbox.log"))
        self._wait_for(urls.gateway, self._children[-1])
        step("starting the functions")
        self._children.append(
            Child("cargo lambda watch", watch, function_environment(plan), self.logs / "functions.log")
        )
        self._wait_for(urls.functions, self._children[-1])
        self._warm_up()
        _record(plan.state).write_text(json.dumps({**urls._asdict(), "pid": os.getpid()}) + "\n")

    def _wait_for(self, url: str, child: Child) -> None:
        """Returns when something answers HTTP at the URL."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.require_alive()
            if _request("GET", f"{url}/", seconds=5) is not None:
                return
            if time.monotonic() > deadline:
                raise Failure(
                    f"{child.name} does not answer at {url}; the last lines of {shown(child.log)}:\n{child.tail()}"
                )
            time.sleep(0.1)

    def _warm_up(self) -> None:
        """Returns when every function has answered a request, so that nobody's first request waits for a start."""
        tokens = {"customer": self._token("customer", "--id", "warm-up"), "merchant": self._token("merchant")}
        unknown = set(functions()) - set(WARM_UPS) - set(WITHOUT_ROUTE)
        if unknown:
            raise Failure(f"no warm-up request for {', '.join(sorted(unknown))}: add one in tools/dev/stack.py")
        pool = ThreadPoolExecutor()
        try:
            waiting = {name: pool.submit(self._answered, name, tokens) for name in functions()}
            for name, answered in waiting.items():
                trouble = answered.result()
                self.require_alive()
                if trouble:
                    log = self._children[-1]
                    raise Failure(
                        f"the function {name} fails: {trouble}; the last lines of {shown(log.log)}:\n{log.tail()}"
                    )
        finally:
            # Not waited for: a function that hangs would hold up Ctrl-C. `close` ends the requests with the children.
            pool.shutdown(wait=False, cancel_futures=True)

    def _answered(self, name: str, tokens: Mapping[str, str]) -> str | None:
        """None when the function answered its warm-up, whatever it said; else what came instead."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            warm = WARM_UPS.get(name)
            if warm is None:
                url = f"{self.plan.urls.functions}/2015-03-31/functions/{name}/invocations"
                answer = _request("POST", url, event_file(name, None).read_bytes())
            else:
                headers = {"authorization": f"Bearer {tokens[warm.token]}"} if warm.token else {}
                answer = _request(warm.method, self.plan.urls.gateway + warm.path, warm.body, headers)
            if answer is not None and answer[0] < 500 and not _of_the_gateway(answer[1]):
                return None
            retry = answer is None or answer[0] >= 500
            if not retry or self._closed or time.monotonic() > deadline:
                return "no answer" if answer is None else f"{answer[0]} {answer[1][:200].decode(errors='replace')}"
            time.sleep(0.5)

    def _token(self, *arguments: str) -> str:
        command = [str(self._sandbox), "token", *arguments, "--state", str(self.plan.state)]
        answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if answered.returncode != 0:
            raise Failure(f"the sandbox gives no token: {install.last_line(answered.stderr)}")
        return answered.stdout.strip()


def running(environ: Mapping[str, str] = os.environ) -> Urls:
    """Where the stack of `./dev up` answers: as it noted it itself, else by the ports of the environment."""
    try:
        noted = json.loads(_record(STATE).read_text())
        return Urls(*(noted[field] for field in Urls._fields))
    except (OSError, ValueError, KeyError):
        return Urls(
            gateway=url_of(port_of(GATEWAY, environ)),
            iamport=environ.get("IAMPORT_BASE_URL") or url_of(port_of(IAMPORT, environ)),
            aws=environ.get("AWS_ENDPOINT_URL") or url_of(port_of(AWS, environ)),
            functions=url_of(port_of(LAMBDA, environ)),
            storefront=url_of(port_of(STOREFRONT, environ)),
        )


def require_running(url: str) -> None:
    """Fails with one line if nothing answers at the URL."""
    if _request("GET", f"{url}/", seconds=5) is None:
        raise Failure(f"nothing answers at {url}: start the sandbox with `./dev up`")


def _of_the_gateway(body: bytes) -> bool:
    """Whether an answer is the gateway's own, which has a message and nothing else, and not the function's."""
    try:
        return set(json.loads(body)) == {"message"}
    except (TypeError, ValueError):
        return False


def _record(state: Path) -> Path:
    return state / "stack.json"


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = REQUEST_SECONDS,
) -> tuple[int, bytes] | None:
    """Status and body of an answer of any status; None when nothing answers."""
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    if body is not None:
        request.add_header("content-type", "application/json")
    try:
        with _direct.open(request, timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None
