"""An archive holds a case whole, in the same bytes each time, and nothing is written over or believed unread."""
# ruff: noqa: S608 - names of tables and ids of ours in statements of a test

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand, kept, played

from adapter.cli.commands import app
from adapter.flows.archive import archive_of
from adapter.outside.store import open_store
from adapter.outside.store.keeping import Housekeeping
from adapter.outside.store.tables import case_, version
from adapter.replay.stage import Stage
from adapter.wire.archive import Damaged, pack, unpack
from adapter.wire.fhir import check

_SECOND = "ffffffff-0000-4000-8000-000000000002"
_CASE = "notify/cancellation-follows-the-need"
Run = Callable[..., int]


@pytest.fixture
def over(database_url: str) -> Iterator[Stage]:
    with played(database_url, _CASE) as stage:
        yield stage


@pytest.fixture
def store(database_url: str) -> Iterator[Housekeeping]:
    with kept(database_url) as opened:
        yield opened


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a database of its own, which holds the case."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    monkeypatch.setenv("IP_ADAPTER_DATABASE", url)
    with played(url, _CASE):
        pass

    def run_(*args: str) -> int:
        with pytest.raises(SystemExit) as end:
            app([*args, "--by", "test"] if args[0] != "verify" else [*args], prog_name="ip-adapter")
        return int(end.value.code or 0)

    return run_


def archive_now(store: Housekeeping, stage: Stage) -> bytes:
    with store.snapshot() as snapshot:
        (record,) = snapshot.records(stage.cases)
    return archive_of(record, stage.parts.base)


def test_it_holds_every_row_of_the_case(over: Stage, store: Housekeeping, database_url: str) -> None:
    """As many as the tables have; messages byte for byte; versions as one valid FHIR Bundle."""
    members = unpack(archive_now(store, over))
    for table, member in (
        ("received", "messages"),
        ("version", "versions"),
        ("history", "history"),
        ("delivery", "deliveries"),
        ("deadline", "deadlines"),
        ("waiting", "waiting"),
        ("audit", "audit"),
    ):
        ((rows,),) = by_hand(database_url, f"SELECT count(*) FROM {table}")
        assert len(members[f"{member}.jsonl"].splitlines()) == rows, table
    for id_, raw in by_hand(database_url, "SELECT id, raw FROM received"):
        assert members[f"messages/{id_}.json"] == bytes(raw)
    bundle = json.loads(members["versions.json"])
    assert check(bundle) == ()
    assert len({e["fullUrl"] + e["resource"]["meta"]["versionId"] for e in bundle["entry"]}) == len(
        bundle["entry"]
    )
    receipts = [json.loads(line)["receipts"] for line in members["deliveries.jsonl"].splitlines()]
    assert [len(of_one) for of_one in receipts] == [1, 1]


def test_the_same_case_gives_the_same_bytes(over: Stage, store: Housekeeping) -> None:
    """Also after it was archived; any ZIP reader opens it."""
    assert archive_now(store, over) == archive_now(store, over)


def test_both_databases_give_the_same_file(tmp_path: Path, postgresql_url: str) -> None:
    made = []
    for url in (f"sqlite:///{empty_database(tmp_path / 'a.db')}", postgresql_url):
        with played(url, _CASE) as stage, kept(url) as store:
            made.append(archive_now(store, stage))
    assert made[0] == made[1]


def test_a_damaged_archive_is_noticed() -> None:
    """One changed byte, a member too many, one too few, no ZIP at all."""
    whole = pack({"a": b"one", "b/c": b"two"}, {"case": "x"})
    assert unpack(whole) == {"a": b"one", "b/c": b"two"}
    for damaged in (b"", whole[:40], whole.replace(b"one", b"eno"), whole.replace(b"b/c", b"b/d")):
        with pytest.raises(Damaged):
            unpack(damaged)


def test_the_command_writes_checks_and_records(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file is whole, its hash is recorded; the same again is the same; the case is then listed no more."""
    (tmp_path / "out").mkdir()
    out = str(tmp_path / "out")
    assert run("archive", "--over-since", "2026-12-31", "--to", out, "--json") == 0
    (told,) = json.loads(capfd.readouterr().out)["archived"]
    file = Path(told["file"])
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]
    assert zipfile.ZipFile(file).testzip() is None
    assert [p.name for p in file.parent.iterdir()] == [f"{told['case']}-{told['sha256'][:16]}.zip"]
    assert file.stat().st_mode & 0o077 == 0
    assert run("archive", told["case"], "--to", out) == 0
    assert run("archive", "--over-since", "2026-12-31", "--to", out, "--json") == 0
    assert capfd.readouterr().out.splitlines()[-1] == '{"archived": [], "failed": []}'


def test_the_command_overwrites_nothing(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Another file in its place stays, the case is not recorded as archived, and nothing is left beside."""
    out, url = tmp_path / "out", f"sqlite:///{tmp_path / 'case.db'}"
    out.mkdir()
    (case,) = written(run, capfd, out)
    file = Path(case["file"])
    file.write_bytes(b"older")
    by_hand(url, "DELETE FROM archived")
    assert run("archive", case["case"], "--to", str(out)) == 1
    assert "another file is in its place" in capfd.readouterr().err
    assert file.read_bytes() == b"older"
    assert [*out.iterdir()] == [file]
    assert by_hand(url, "SELECT count(*) FROM archived") == [(0,)]
    assert run("archive", "unknown", "--to", str(out)) == 1
    assert run("archive", case["case"], "--to", str(tmp_path / "missing")) == 2
    assert run("archive", "--to", str(out)) == 2


def written(run: Run, capfd: pytest.CaptureFixture[str], out: Path, code: int = 0) -> list[dict[str, str]]:
    """What the nightly run says it has archived."""
    capfd.readouterr()
    assert run("archive", "--over-since", "2026-12-31", "--to", str(out), "--json") == code
    archived: list[dict[str, str]] = json.loads(capfd.readouterr().out)["archived"]
    return archived


def two_cases(url: str) -> None:
    """A second case behind the first, of the same content: over, and not archived."""
    for table in (case_, version):
        names = ", ".join(c.name for c in table.columns if c.name not in ("id", "need", "case_id"))
        keys = {"case_": "id, need", "version": "id, case_id"}[table.name]
        new = {"case_": f"'{_SECOND}', 'second'", "version": f"id || 'f', '{_SECOND}'"}[table.name]
        by_hand(url, f"INSERT INTO {table.name} ({keys}, {names}) SELECT {new}, {names} FROM {table.name}")


def test_a_case_that_changed_since_gets_a_file_beside_the_old_one(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Both files are whole, and the case behind it is archived in the same run."""
    out, url = tmp_path / "out", f"sqlite:///{tmp_path / 'case.db'}"
    out.mkdir()
    (first,) = written(run, capfd, out)
    by_hand(
        url,
        "INSERT INTO audit (at, actor, action, case_id, details) "
        "SELECT at, actor, 'resource-updated', case_id, '{}' FROM audit WHERE case_id IS NOT NULL LIMIT 1",
    )
    two_cases(url)
    again, second = written(run, capfd, out)
    assert (again["case"], second["case"]) == (first["case"], _SECOND)
    assert len({one["file"] for one in (first, again, second)}) == len([*out.iterdir()]) == 3
    for one in (first, again, second):
        raw = Path(one["file"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == one["sha256"]
        assert unpack(raw)


def test_one_that_cannot_be_archived_holds_up_none_behind_it(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The run ends with 1 and tells both: what was written, and which case was not, and why."""
    out, url = tmp_path / "out", f"sqlite:///{tmp_path / 'case.db'}"
    out.mkdir()
    (first,) = written(run, capfd, out)
    Path(first["file"]).write_bytes(b"another")
    by_hand(url, "DELETE FROM archived")
    two_cases(url)
    assert [one["case"] for one in written(run, capfd, out, code=1)] == [_SECOND]
    assert run("archive", "--over-since", "2026-12-31", "--to", str(out), "--json") == 1
    (failed,) = json.loads(capfd.readouterr().out)["failed"]
    assert failed["case"] == first["case"]
    assert "another file is in its place" in failed["why"]
    assert run("archive", first["case"], "0-unknown", _SECOND, "--to", str(out)) == 1
    told = capfd.readouterr()
    assert _SECOND in told.out
    assert "no case 0-unknown" in told.err


@pytest.mark.parametrize("kept_bytes", [0, 100, -1])
def test_a_file_that_was_cut_off_is_made_whole(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str], kept_bytes: int
) -> None:
    """Also one that was written and not recorded is taken as it is; what a dead run left beside stands in no way."""
    out, url = tmp_path / "out", f"sqlite:///{tmp_path / 'case.db'}"
    out.mkdir()
    (first,) = written(run, capfd, out)
    file = Path(first["file"])
    whole = file.read_bytes()
    by_hand(url, "DELETE FROM archived")
    assert written(run, capfd, out) == [first]
    by_hand(url, "DELETE FROM archived")
    file.write_bytes(whole[:kept_bytes])
    (out / f"{file.stem}.7.part").write_bytes(whole[:10])
    assert written(run, capfd, out) == [first]
    assert file.read_bytes() == whole


def test_a_purge_says_which_file_is_left(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A case about the wrong person goes from the database; of a file of it the audit tells by its hash."""
    (tmp_path / "out").mkdir()
    (row,) = written(run, capfd, tmp_path / "out")
    store = open_store(os.environ["IP_ADAPTER_DATABASE"])
    try:
        with store.transaction() as tx:
            tx.purge(row["case"], datetime(2026, 12, 31, tzinfo=UTC), "test", "wrong-person")
        purged = [a.details for a in store.audit_of(row["case"]) if a.action == "case-purged"]
    finally:
        store.close()
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "out").iterdir()]
    assert [details["archive"] for details in purged] == files
