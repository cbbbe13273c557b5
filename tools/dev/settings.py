"""Paths, ports and the environment. Everything that is written lies under target/, which git and cargo-lambda ignore.

A file that appears anywhere else in the workspace makes `cargo lambda watch` rebuild, and a log file does so for ever.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .console import Failure

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
INSTALLED = ROOT / "target" / "tools"
STATE = ROOT / "target" / "sandbox"
E2E_STATE = ROOT / "target" / "e2e"
EVENTS = ROOT / "events"
FUNCTIONS = ROOT / "functions"

HOST = "127.0.0.1"
TABLE_NAME = "billing"
SECRET_ID = "iamport-billing/iamport"
REGION = "ap-northeast-2"
# Seeds by the ten thousand need optimised code; nothing that is deployed is built with this profile.
SIMULATED = ("--profile", "sim")
# The merchant's number in the browser SDK. The simulator takes any.
IMP_CODE = "imp00000000"
# Channels that the simulator begins with (tests/ledger/src/channels.rs), by their places: virtual accounts are issued through them, at
# every gateway on whose page Iamport has that; but for html5_inicis, where the shop's own key would stand in a URL. Only settle gives
# one more time.
VBANK_CHANNELS = ",".join(
    f"{channel}=channel-key-00000000-0000-4000-8000-{place:012}"
    for channel, place in (
        ("nice_v2.nicev2test0m", 4),
        ("settle.hecto_test", 11),
        ("html5_inicis.INIBillTst", 2),
        ("nice.nictest00m", 12),
        ("ksnet.2999199999", 13),
        ("smartro_v2.t_2401191m", 14),
        ("tosspayments.iamporttest", 15),
        ("welcome.welcometst", 16),
    )
)


class Role(NamedTuple):
    """Something that listens on a port of its own."""

    name: str
    variable: str
    default: int


GATEWAY = Role("the API gateway", "GATEWAY_PORT", 3000)
IAMPORT = Role("the Iamport simulator", "IAMPORT_SIM_PORT", 8010)
AWS = Role("the AWS endpoint", "AWS_SIM_PORT", 8000)
LAMBDA = Role("cargo lambda", "CARGO_LAMBDA_PORT", 9000)
STOREFRONT = Role("the demo storefront", "STOREFRONT_PORT", 3100)


class Urls(NamedTuple):
    """Where a running stack answers."""

    gateway: str
    iamport: str
    aws: str
    functions: str
    storefront: str


def port_of(role: Role, environ: Mapping[str, str] = os.environ) -> int:
    """The role's port from its variable or its default."""
    text = environ.get(role.variable) or str(role.default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Failure(f"{role.variable}={text} is not a port: give a number from 1 to 65535", 2)
    return int(text)


def url_of(port: int) -> str:
    """The loopback URL of a port."""
    return f"http://{HOST}:{port}"


def base_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment without what could send a local run to a real account, or to a proxy.

    `AWS_ENDPOINT_URL_DYNAMODB` and its like outrank `AWS_ENDPOINT_URL`, and a profile outranks keys, so every AWS
    variable goes and `stack.function_environment` sets those that are meant.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, [kept.get(name), HOST, "localhost"]))
    return kept


def functions() -> list[str]:
    """The functions' names: one folder, one binary each."""
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/Cargo.toml"))
