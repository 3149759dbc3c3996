"""The commands as people use them: real processes, a real issuer beside them, real HTTP."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_messages import need
from cases import FIXTURES
from shared_data import SHARED, needs_shared

from adapter.cli.commands import app

pytestmark = pytest.mark.processes

PRIVATE = (
    "21905297101",
    "TESTPASIENT",
    "SYNTETISK",
    "1952",
    "SYKEPLEIER",
    "9999999",
    "hjerneslag",
    "logoped",
)
NOTIFICATION = FIXTURES / "story" / "notification.xml"


@dataclass(frozen=True)
class Adapter:
    """A served adapter in a folder of its own."""

    url: str
    issuer: str
    folder: Path

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """A command beside it; it may fail, but never with a traceback."""
        ended = subprocess.run(
            [sys.executable, "-m", "adapter", *args],
            cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr
        return ended

    def send(self, file: Path, *args: str) -> "subprocess.CompletedProcess[str]":
        return self.run("send", str(file), "--to", self.url, "--issuer", self.issuer, *args)


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IP_ADAPTER_")}
    return kept | {"PYTHONPATH": str(FIXTURES.parent)}


@contextmanager
def started(folder: Path, *args: str) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """A process that prints one line of JSON when it is ready; it is ended with the block."""
    with (folder / "log").open("wb") as log, subprocess.Popen(
        [sys.executable, "-m", "adapter", *args, "--json"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=log,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            line = process.stdout.readline()
            yield process, json.loads(line or b"{}")
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    folder = tmp_path_factory.mktemp("served")
    with started(folder, "serve", "--port", "0", "--issuer-port", "0") as (_, ready):
        assert ready["ready"] is True
        yield Adapter(ready["url"], ready["issuer"], folder)


def test_a_notification_is_sent_taken_and_explained_without_a_value(adapter: Adapter) -> None:
    sent = adapter.send(NOTIFICATION, "--json")
    assert sent.returncode == 0
    said = json.loads(sent.stdout)
    assert (said["taken"], said["http"], said["status"]) == (True, 200, "AppRec OK")
    by_case, by_message = adapter.run("explain", said["case"]), adapter.run("explain", said["message"])
    assert by_case.returncode == by_message.returncode == 0
    assert f"Case {said['case']}: routed" in by_message.stdout
    assert " 0 unread" in by_case.stdout
    log = (adapter.folder / "log").read_text("utf-8")
    told = [sent.stdout, by_case.stdout, by_message.stdout, log, sent.stderr + by_case.stderr]
    assert [value for value in PRIVATE if any(value in text for text in told)] == []
    account = json.loads(adapter.run("explain", said["case"], "--json").stdout)
    (message,) = account["messages"]
    assert sum(message["totals"].values()) == len({leaf["place"] for leaf in message["leaves"]})


def test_a_fhir_message_is_sent_by_its_first_character_and_names_its_case(
    adapter: Adapter, tmp_path: Path
) -> None:
    message = need(letter=str(uuid.uuid5(uuid.NAMESPACE_DNS, "one")))
    file = tmp_path / "need"
    file.write_text(json.dumps(message), encoding="utf-8")
    sent = adapter.send(file)
    assert sent.returncode == 0
    case = sent.stdout.splitlines()[-1].split()[-1]
    assert adapter.run("explain", case).stdout.startswith(f"Case {case}: routed")


def test_what_is_refused_is_told_with_its_code_text_and_place(adapter: Adapter, tmp_path: Path) -> None:
    text = NOTIFICATION.read_text("utf-8")
    cases = {
        "doctype": text.replace("<MsgHead", "<!DOCTYPE MsgHead>\n<MsgHead", 1),
        "E30": text.replace("21905297101", "").replace("0a01</MsgId>", "0a02</MsgId>"),
        "not-xml": text[:2000],
        "not-json": '{"resourceType": "Bundle", "sender": "999900011", ',
    }
    for code, content in cases.items():
        file = tmp_path / f"{code}.txt"
        file.write_text(content, encoding="utf-8")
        sent = adapter.send(file)
        assert (sent.returncode, sent.stdout.split()[0], sent.stderr) == (1, "Refused:", "")
        remark = next(line for line in sent.stdout.splitlines() if line.split()[0] == code)
        assert len(remark) > len(code) + 20
        assert [value for value in PRIVATE if value in sent.stdout] == []
    assert "MsgHead" in adapter.send(tmp_path / "E30.txt").stdout


def test_another_organisations_message_is_refused(adapter: Adapter) -> None:
    assert adapter.send(NOTIFICATION, "--as", "999900033").returncode == 1
    assert adapter.send(NOTIFICATION, "--token", "made-up").returncode == 1
    refused = adapter.send(NOTIFICATION, "--as", "hospital")
    assert (refused.returncode, "gives no token" in refused.stderr) == (1, True)


@needs_shared
def test_official_examples_of_each_kind_are_answered_in_words(
    adapter: Adapter, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages, receipts and answers of the address register: taken or refused, never a silence or a fault. (The
    command runs here, the adapter over there: a process for each of them takes a second.)"""
    for file in sorted((SHARED / "norwegian-xml").glob("*/**/*.xml"))[::6]:
        to = ("--to", adapter.url, "--issuer", adapter.issuer)
        with pytest.raises(SystemExit) as ended:
            app(["send", str(file), *to, "--as", "999900011", "--json"], prog_name="ip-adapter")
        assert ended.value.code in (0, 1, None), file.name
        assert json.loads(capsys.readouterr().out)["http"] in range(200, 500)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_when_asked_and_its_issuer_with_it(ending: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path, "serve", "--port", "0", "--issuer-port", "0") as (process, ready):
        assert httpx.get(f"{ready['url']}/health/ready").status_code == 200
        process.send_signal(ending)
        assert process.wait(30) == 0
    for address in (ready["url"], ready["issuer"]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def test_an_issuer_that_answers_is_used_and_left_running(adapter: Adapter, tmp_path: Path) -> None:
    port = adapter.issuer.rpartition(":")[2]
    with started(tmp_path, "serve", "--port", "0", "--no-work", "--issuer-port", port) as (_, ready):
        assert ready["issuer"] == adapter.issuer
    assert httpx.get(f"{adapter.issuer}/jwks").status_code == 200


def test_what_keeps_serve_from_starting_is_said_on_one_line(adapter: Adapter) -> None:
    taken = adapter.url.rpartition(":")[2]
    for args, said in (
        (["--port", taken], "IP_ADAPTER_PORT"),
        (["--port", "0", "--issuer-port", taken], "--issuer-port"),
        (["--port", "0", "--host", "192.0.2.1"], "IP_ADAPTER_HOST"),
        (["--port", "0", "--database", "sqlite:////no/such/folder/a.db"], "IP_ADAPTER_DATABASE"),
        (["--port", "0", "--database", "mysql://x"], "IP_ADAPTER_DATABASE"),
    ):
        ended = adapter.run("serve", *args)
        assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1), ended.stderr
        assert said in ended.stderr


@pytest.mark.server
def test_on_postgresql_serve_waits_for_migrate_and_work_carries(
    adapter: Adapter, postgresql: str, administer: Any, tmp_path: Path
) -> None:
    administer("CREATE DATABASE of_commands")
    url = httpx.URL(postgresql).copy_with(path="/of_commands")
    ended = adapter.run("serve", "--port", "0", "--issuer-port", "0", "--database", str(url))
    assert (ended.returncode, "run ip-adapter migrate" in ended.stderr) == (2, True)
    assert adapter.run("migrate", "--database", str(url)).returncode == 0
    with started(tmp_path, "serve", "--port", "0", "--issuer-port", "0", "--database", str(url)) as (
        _,
        ready,
    ):
        assert ready["ready"] is True
    with started(tmp_path, "work", "--database", str(url)) as (process, ready):
        assert ready == {"ready": True}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    administer("DROP DATABASE of_commands WITH (FORCE)")


def test_a_fault_of_the_program_is_said_by_type_and_place_only(tmp_path: Path) -> None:
    program = (
        "import adapter.cli.parked as p, adapter.cli.commands as c, sys\n"
        "def fault(*_, **__): raise KeyError('21905297101')\n"
        "p.opened = fault; sys.argv = ['ip-adapter', 'parked']; c.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "KeyError" in ended.stderr
    assert "21905297101" not in ended.stderr
