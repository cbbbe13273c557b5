"""The command line."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from . import install, suites, zoo
from .mutants import command as mutation
from .console import Failure, complain, say, step
from .events import event_file
from .processes import shown
from .settings import HOST, ROOT, STATE, Urls, base_environment
from .stack import Stack, build, plan_up, require_running, running

DESCRIPTION = "Runs, tests and checks this repository. What it installs is pinned and stays below target/tools."
EPILOG = """\
environment of up:
  STOREFRONT_PORT 3100 · GATEWAY_PORT 3000 · IAMPORT_SIM_PORT 8010 · AWS_SIM_PORT 8000 · CARGO_LAMBDA_PORT 9000
  IAMPORT_BASE_URL, AWS_ENDPOINT_URL   use that server instead of the sandbox's own
  AWS_LAMBDA_LOG_LEVEL                 level of the functions' log lines (INFO)
"""


class _Stopped(Exception):
    """A signal asked for the end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit status."""
    if sys.platform == "win32":
        complain("use Linux, macOS or WSL")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_once)
    options = _parser().parse_args(arguments or ["help"])
    try:
        return int(options.run(options))
    except Failure as failure:
        complain(str(failure))
        return failure.status
    except _Stopped as stopped:
        complain("stopped")
        return 128 + stopped.number


def _stop_once(number: int, _frame: object) -> None:
    """Begins the orderly end; what arrives during it is ignored, for it takes seconds only."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise _Stopped(number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    up = commands.add_parser("up", help="start everything, print `ready`, stop with Ctrl-C")
    up.add_argument(
        "--data", metavar="DIR", help="keep table, payments and keys there between runs (default: in memory)"
    )
    up.set_defaults(run=_up)

    token = commands.add_parser("token", help="print a token that the local gateway accepts")
    token.set_defaults(run=_token)
    kinds = token.add_subparsers(dest="kind", metavar="customer|merchant", required=True)
    kinds.add_parser("customer", help="a signed-in customer").add_argument(
        "--id", required=True, help="the customer's id"
    )
    kinds.add_parser("merchant", help="the storefront's server")

    dump = commands.add_parser("dump", help="print the table as JSON lines")
    dump.set_defaults(run=_dump)

    events = commands.add_parser("events", help="print what the storefront is told, as it is told")
    events.add_argument("--type", metavar="TYPE", action="append", default=[], help="only types that begin so, as in `payment.`")
    events.add_argument("--subject", metavar="SUBJECT", help="only of this order, key or subscription")
    events.add_argument("--json", action="store_true", help="whole events, one line each")
    events.add_argument("--once", action="store_true", help="print what there is, and end")
    events.set_defaults(run=_events)

    invoke = commands.add_parser("invoke", help="send a sample event to a function of the running sandbox")
    invoke.add_argument("function", metavar="FUNCTION")
    invoke.add_argument(
        "event", metavar="EVENT", nargs="?", help="a name in events/, or a path (default: the function's first)"
    )
    invoke.set_defaults(run=_invoke)

    clock = commands.add_parser(
        "clock", help="move the sandbox's clock, as in `./dev clock +31d`: what falls due runs, with sweeps on the way"
    )
    clock.add_argument("by", metavar="+DURATION", help="+30s, +5m, +2h, +31d")
    clock.set_defaults(run=_clock)

    test = commands.add_parser("test", help="run every test, end-to-end tests included")
    test.add_argument("filters", metavar="FILTER", nargs="*", help="only tests whose name contains one of these")
    test.add_argument(
        "--browser",
        choices=suites.BROWSER_MODES,
        default=suites.AUTO,
        help="tests in Chromium: if it is there or can be installed (auto), or else fail (required), or not at all (off)",
    )
    test.add_argument("--quick", action="store_true", help="only what tells most in a minute, once all is built")
    test.set_defaults(run=_test)

    # What `test` starts beside the rest, once all is built.
    suite = commands.add_parser("suite")
    suite.add_argument("package", choices=("e2e", suites.BROWSER))
    suite.add_argument("filters", nargs="*")
    suite.add_argument("--ports", type=_ports, required=True)
    suite.add_argument("--browser", choices=suites.BROWSER_MODES, default=suites.AUTO)
    suite.set_defaults(run=lambda options: suites.suite(options.package, options.ports, options.filters, options.browser))

    sim = commands.add_parser("sim", help="simulate by seeds: many clients, faults, time; prints the acceptance card")
    which = sim.add_mutually_exclusive_group()
    which.add_argument("--seeds", metavar="N", type=_count, default=10_000, help="how many (default: 10000)")
    which.add_argument("--seed", metavar="S", type=_count, help="only this one, with its journal")
    sim.add_argument("--from", metavar="S", type=_count, default=1, dest="first", help="the first (default: 1)")
    sim.add_argument("--sdk", action="store_true", help="over the DynamoDB adapter, the SDK and the embedded engine")
    sim.add_argument("--write", action="store_true", help="write the card to docs/acceptance-card.md")
    sim.set_defaults(run=_sim)

    bugs = commands.add_parser("zoo", help="plant known bugs; print by which rule and seed each is caught")
    what = bugs.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write the tables to docs/planted-bugs.md")
    what.add_argument("--edit", metavar="BUG", help="make a copy of the repository with that bug in it, to change it there")
    what.add_argument("--save", metavar="BUG", help="write what was changed there as the bug's patch in tests/zoo")
    bugs.set_defaults(run=_zoo)

    rules = commands.add_parser("rules", help="print what each gateway asks for, where that is written, and by which tests it is held")
    rules.add_argument("gateway", metavar="GATEWAY", nargs="?", help="its code, such as smartro_v2 (default: every one)")
    as_what = rules.add_mutually_exclusive_group()
    as_what.add_argument("--json", action="store_true", help="for machines")
    as_what.add_argument("--write", action="store_true", help="write the summary and the open questions to docs/gateways.md")
    rules.set_defaults(run=_rules)

    mutants = commands.add_parser(
        "mutants", help="make small mistakes in functions/, shared/ and the template; print which check notices each, and what none does"
    )
    mutants.add_argument("paths", metavar="PATH", nargs="*", help="files or folders (default: all of it)")
    mutants.add_argument(
        "--diff", metavar="REV", help="only in lines that changed since that revision; `last`: since the last release, or in the last commit"
    )
    mutants.add_argument(
        "--minutes", metavar="N", type=_count, help="stop after so long; the next run goes on where this one ended"
    )
    mutants.add_argument("--list", action="store_true", help="say what there is and what is known, run nothing")
    mutants.add_argument("--again", action="store_true", help="ask all of them anew, also what is known")
    mutants.add_argument("--own", action="store_true", help="only the tests of the crate itself: what they miss stays open")
    mutants.add_argument("--rules", action="store_true", help="which rules of the simulation notice each, and what each of them notices alone")
    mutants.add_argument("--write", action="store_true", help="write the figures of whole files into docs/mutants.md")
    mutants.set_defaults(run=_mutants)

    check = commands.add_parser("check", help="format, lints, documentation, licences, template")
    check.set_defaults(run=lambda options: suites.check())

    commands.add_parser("help", help="print this").set_defaults(run=lambda options: _help(parser))
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _ports(text: str) -> list[int]:
    return [_count(port) for port in text.split(",")]


def _test(options: argparse.Namespace) -> int:
    if options.quick and options.filters:
        raise Failure("--quick takes no filter: `./dev test FILTER` runs those tests alone", 2)
    return suites.quick() if options.quick else suites.test(options.filters, options.browser)


def _sim(options: argparse.Namespace) -> int:
    package = "simulation-sdk" if options.sdk else "simulation"
    if options.write and (options.sdk or options.seed is not None):
        raise Failure("--write is for a run of many seeds, without --sdk")
    if options.seed is not None:
        return suites.simulate(["--seed", str(options.seed)], package=package)
    seeds = ["--seeds", str(options.seeds), "--from", str(options.first)]
    paper = " ".join(["./dev sim", *seeds, "--write"]) if options.write else ""
    return suites.simulate([*seeds, "--threads", str(os.cpu_count() or 1)], paper, package)


def _zoo(options: argparse.Namespace) -> int:
    if options.edit is not None:
        return zoo.edit(options.edit)
    if options.save is not None:
        return zoo.save(options.save)
    return zoo.hunt("./dev zoo --write" if options.write else "")


def _rules(options: argparse.Namespace) -> int:
    if options.write and options.gateway is not None:
        raise Failure("--write is for every gateway: leave the name out", 2)
    if options.write:
        return suites.write_rules()
    return suites.rules([*(["--json"] if options.json else []), *([options.gateway] if options.gateway else [])])


def _mutants(options: argparse.Namespace) -> int:
    if options.rules and (options.list or options.again or options.own):
        raise Failure("--rules stands alone, or with --write", 2)
    if options.diff is not None and options.write:
        raise Failure("--write is for whole files: leave --diff out", 2)
    return mutation.mutants(
        options.paths,
        options.diff,
        options.minutes,
        only_list=options.list,
        again=options.again,
        own=options.own,
        by_rule=options.rules,
        write=options.write,
    )


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 0


def _up(options: argparse.Namespace) -> int:
    plan = plan_up(options.data)
    install.require_rust()
    cargo_lambda = install.cargo_lambda()
    target = build()
    try:
        with Stack(plan, target, cargo_lambda) as stack:
            say(_welcome(plan.urls, stack))
            while True:
                stack.require_alive()
                time.sleep(0.5)
    except _Stopped:
        # Asking for the end is the normal way to end it.
        step("stopped")
        return 0


def _welcome(urls: Urls, stack: Stack) -> str:
    return f"""
ready

  open {urls.storefront}    a demo storefront: register a card, pay, schedule, subscribe, refund

  storefront API    {urls.gateway}
  Iamport           {urls.iamport}
  AWS endpoint      {urls.aws}
  functions         {urls.functions}
  logs              {shown(stack.logs)}/functions.log, sandbox.log

The same by hand. Register a card (4242… approves, 4000-0000-0000-0002 is refused, 4000-0000-0000-0341 declines every charge):

  curl -s {urls.gateway}/billing-keys -H "Authorization: Bearer $(./dev token customer --id jane)" \\
    -H 'Content-Type: application/json' -H "Idempotency-Key: $(uuidgen || date +card-%s%N)" \\
    -d '{{"card_number":"4242-4242-4242-4242","expiry":"2030-12","birth":"900101","pwd_2digit":"00"}}'

Charge it (put the reply's customer_uid in):

  curl -s {urls.gateway}/charges -H "Authorization: Bearer $(./dev token merchant)" -H 'Content-Type: application/json' \\
    -d '{{"customer_uid":"CUSTOMER_UID","merchant_uid":"order-1","amount":8900,"name":"First month"}}'

Schedule the next one in 30 days, move the clock past it, look at the rows:

  curl -s {urls.gateway}/schedules -H "Authorization: Bearer $(./dev token merchant)" -H 'Content-Type: application/json' \\
    -d '{{"customer_uid":"CUSTOMER_UID","schedules":[{{"merchant_uid":"order-2","schedule_at":'$(($(date +%s)+2592000))',"amount":8900,"name":"Second month"}}]}}'
  ./dev clock +31d
  ./dev dump

Follow what the storefront is told of it:

  ./dev events

Ctrl-C stops everything."""


def _sandbox(*arguments: str) -> int:
    """Runs the built sandbox with its output going through."""
    program = install.target_directory() / "debug" / "sandbox"
    if not program.exists():
        raise Failure("the sandbox is not built yet: start it with `./dev up`")
    return subprocess.run([str(program), *arguments], cwd=ROOT, env=base_environment(), check=False).returncode


def _token(options: argparse.Namespace) -> int:
    identity = ["--id", options.id] if options.kind == "customer" else []
    return _sandbox("token", options.kind, *identity, "--state", str(STATE))


def _dump(_options: argparse.Namespace) -> int:
    aws = running().aws
    require_running(aws)
    return _sandbox("dump", "--aws-url", aws)


def _events(options: argparse.Namespace) -> int:
    aws = running().aws
    require_running(aws)
    wanted = [word for kind in options.type for word in ("--type", kind)]
    wanted += ["--subject", options.subject] if options.subject else []
    wanted += [flag for flag, asked in (("--json", options.json), ("--once", options.once)) if asked]
    return _sandbox("events", *wanted, "--aws-url", aws)


def _clock(options: argparse.Namespace) -> int:
    urls = running()
    require_running(urls.iamport)
    elsewhere = ["--iamport-url", urls.iamport, "--lambda-url", urls.functions, "--aws-url", urls.aws]
    return _sandbox("clock", options.by, *elsewhere)


def _invoke(options: argparse.Namespace) -> int:
    event = event_file(options.function, options.event)
    url = running().functions
    require_running(url)
    command = [str(install.cargo_lambda()), "lambda", "invoke", options.function, "--data-file", str(event)]
    command += ["--invoke-address", HOST, "--invoke-port", url.rpartition(":")[2]]
    return subprocess.run(command, cwd=ROOT, env=base_environment(), check=False).returncode
