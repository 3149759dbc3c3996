"""Each command teaches, says in plain words what is wrong, and ends with the code its help promises."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api_client import make_parts, open_database
from api_messages import HODEMELDING, need
from cases import FIXTURES, FOLDERS
from signers import authority, pem, signer
from stored import CASE, NOW, heads, mail, parked, settle

from adapter.cli.commands import COMMANDS, app, loaded
from adapter.domain.case import Waiting
from adapter.domain.message import Caller
from adapter.flows.accept import accept

Run = Callable[..., "Ended"]


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a database of its own. What it did not foresee is raised here."""
    monkeypatch.setenv("IP_ADAPTER_DATABASE", f"sqlite:///{tmp_path / 'adapter.db'}")

    def run_(*args: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            app(list(args), prog_name="ip-adapter")
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run_


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[str]:
    """A database with one parked delivery and a case that waits since longer; the id of that case."""
    store = open_database(tmp_path)
    with store.transaction() as tx:
        tx.open_case(replace(CASE, state="held-for-routing"))
        tx.send([mail("m-1")])
        tx.wait_for_person(Waiting("case-1", "routing", "no-unit", NOW.replace(year=2025)))
    settle(store, parked(heads(store)[0]))
    yield "case-1"
    store.close()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_teaches(name: str, run: Run) -> None:
    """What it does, as the list says it; an example; and every exit code."""
    assert loaded(name).help.startswith(COMMANDS[name])
    told = run(name, "--help")
    assert told.exit_code == 0
    assert "Example" in told.stdout
    assert "Exit codes: 0 " in told.stdout
    assert "--json" in told.stdout
    assert f"ip-adapter {name}" in told.stdout


def test_help_lists_every_command_without_loading_any() -> None:
    program = (
        "import sys; sys.argv = ['ip-adapter', '--help']\n"
        "import atexit; from adapter.cli.commands import main\n"
        "atexit.register(lambda: print({'fastapi', 'sqlalchemy', 'lxml', 'httpx'} & set(sys.modules)))\n"
        "main()"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.rstrip().endswith("set()")
    assert all(f"\n  {name} " in told.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "8o8o"), ("ENVIRONMENT", "staging"), ("MAX_BYTES", ""), ("ISSUER_", "x")]
)
def test_a_faulty_setting_is_named_and_its_value_is_not(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate")
    monkeypatch.setenv(f"IP_ADAPTER_{name}", value)
    told = run("parked")
    if name == "ISSUER_":  # no setting of ours
        assert told.exit_code == 0
        return
    assert told.exit_code == 2
    assert told.stderr.startswith(f"ip-adapter: IP_ADAPTER_{name}: ")
    assert len(told.stderr.splitlines()) == 1
    assert not value or value not in told.stderr


@pytest.mark.parametrize("command", [["parked"], ["explain", "x"], ["skip", "1", "--why", "x"], ["work"]])
@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://h/d", "sqlite://", "sqlite:///{}/none.db", "sqlite:///{}"]
)
def test_a_database_that_is_none_is_said_on_one_line(
    command: list[str], url: str, run: Run, tmp_path: Path
) -> None:
    told = run(*command, "--database", url.format(tmp_path))
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("ip-adapter: IP_ADAPTER_DATABASE")
    assert len(told.stderr.splitlines()) == 1


def test_a_database_without_tables_is_told_how_to_get_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "adapter.db").touch()
    assert "run ip-adapter migrate" in run("parked").stderr
    assert json.loads(run("migrate", "--json").stdout) == {"from": "empty-or-older", "to": "this-release"}
    assert "were those" in run("migrate").stdout
    assert run("parked").stdout == "Nothing waits for a person.\n"


def test_what_stands_still_is_listed_oldest_first_with_its_reason(standing: str, run: Run) -> None:
    told = json.loads(run("parked", "--json").stdout)
    assert [(one["list"], one["id"], one["reason"]) for one in told] == [
        ("routing", standing, "no-unit"),
        ("delivery", "1", "not-delivered-in-time"),
    ]
    assert all(one["text"] and one["age"] for one in told)
    lines = run("parked").stdout.splitlines()
    assert [standing in lines[0], "1 to 943485437" in lines[1]] == [True, True]


def test_requeue_and_skip_move_a_delivery_and_name_the_operator(
    standing: str, run: Run, tmp_path: Path
) -> None:
    assert run("requeue", "1").exit_code == 2  # --why is required
    assert run("requeue", "1", "--why", "up again", "--by", "vakt").stdout == "Delivery 1 is due now.\n"
    assert json.loads(run("skip", "1", "--why", "told by telephone", "--json").stdout)["skipped"] is True
    assert run("skip", "1", "--why", "twice").exit_code == 0  # a command given twice is one command
    store = open_database(tmp_path)
    acts = [(a.actor, a.action, a.details["why"]) for a in store.audit_of(standing)]
    store.close()
    assert acts[0] == ("vakt", "delivery-requeue", "up again")
    assert [action for _, action, _ in acts] == ["delivery-requeue", "delivery-skip"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["requeue", "99", "--why", "x"], 1, "not-found"),
        (["requeue", "00000000-0000-4000-8000-000000000000", "--why", "x"], 1, "not-found"),
        (["requeue", "1", "--unit", "8900022", "--why", "x"], 2, "--unit"),
        (["requeue", "case-1", "--why", "x"], 1, "not-found"),
        (["skip", "no-such-case", "--why", "x"], 1, "not-found"),
        (["skip", "1", "--why", " "], 2, "a reason is needed"),
        (["explain", "99"], 1, "not-found"),
        (["nothing"], 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    args: list[str], code: int, said: str, standing: str, run: Run
) -> None:
    told = run(*args)
    assert told.exit_code == code
    assert said in told.stderr


def test_a_waiting_case_goes_on_to_the_unit_that_is_named(run: Run, tmp_path: Path) -> None:
    store = open_database(tmp_path)
    consent = (
        "Pasienten har samtykket til at kommunen kontaktes."  # of which a doubt about the need takes nothing
    )
    message = HODEMELDING.replace("Pasienten har samtykket.", consent).replace(
        "Behov for", "Kanskje behov for"
    )
    answer = accept("edi", message.encode(), Caller("999900011", frozenset()), make_parts(store))
    assert answer.status == 200
    (waiting,) = store.waiting()
    store.close()
    told = run("requeue", waiting.case_id, "--unit", "8900022", "--why", "read by a person")
    assert (told.exit_code, "routed to unit 8900022" in told.stdout) == (0, True)
    assert run("parked").stdout == "Nothing waits for a person.\n"


def test_check_says_what_holds_and_fails_with_what_does_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = run("check")
    assert (failing.exit_code, "FAILS  database: IP_ADAPTER_DATABASE" in failing.stdout) == (1, True)
    run("migrate")
    told = json.loads(run("check", "--json").stdout)
    assert [one["what"] for one in told] == ["settings", "tables", "routes", "partners", "database"]
    assert all(one["holds"] for one in told)
    monkeypatch.setenv("IP_ADAPTER_MAPPINGS", str(tmp_path))
    failing = run("check")
    assert (failing.exit_code, failing.stdout.count("FAILS")) == (1, 3)


def test_check_reach_names_the_partners_that_do_not_answer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate")
    table = (FIXTURES.parent / "mappings" / "partners.yaml").read_text(encoding="utf-8")
    (tmp_path / "p.yaml").write_text(table.replace("127.0.0.1:810", "127.0.0.1:1"), encoding="utf-8")
    monkeypatch.setenv("IP_ADAPTER_PARTNERS", str(tmp_path / "p.yaml"))
    told = run("check", "--reach")
    assert (told.exit_code, told.stdout.count("FAILS  partner 9999000")) == (1, 3)


def test_check_names_certificates_that_end_soon_and_fails_where_one_is_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate")
    now = datetime.now(UTC)
    monkeypatch.setenv("IP_ADAPTER_SIGNATURES", "verify")
    monkeypatch.setenv("IP_ADAPTER_TRUST", str(tmp_path / "trust"))
    (tmp_path / "trust").mkdir()
    for name, days in (("lasting", 300), ("soon", 10), ("over", -3)):
        made = signer(authority(), ends=now + timedelta(days=days, hours=1))
        (tmp_path / "trust" / f"{name}.pem").write_bytes(pem(made.certificate))
    told = run("check", "--json")
    said = {one["said"]: one["holds"] for one in json.loads(told.stdout) if one["what"].startswith("cert")}
    assert said == {"3 files": True, "over.pem ended 3 days ago": False, "soon.pem ends in 10 days": None}
    assert told.exit_code == 1


@pytest.mark.server
def test_check_finds_that_a_direct_connection_holds_its_locks(postgresql_url: str, run: Run) -> None:
    told = json.loads(run("check", "--json", "--database", postgresql_url).stdout)
    assert told[-1] == {
        "what": "locks",
        "holds": True,
        "said": "session locks hold: the connection is direct",
    }


def test_a_case_folder_tells_whether_its_goldens_hold(run: Run, tmp_path: Path) -> None:
    folder = next(f for f in FOLDERS if (f / "out").is_dir())
    told = run("case", str(folder))
    assert (told.exit_code, "All goldens hold." in told.stdout) == (0, True)
    (tmp_path / "case.yaml").write_text((folder / "case.yaml").read_text("utf-8"), "utf-8")
    for file in folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    told = run("case", str(tmp_path), "--json")
    assert (told.exit_code, json.loads(told.stdout)["holds"]) == (1, False)


@pytest.mark.parametrize("content", [None, "steps: [", "shows: x"])
def test_a_folder_that_is_no_case_is_said_on_one_line(content: str | None, run: Run, tmp_path: Path) -> None:
    if content:
        (tmp_path / "case.yaml").write_text(content, encoding="utf-8")
    told = run("case", str(tmp_path))
    assert (told.exit_code, told.stdout, len(told.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\x00\xff\xfe", "folder"])
def test_a_file_that_is_no_message_is_not_sent(content: Any, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    told = run("send", str(file), "--as", "999900011")
    assert (told.exit_code, told.stdout, len(told.stderr.splitlines())) == (2, "", 1)


def test_nobody_at_the_issuer_or_the_door_is_said_with_the_address(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "need.json"
    file.write_text(json.dumps(need()), encoding="utf-8")
    told = run("send", str(file), "--issuer", "http://127.0.0.1:1")
    assert (told.exit_code, "IP_ADAPTER_ISSUER" in told.stderr) == (2, True)
    for address in ("http://127.0.0.1:1", "nonsense", "http://[::", ""):
        told = run("send", str(file), "--token", "t", "--to", address, "--json")
        assert (told.exit_code, told.stdout, "nobody answers" in told.stderr) == (2, "", True)
