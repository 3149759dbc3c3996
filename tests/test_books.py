"""Books are made up for every day, and what does not balance stays an alarm until somebody has seen to it."""
# ruff: noqa: S608 - statements of a test

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand, played

from adapter.cli.commands import app
from adapter.domain.reconciliation import Trace, balances
from adapter.flows.reconciliation import make_up_books, reconcile, unexplained
from adapter.flows.stuck import stuck
from adapter.replay.stage import Stage

DAY, NOON = date(2026, 3, 10), datetime(2026, 3, 10, 12, tzinfo=UTC)
NEED, ON_A_LIST = "notify/xml-need-is-routed", "talk/late-change-overwrites-nothing"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


@pytest.fixture
def stage(url: str) -> Iterator[Stage]:
    with played(url, NEED) as stage:
        yield stage


def alarm(stage: Stage, kind: str) -> tuple[int, bool]:
    parts = stage.parts
    found = stuck(parts.store.reckoning(), parts.tables.thresholds, stage.clock.now)
    return next((one.number, one.alarm) for one in found if one.kind == kind)


def lose(url: str) -> str:
    """Everything that shows what became of the one message; gives its id."""
    by_hand(url, "DELETE FROM history", "DELETE FROM version", "DELETE FROM waiting")
    ((message,),) = by_hand(url, "SELECT id FROM received")
    return str(message)


def days(stage: Stage) -> list[str]:
    return [row.details["day"] for row in stage.parts.store.reckoning().audits("reconciled")]


def test_a_lost_message_is_an_alarm_until_somebody_has_seen_to_it(stage: Stage, url: str) -> None:
    """Not only until the next day is made up; and whoever sees to it says why, and is named in the audit."""
    lose(url)
    for _ in range(3):
        stage.clock.now += timedelta(days=1)
        make_up_books(stage.parts)
        assert alarm(stage, "unexplained") == (1, True)
    command = ["reconcile", "--on", DAY.isoformat(), "--why", "Sent again", "--by", "kari", "--database", url]
    with pytest.raises(SystemExit):
        app(command, prog_name="ip-adapter")
    assert alarm(stage, "unexplained") == (0, False)
    seen = stage.parts.store.reckoning().audits("reconciled")[-1]
    assert (seen.actor, seen.details["day"], seen.details["why"]) == ("kari", DAY.isoformat(), "Sent again")
    stage.clock.now += timedelta(days=1)
    make_up_books(stage.parts)
    assert alarm(stage, "unexplained") == (0, False)


def test_seeing_to_it_is_of_one_day(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["reconcile", "--why", "all of it", "--database", url], prog_name="ip-adapter")
    assert ended.value.code == 1
    assert "--on" in capsys.readouterr().err


def test_every_day_without_a_worker_is_made_up(stage: Stage, url: str) -> None:
    """Each once and in order, from the first message on: one that was lost in between is named."""
    lose(url)
    stage.clock.now += timedelta(days=4)
    found = make_up_books(stage.parts)
    assert days(stage) == ["2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"]
    assert found is not None
    assert unexplained(found) == 1
    assert alarm(stage, "unexplained") == (1, True)
    stage.clock.now += timedelta(days=2)
    make_up_books(stage.parts)
    assert days(stage)[4:] == ["2026-03-14", "2026-03-15"]
    assert make_up_books(stage.parts) is None


def test_books_that_were_never_made_up_are_an_alarm(stage: Stage) -> None:
    """Two days after the first were due, where any message came."""
    assert alarm(stage, "books") == (0, False)
    stage.clock.now += timedelta(days=1)
    assert alarm(stage, "books") == (1, False)
    stage.clock.now += timedelta(days=2)
    assert alarm(stage, "books") == (1, True)


def test_of_no_message_no_books_are_missed(url: str) -> None:
    with played(url, NEED, 0) as stage:
        stage.clock.now += timedelta(days=30)
        assert alarm(stage, "books") == (0, False)


def test_a_message_that_was_not_looked_at_does_not_balance() -> None:
    """What was received is counted by itself: a page that is left out is missed."""
    trace = Trace(
        "m", "s", "k", NOON, "c", "message-accepted", True, True, frozenset(), False, False, False, False
    )
    (whole,) = balances({(DAY, "s"): 1}, [trace], (), ())
    (short,) = balances({(DAY, "s"): 2}, [trace], (), ())
    (none,) = balances({(DAY, "s"): 1}, [], (), ())
    assert (whole.holds, short.holds, none.holds) == (True, False, False)
    assert (short.amiss, none.amiss) == (1, 1)


def test_a_list_explains_only_what_was_left_to_it(url: str) -> None:
    """The case is on a list because of the late change: the need that made it, when lost, is not explained by that."""
    with played(url, ON_A_LIST) as stage:
        assert unexplained(reconcile(DAY, DAY + timedelta(days=9), stage.parts)) == 0
        by_hand(url, "DELETE FROM history", "DELETE FROM version")
        assert unexplained(reconcile(DAY, DAY + timedelta(days=9), stage.parts)) > 0
        by_hand(url, "DELETE FROM waiting")
        ((all_,),) = by_hand(url, "SELECT count(*) FROM received")
        assert unexplained(reconcile(DAY, DAY + timedelta(days=9), stage.parts)) == all_


def test_a_repeat_is_one_only_if_the_first_is_there(url: str) -> None:
    """The answer that a need was taken back before does not show that it was."""
    with played(url, "notify/cancelled-twice-is-told-once") as stage:
        by_hand(url, "DELETE FROM history WHERE event = 'cancel'")
        found = reconcile(DAY, DAY + timedelta(days=9), stage.parts)
    assert sum(one.fates["repeats"] for one in found) == 0
    assert unexplained(found) == 1


@pytest.mark.parametrize(
    "folder",
    [
        "talk/note-takes-something-back",
        "talk/fault-holds-what-is-queued",
        "talk/death-is-told-to-a-person-here",
        "talk/changed-and-no-longer-clear",
        "talk/note-in-fhir-without-words",
        "talk/answer-needs-consent",
        "hand-over/accepted",
    ],
)
def test_each_message_that_loses_what_it_left_is_named(folder: str, url: str) -> None:
    """Also where its case is on a list because of it, as in all but the last."""
    with played(url, folder) as stage:
        left = "SELECT because FROM history UNION SELECT source FROM version"
        ids = [row[0] for row in by_hand(url, f"SELECT id FROM received WHERE id IN ({left})")]
        by_hand(url, "CREATE TABLE h AS SELECT * FROM history", "CREATE TABLE v AS SELECT * FROM version")
        for id_ in ids:
            by_hand(url, f"DELETE FROM history WHERE because = '{id_}'")
            by_hand(url, f"DELETE FROM version WHERE source = '{id_}'")
            found = reconcile(DAY, DAY + timedelta(days=40), stage.parts)
            assert id_ in {message for one in found for message in one.unexplained}
            by_hand(url, "DELETE FROM history", "DELETE FROM version")
            by_hand(url, "INSERT INTO history SELECT * FROM h", "INSERT INTO version SELECT * FROM v")
    assert ids
