"""The story of the product holds with real processes, and a story that does not hold says where."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.demo import stage
from adapter.demo.partner import DoesNotHold, until
from adapter.demo.processes import NotStarted, running
from adapter.demo.scenes import STORY
from adapter.demo.story import run

PROJECT = Path(__file__).resolve().parents[1]


def folders(before: Path) -> list[str]:
    return [name for name in os.listdir(before) if name.startswith("ip-adapter-demo-")]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo puts its folder; and the project is where `python -m adapter` is started."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(PROJECT)
    return tmp_path


@pytest.mark.processes
def test_every_step_of_the_story_holds(temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(once=True, json_lines=True) == 0
    *hops, over = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [hop["claim"] for hop in hops] == [claim for claim, _ in STORY]
    assert all(hop["holds"] for hop in hops)
    assert over["story"] == "holds"
    assert folders(temporary) == []


@pytest.mark.processes
def test_a_wrong_address_in_the_partner_table_fails_the_step_it_belongs_to(
    temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {stage.MUNICIPALITY: "http://127.0.0.1:9/fhir/$process-message"}
    assert run(once=True, moved=wrong, patience=20.0) == 1
    told = capsys.readouterr().out
    assert "DOES NOT HOLD, step 2: the need reaches the municipality as FHIR" in told
    assert "\x1b" not in told
    assert folders(temporary) == []


@pytest.mark.processes
def test_no_person_is_named_while_the_story_is_told(
    temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """P7: what the demo prints holds no value of the notification or the plan."""
    run(once=True)
    told = capsys.readouterr()
    for word in ("21905297101", "Prøvesen", "Syntetisk", "Avdelingsen", "hjerneslag", "Koordinatorsen"):
        assert word not in told.out + told.err


@pytest.mark.processes
def test_sigterm_ends_the_demo_and_everything_it_started(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from adapter.demo.story import run; raise SystemExit(run(False, json_lines=True))",
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        up = next(json.loads(line) for line in process.stdout if '"explain"' in line)
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert "IP_ADAPTER_DATABASE=" in up["explain"]
    assert folders(tmp_path) == []
    with pytest.raises(OSError, match="refused"):
        _connect(up["issuer"])


def _connect(url: str) -> None:
    import socket  # noqa: PLC0415 - used here only

    host, _, port = url.removeprefix("http://").partition(":")
    socket.create_connection((host, int(port)), timeout=5).close()


def test_a_process_that_ends_before_it_is_ready_is_named_with_the_last_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('broken')"]
    with (
        pytest.raises(NotStarted, match=r"^it ended before it was ready: broken$"),
        running("it", command, {}, tmp_path / "log", 10) as ready,
    ):
        ready()


def test_waiting_ends_at_its_deadline_and_says_what_did_not_come() -> None:
    with pytest.raises(DoesNotHold, match=r"^nothing came within 0 s$"):
        until(lambda: None, 0, "nothing came")
