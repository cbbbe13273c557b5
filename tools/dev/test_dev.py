"""Tests of this script. `./dev check` runs them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from . import chromium, cli, events, install, papers, processes, settings, stack, suites
from .console import Failure


def listener(family: int = socket.AF_INET, host: str = settings.HOST) -> socket.socket:
    """A socket that listens on a port of the system's choice."""
    return socket.create_server((host, 0), family=family)


class Papers(unittest.TestCase):
    def test_a_command_is_shown_and_kept_with_its_status(self) -> None:
        command = [sys.executable, "-c", "print('seeds 7'); raise SystemExit(3)"]
        with mock.patch("sys.stdout") as terminal:
            status, text = papers.told(command, os.environ)
        self.assertEqual((status, text), (3, "seeds 7\n"))
        terminal.write.assert_called_once_with("seeds 7\n")

    def test_a_page_says_what_wrote_it_and_shows_the_output_as_it_was(self) -> None:
        page = papers.page("Card", "./dev sim --seeds 7 --write", "2026-11-29", ["seeds   7\n", "second\n"])
        lines = page.splitlines()
        self.assertEqual(lines[0], "# Card")
        self.assertIn("`./dev sim --seeds 7 --write` on 2026-11-29", lines[2])
        self.assertEqual(lines[4:], ["```", "seeds   7", "```", "", "```", "second", "```"])


class Rules(unittest.TestCase):
    """What `./dev rules` runs."""

    def ran(self, *line: str) -> tuple[int, list[str]]:
        """The status of a command line, and the arguments of the program that prints the rules."""
        done = subprocess.CompletedProcess([], 0, stdout="| gateway |\n")
        with (
            mock.patch.object(suites.install, "require_rust"),
            mock.patch.object(suites.subprocess, "run", return_value=done) as run,
            mock.patch.object(suites.papers, "write") as self.write,
        ):
            status = cli.main(["rules", *line])
        command = list(run.call_args.args[0]) if run.called else []
        return status, command[len(suites.RULES) :]

    def test_all_of_them_or_those_of_one_gateway_for_people_or_machines(self) -> None:
        self.assertEqual(self.ran(), (0, []))
        self.assertEqual(self.ran("nice_v2"), (0, ["nice_v2"]))
        self.assertEqual(self.ran("nice_v2", "--json"), (0, ["--json", "nice_v2"]))
        self.write.assert_not_called()

    def test_the_page_says_what_wrote_it_and_goes_on_with_what_was_printed(self) -> None:
        self.assertEqual(self.ran("--write"), (0, ["--page"]))
        path, text = self.write.call_args.args
        self.assertEqual(path, papers.GATEWAYS)
        self.assertIn("`./dev rules --write` on 2", text)
        self.assertTrue(text.startswith("# The gateways\n") and text.endswith("\n\n| gateway |\n"), text)

    def test_the_page_is_about_every_gateway(self) -> None:
        with mock.patch.object(cli, "complain"):
            self.assertEqual(self.ran("nice_v2", "--write"), (2, []))


class Ports(unittest.TestCase):
    def test_a_listener_is_named_with_its_port_and_variable(self) -> None:
        with listener() as busy:
            port = busy.getsockname()[1]
            with self.assertRaises(Failure) as caught:
                processes.require_free_port(settings.GATEWAY, port)
        self.assertEqual(caught.exception.status, 2)
        self.assertRegex(str(caught.exception), rf"^port {port} .*GATEWAY_PORT$")
        processes.require_free_port(settings.GATEWAY, port)

    def test_a_listener_on_ipv6_only_counts(self) -> None:
        try:
            busy = listener(socket.AF_INET6, "::1")
        except OSError as error:
            raise unittest.SkipTest("this machine has no IPv6") from error
        with busy, self.assertRaises(Failure):
            processes.require_free_port(settings.GATEWAY, busy.getsockname()[1])

    def test_a_port_is_a_number_from_1_to_65535(self) -> None:
        self.assertEqual(settings.port_of(settings.GATEWAY, {}), 3000)
        self.assertEqual(settings.port_of(settings.GATEWAY, {"GATEWAY_PORT": "65535"}), 65535)
        for wrong in ("0", "65536", "-1", "http", "３０００", "3000 "):
            with self.subTest(wrong), self.assertRaises(Failure):
                settings.port_of(settings.GATEWAY, {"GATEWAY_PORT": wrong})

    def test_two_roles_on_one_port_are_refused(self) -> None:
        one = str(processes.free_ports(1)[0])
        with self.assertRaisesRegex(Failure, "GATEWAY_PORT"):
            stack.plan_up(None, {"GATEWAY_PORT": one, "IAMPORT_SIM_PORT": one})

    def test_free_ports_are_free_and_different(self) -> None:
        ports = processes.free_ports(5)
        self.assertEqual(len(set(ports)), 5)
        for port in ports:
            processes.require_free_port(settings.GATEWAY, port)


class Environment(unittest.TestCase):
    def free(self) -> dict[str, str]:
        roles = (settings.GATEWAY, settings.IAMPORT, settings.AWS, settings.LAMBDA, settings.STOREFRONT)
        return {role.variable: str(port) for role, port in zip(roles, processes.free_ports(len(roles)))}

    def test_nothing_of_a_real_account_reaches_a_local_run(self) -> None:
        real = {
            "AWS_PROFILE": "production",
            "AWS_SESSION_TOKEN": "real",
            "AWS_ACCESS_KEY_ID": "real",
            "AWS_SECRET_ACCESS_KEY": "real",
            "AWS_ENDPOINT_URL_DYNAMODB": "https://real",
        }
        environment = stack.function_environment(stack.plan_up(None, {**self.free(), **real}))
        self.assertFalse({"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"} & environment.keys())
        self.assertEqual(environment["AWS_ACCESS_KEY_ID"], "sandbox")
        self.assertNotIn("real", environment.values())

    def test_a_named_server_is_used_instead_of_our_own(self) -> None:
        ports = self.free()
        with listener() as busy:
            # Its port may well be in use: that server is the point.
            ports["AWS_SIM_PORT"] = str(busy.getsockname()[1])
            named = {
                "AWS_ENDPOINT_URL": "http://10.0.0.1:4566",
                "IAMPORT_BASE_URL": "https://psp.test",
                "AWS_ACCESS_KEY_ID": "mine",
            }
            plan = stack.plan_up(None, {**ports, **named})
        self.assertFalse(plan.own_aws or plan.own_iamport)
        environment = stack.function_environment(plan)
        self.assertEqual(environment["AWS_ENDPOINT_URL"], "http://10.0.0.1:4566")
        self.assertEqual(environment["IAMPORT_BASE_URL"], "https://psp.test")
        self.assertEqual(environment["AWS_ACCESS_KEY_ID"], "mine")
        self.assertNotIn("SANDBOX_CLOCK_FILE", environment)
        self.assertEqual(environment["CHECKOUT_RETURN_URL"], f"http://127.0.0.1:{ports['STOREFRONT_PORT']}/return")
        self.assertEqual(environment["NOTICE_URL"], f"http://127.0.0.1:{ports['GATEWAY_PORT']}/webhooks/iamport")

    def test_data_is_kept_where_it_does_not_rebuild(self) -> None:
        ports = self.free()
        with self.assertRaisesRegex(Failure, "below target/"):
            stack.plan_up(str(settings.ROOT / "data"), ports)
        for fine in (settings.ROOT / "target" / "data", Path(tempfile.gettempdir()).resolve() / "data"):
            self.assertEqual(stack.plan_up(str(fine), ports).data, str(fine))

    def test_a_test_run_inherits_no_configuration(self) -> None:
        with mock.patch.dict("os.environ", {name: "x" for name in stack.CONFIGURATION}):
            environment = stack.function_environment(stack.plan_test([1, 2, 3, 4, 5]))
        self.assertNotIn("x", environment.values())
        self.assertEqual(environment["IAMPORT_BASE_URL"], "http://127.0.0.1:2")
        self.assertEqual(environment["PUBLIC_URL"], "http://127.0.0.1:1")
        self.assertEqual(environment["CHECKOUT_RETURN_URL"], "http://127.0.0.1:5/return")


class Events(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("billing-keys-get", "charge", "charge-again", "issue-billing-key", "schedule-move"):
            (self.folder / f"{name}.json").write_text("{}")
        names = ["billing-keys", "charge", "issue-billing-key", "schedule", "webhook"]
        for target, value in (("EVENTS", self.folder), ("functions", lambda: names)):
            patch = mock.patch.object(events, target, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_by_default_the_first_event_of_the_function(self) -> None:
        self.assertEqual(events.event_file("charge", None).name, "charge.json")
        self.assertEqual(events.event_file("billing-keys", None).name, "billing-keys-get.json")

    def test_by_name_short_name_or_path(self) -> None:
        for given in ("schedule-move", "move", str(self.folder / "schedule-move.json")):
            self.assertEqual(events.event_file("schedule", given).name, "schedule-move.json")

    def test_what_is_not_there_is_answered_with_what_is(self) -> None:
        with self.assertRaisesRegex(Failure, "charge, charge-again"):
            events.event_file("charge", "refund")
        with self.assertRaisesRegex(Failure, "no event for webhook"):
            events.event_file("webhook", None)
        with self.assertRaisesRegex(Failure, "no function refund: billing-keys, charge"):
            events.event_file("refund", None)

    def test_the_answer_of_the_gateway_is_not_that_of_a_function(self) -> None:
        for own in (b'{"message":"Not Found"}', b'{"message":"Internal Server Error"}'):
            self.assertTrue(stack._of_the_gateway(own))
        for other in (b'{"type":"about:blank","code":"not_found"}', b"", b"null", b"[]", b"<html>", b'{"items":[]}'):
            self.assertFalse(stack._of_the_gateway(other))

    def test_every_function_has_a_warm_up(self) -> None:
        self.assertEqual(set(settings.functions()), set(stack.WARM_UPS) | set(stack.WITHOUT_ROUTE))


class Children(unittest.TestCase):
    def child(self, source: str) -> processes.Child:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return processes.Child(
            "the child", [sys.executable, "-c", source], {"PATH": "/usr/bin:/bin"}, Path(folder.name) / "log"
        )

    def output(self, child: processes.Child) -> str:
        deadline = time.monotonic() + 10
        while not child.log.read_text().endswith("\n") and time.monotonic() < deadline:
            time.sleep(0.02)
        return child.log.read_text().strip()

    def test_what_a_child_started_in_another_session_ends_too(self) -> None:
        child = self.child(
            "import subprocess, sys, time\n"
            "deaf = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)'\n"
            "grandchild = subprocess.Popen([sys.executable, '-c', deaf], start_new_session=True, stdout=subprocess.PIPE)\n"
            "grandchild.stdout.readline()\n"
            "print(grandchild.pid, flush=True)\n"
            "time.sleep(60)"
        )
        grandchild = int(self.output(child))
        self.assertIn(grandchild, processes._table())
        processes.stop([child])
        left = processes._table().get(grandchild)
        self.assertTrue(left is None or left.zombie)
        self.assertIsNotNone(child.process.returncode)

    def test_a_child_that_will_not_end_is_killed(self) -> None:
        child = self.child(
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
        )
        self.assertEqual(self.output(child), "deaf")
        processes.stop([child], grace_seconds=0.1)
        self.assertEqual(child.process.returncode, -9)

    def test_a_child_that_ended_is_named_with_its_last_words(self) -> None:
        child = self.child("print('the reason'); raise SystemExit(3)")
        child.process.wait()
        with self.assertRaises(Failure) as caught:
            child.require_alive()
        self.assertRegex(str(caught.exception), r"(?s)^the child ended \(status 3\).*the reason$")


class Installing(unittest.TestCase):
    def test_the_line_that_says_why(self) -> None:
        self.assertEqual(install.last_line("Collecting x\nERROR: no such version\n  more"), "ERROR: no such version")
        self.assertEqual(install.last_line("one\ntwo\n\n"), "two")
        self.assertEqual(install.last_line(""), "it said nothing")

    def test_a_missing_tool_is_one_line(self) -> None:
        with (
            mock.patch("shutil.which", lambda program: None if program == "cargo" else f"/bin/{program}"),
            self.assertRaisesRegex(Failure, "^cargo is missing: install Rust from https://rustup.rs"),
        ):
            install.require_rust()
        with (
            mock.patch("shutil.which", lambda program: None if program == "cc" else f"/bin/{program}"),
            self.assertRaisesRegex(Failure, "^cc is missing"),
        ):
            install.require_rust()

    def test_what_is_installed_is_pinned_and_hashed(self) -> None:
        for name, versions in (
            ("cargo-lambda.txt", {"cargo-lambda": install.CARGO_LAMBDA}),
            ("check.txt", {"cfn-lint": "1.58.0", "aws-sam-cli": "1.170.0"}),
        ):
            text = (settings.TOOLS / name).read_text()
            entries = text.replace("\\\n", " ").splitlines()
            for entry in filter(None, (line.partition("#")[0] for line in entries)):
                self.assertRegex(entry, r"^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}")
            for package, version in versions.items():
                self.assertIn(f"\n{package}=={version} ", "\n" + text)


class ForTheBrowser(unittest.TestCase):
    """On a machine whose only programs are those that a test puts there."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.os_release("debian", "")
        environment = {name: "" for name in (chromium.BROWSER, chromium.DRIVER)}
        for patch in (
            mock.patch.dict("os.environ", {**environment, "PATH": f"{self.folder}"}),
            mock.patch.object(chromium, "OS_RELEASE", self.folder / "os-release"),
            mock.patch.object(chromium, "MAC_BROWSERS", ()),
            mock.patch.object(chromium, "step"),
            mock.patch.object(suites, "step"),
            mock.patch.object(install, "LOG", self.folder / "install.log"),
            mock.patch.object(os, "geteuid", lambda: 1000),
            mock.patch.object(sys, "platform", "linux"),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def os_release(self, identity: str, like: str) -> None:
        (self.folder / "os-release").write_text(f'ID={identity}\nID_LIKE="{like}"\nVERSION_ID="1"\n')

    def program(self, name: str, script: str) -> Path:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def version(self, name: str, version: int) -> Path:
        return self.program(name, f"echo '{name} {version}.0.7778.167 built on Debian'")

    def refused(self, message: str) -> None:
        with self.assertRaisesRegex(Failure, message):
            chromium.chromium()

    def test_what_is_there_is_used(self) -> None:
        self.version("google-chrome", 148)
        self.version("chromedriver", 148)
        self.assertEqual(Path(chromium.chromium().chromium).name, "google-chrome")
        self.version("chromium", 148)
        self.assertEqual(Path(chromium.chromium().chromium).name, "chromium")

    def test_a_program_can_be_named(self) -> None:
        self.version("chromedriver", 150)
        named = {chromium.BROWSER: str(self.version("mine", 150))}
        with mock.patch.dict("os.environ", named):
            self.assertEqual(Path(chromium.chromium().chromium).name, "mine")
        self.version("chromium", 148)
        with mock.patch.dict("os.environ", {chromium.BROWSER: "absent"}):
            self.refused("^Chromium is missing: .*CHROMIUM")

    def test_versions_match_and_are_new_enough(self) -> None:
        self.version("chromium", 148)
        self.version("chromedriver", 147)
        self.refused("is version 147 and .*chromium version 148: they have to match")
        self.version("chromium", 111)
        self.version("chromedriver", 111)
        self.refused("is version 111: .* need 112 or later")
        self.program("chromium", "echo 'error while loading shared libraries' >&2; exit 127")
        self.refused("does not say its version: error while loading")

    def test_a_snap_is_no_browser_for_us(self) -> None:
        self.os_release("ubuntu", "debian")
        self.program("chromium-browser", "# requires the chromium snap to be installed")
        self.version("chromedriver", 148)
        self.refused("^Chromium is missing: Ubuntu's chromium is a snap")

    def test_without_a_way_to_install_it_the_failure_says_what_to_do(self) -> None:
        self.refused("^Chromium and ChromeDriver are missing: install your system's packages")
        self.program("apt-get", "exit 1")
        self.refused("are missing: `apt-get install chromium chromium-driver")
        self.program("sudo", "exit 1")
        self.refused("are missing: `apt-get install chromium chromium-driver")
        self.os_release("fedora", "")
        self.refused("are missing: install your system's packages")

    def test_debians_packages_are_installed_quietly(self) -> None:
        self.program("sudo", 'shift; [ "$1" = true ] && exit 0; exec "$@"')
        self.program("env", 'export "$1"; shift; exec "$@"')
        browser, driver = self.folder / "chromium", self.folder / "chromedriver"
        self.program(
            "apt-get",
            f"""echo "$DEBIAN_FRONTEND $*"
            case "$*" in update*) exit 100;; esac
            for each in {browser} {driver}; do
                echo '#!/bin/sh' > $each; echo 'echo Chromium 148.0.1.2' >> $each; /bin/chmod 755 $each
            done""",
        )
        self.assertEqual(chromium.chromium(), chromium.Browser(str(browser), str(driver)))
        said = install.LOG.read_text()
        self.assertIn("noninteractive install -y", said)
        self.assertIn(" chromium chromium-driver ", said)

    def test_what_apt_says_is_shown_when_it_fails(self) -> None:
        with mock.patch.object(os, "geteuid", lambda: 0):
            self.program("env", 'shift; exec "$@"')
            self.program("apt-get", "echo 'E: Unable to locate package chromium'; exit 100")
            self.refused("(?s)could not install chromium .*E: Unable to locate package chromium")

    def test_only_a_required_browser_is_a_failure(self) -> None:
        self.assertEqual(suites._browser(suites.OFF)[0], None)
        programs, left_out = suites._browser(suites.AUTO)
        self.assertIsNone(programs)
        self.assertRegex(left_out, "^without the browser tests: Chromium and ChromeDriver are missing")
        with self.assertRaises(Failure):
            suites._browser(suites.REQUIRED)


class Package(unittest.TestCase):
    def checked(self, packed: int, offered: int, said: str = "") -> tuple[bool, list[list[str]]]:
        """The verdict where cargo ends so, and what it was asked."""
        asked = []

        def cargo(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
            asked.append(command)
            self.assertEqual(options["env"]["CARGO_TARGET_DIR"], str(settings.ROOT / "target"))
            return subprocess.CompletedProcess(command, packed if command[1] == "package" else offered, "", said)

        target = mock.patch.object(install, "target_directory", lambda: settings.ROOT / "target")
        with target, mock.patch.object(suites.subprocess, "run", cargo), mock.patch("sys.stdout"):
            return suites._package(), asked

    def test_a_package_is_built_and_offered_but_never_sent(self) -> None:
        passed, asked = self.checked(0, 0)
        self.assertTrue(passed)
        self.assertEqual([command[1] for command in asked], ["package", "publish"])
        self.assertNotIn("--no-verify", asked[0])
        self.assertIn("--dry-run", asked[1])

    def test_what_does_not_build_or_is_not_taken_is_a_failure(self) -> None:
        self.assertFalse(self.checked(101, 0)[0])
        self.assertFalse(self.checked(0, 101, "error: all dependencies must have a version requirement")[0])

    def test_a_registry_that_cannot_be_asked_is_no_failure(self) -> None:
        for said in ("failed to download from `https://index.example/config.json`", "crates-io is replaced with another"):
            with self.subTest(said), self.assertRaises(suites._Skipped):
                self.checked(0, 101, said)

    def test_it_is_built_with_the_profile_of_the_workspace(self) -> None:
        manifest = (settings.ROOT / "Cargo.toml").read_text(encoding="utf-8")
        for setting in suites.SAME_PROFILE[1::2]:
            table, _, value = setting.rpartition(".")
            name, _, value = value.partition("=")
            section = manifest.partition(f"[{table}]\n")[2].partition("\n[")[0]
            self.assertIn(f"{name} = {value}\n", f"{section}\n", setting)


class CommandLine(unittest.TestCase):
    def test_every_command_of_the_manual_exists(self) -> None:
        parser = cli._parser()
        for line in (
            ["up"],
            ["up", "--data", "folder"],
            ["token", "customer", "--id", "jane"],
            ["token", "merchant"],
            ["dump"],
            ["events"],
            ["events", "--type", "payment.", "--type", "refund.", "--subject", "order-1", "--json", "--once"],
            ["invoke", "charge"],
            ["invoke", "charge", "again"],
            ["clock", "+31d"],
            ["test"],
            ["test", "charge", "webhook"],
            ["test", "--browser=required"],
            ["test", "--browser=off", "charge"],
            ["rules"],
            ["rules", "nice_v2", "--json"],
            ["rules", "--write"],
            ["mutants"],
            ["mutants", "shared/store", "functions/charge", "--diff", "HEAD", "--minutes", "10"],
            ["mutants", "--list", "--again", "--write"],
            ["check"],
            ["help"],
        ):
            self.assertTrue(callable(parser.parse_args(line).run), line)


if __name__ == "__main__":
    unittest.main()
