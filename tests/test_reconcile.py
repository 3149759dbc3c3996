"""What was received balances with what it left; what is taken away by hand from any table is named by its message."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand, played
from test_query_plans_sqlite import plans, whole_tables

from adapter.cli.commands import app
from adapter.domain.reconciliation import Balance, Trace
from adapter.flows.reconciliation import make_up_books, reconcile, unexplained
from adapter.outside.store import Database
from adapter.replay.stage import Stage

DAY = date(2026, 3, 10)
CONVERSATION = "talk/answer-opens-the-task-again"
FOLDERS = {
    "cases": "notify/xml-need-is-routed",
    "answers": "talk/question-is-answered",
    "refused": "refuse/consent-not-asked",
    "events": "notify/cancelled-twice-is-told-once",
    "repeats": "notify/cancelled-twice-is-told-once",
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


@pytest.fixture
def stage(url: str) -> Iterator[Stage]:
    with played(url, FOLDERS["events"]) as stage:
        yield stage


def books(stage: Stage) -> list[Balance]:
    return [*reconcile(DAY, DAY + timedelta(days=400), stage.parts)]


def test_every_received_row_is_in_the_books_once(stage: Stage, url: str) -> None:
    """Held against a count of the rows, by hand."""
    ((kept,),) = by_hand(url, "SELECT count(*) FROM received")
    assert sum(one.received for one in books(stage)) == kept
    assert all(one.holds for one in books(stage))


@pytest.mark.parametrize(
    "taken",
    [
        "DELETE FROM audit WHERE action = 'message-accepted'",
        "DELETE FROM history; DELETE FROM version; DELETE FROM waiting",
        "UPDATE audit SET action = 'message-refused' WHERE action = 'message-accepted'",
        "UPDATE received SET case_id = NULL",
    ],
)
def test_a_message_that_left_nothing_is_named(stage: Stage, url: str, taken: str) -> None:
    """Whatever was lost: its trace, the record of its answer, or the case it led to."""
    by_hand(url, *taken.split(";"))
    ids = {
        row[0] for row in by_hand(url, "SELECT id FROM received WHERE case_id IS NOT NULL OR raw IS NOT NULL")
    }
    named = {message for one in books(stage) for message in one.unexplained}
    assert named
    assert named <= ids
    assert not all(one.holds for one in books(stage))


def test_a_need_without_a_case_is_never_an_event(stage: Stage, url: str) -> None:
    """Only what tells of a stay may leave nothing but that it came."""
    by_hand(url, "UPDATE received SET case_id = NULL WHERE kind = 'need-notified'")
    by_hand(url, "UPDATE audit SET case_id = NULL")
    assert unexplained(books(stage)) == 1


def test_a_day_begins_and_ends_at_midnight_in_norway(stage: Stage, url: str) -> None:
    """Half past eleven in the evening in UTC is the next day here."""
    by_hand(url, "UPDATE received SET at = '2026-03-10 23:30:00.000000'")
    assert reconcile(DAY, DAY, stage.parts) == []
    assert {one.day for one in reconcile(DAY + timedelta(days=1), DAY + timedelta(days=1), stage.parts)} == {
        DAY + timedelta(days=1)
    }


def test_the_day_before_is_made_up_once(stage: Stage) -> None:
    """However many processes look, and it stands in the audit."""
    stage.clock.now += timedelta(days=1)
    first = make_up_books(stage.parts)
    assert first
    assert make_up_books(stage.parts) is None
    (last,) = stage.parts.store.reckoning().audits("reconciled")
    assert last.details == {"day": "2026-03-10", "received": "3", "unexplained": "0"}


def test_pages_meet_without_a_gap(stage: Stage) -> None:
    """A page of one at a time gives the same messages in the same order as all at once."""
    reckoning = stage.parts.store.reckoning()
    since, before = stage.clock.now - timedelta(days=30), stage.clock.now + timedelta(days=30)
    whole = reckoning.traces(since, before, None, 100)
    one_by_one: list[Trace] = []
    while page := reckoning.traces(since, before, one_by_one[-1] if one_by_one else None, 1):
        one_by_one += page
    assert one_by_one == whole
    assert len(whole) == 3


@pytest.mark.parametrize("fate", FOLDERS)
def test_the_command_says_what_became_of_each(
    fate: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with played(url, FOLDERS[fate]):
        pass
    told, code = run(["reconcile", "--from", "2026-03-10", "--to", "2027-03-10", "--json"], url, capsys)
    assert code == 0
    assert any(one["fates"][fate] for one in json.loads(told)["balances"])


def test_the_command_fails_and_names_what_does_not_balance(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with played(url, FOLDERS["cases"]):
        pass
    by_hand(url, "DELETE FROM history", "DELETE FROM version")
    ((message,),) = by_hand(url, "SELECT id FROM received")
    told, code = run(["reconcile", "--on", "2026-03-10"], url, capsys)
    assert code == 1
    assert f"without a trace: {message}" in told


def run(command: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, object]:
    with pytest.raises(SystemExit) as ended:
        app([*command, "--database", url], prog_name="ip-adapter")
    return capsys.readouterr().out, ended.value.code or 0


def test_a_day_is_read_by_its_indexes(stage: Stage) -> None:
    """However many messages and rows of the audit there are beside it."""
    store = stage.parts.store
    assert isinstance(store, Database)
    since, before = stage.clock.now - timedelta(days=1), stage.clock.now

    def asked(_: object) -> None:
        store.reckoning().traces(since, before, None, 10)
        store.reckoning().audits("reconciled")
        store.reckoning().received(since, before)

    plan = plans(store._connections.engine, asked)
    assert whole_tables(plan, set()) == [], plan
    assert any("ix_received_at" in step for step in plan)
    assert sum("ix_audit_alone" in step for step in plan) == 2


def test_a_case_sent_back_twice_is_a_repeat_and_nothing_lost(url: str) -> None:
    """The second return by the same unit changes nothing, and is told as such."""
    with played(url, "purge/returned-by-a-message-in-fhir") as stage:
        found = books(stage)
    assert unexplained(found) == 0
    assert sum(one.fates["repeats"] for one in found) == 1
