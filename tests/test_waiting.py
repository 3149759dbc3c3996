"""Whatever stands still is counted, told and, after its time, an alarm; counting reads only what is not done."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cases import empty_database
from kept import by_hand, played
from test_query_plans_sqlite import partial, plans, store, whole_tables  # noqa: F401 - fixtures by name

from adapter.api.metrics import Metrics
from adapter.api.places import Limits, Places
from adapter.api.slow_look import EVERY_SECONDS, SlowLook
from adapter.api.watch import Watch
from adapter.cli.commands import app
from adapter.domain.condition import Bounds, Measured
from adapter.domain.counting import Length
from adapter.domain.standing import KINDS, Threshold
from adapter.flows.stuck import stuck
from adapter.mapping.days_off import is_day_off
from adapter.mapping.thresholds import thresholds
from adapter.outside.store import Database, still
from adapter.replay.stage import Stage
from adapter.settings import carried

TABLE = (carried("mappings") / "thresholds.yaml").read_text(encoding="utf-8")
WITH_MAIL = "deliver/parked-after-three-days"
NOT_DUE = datetime(2026, 3, 10, 9, 6, 30, tzinfo=UTC)
SHOWN = {
    "outbox": ("deliver/parked-after-three-days", 2),
    "parked": ("deliver/parked-after-three-days", 4),
    "routing": ("hold/oslo-without-district", 1),
    "consent": ("notify/consent-stated-later", 1),
    "unopened": ("notify/xml-need-is-routed", 1),
    "conversation": ("talk/note-takes-something-back", 2),
}
"""By kind: a folder and so many of its steps, after which there is one."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{empty_database(tmp_path / 'case.db')}"


def kinds(stage: Stage, later: timedelta = timedelta()) -> dict[str, tuple[int, bool]]:
    parts = stage.parts
    found = stuck(parts.store.reckoning(), parts.tables.thresholds, stage.clock.now + later)
    return {one.kind: (one.number, one.alarm) for one in found if one.number}


@pytest.mark.parametrize("kind", SHOWN)
def test_each_is_counted_and_after_its_time_an_alarm(kind: str, url: str) -> None:
    """At once it is none; ten days later it is."""
    folder, steps = SHOWN[kind]
    with played(url, folder, steps) as stage:
        if kind != "parked":
            assert kinds(stage)[kind] == (1, False)
        assert kinds(stage, timedelta(days=10))[kind] == (1, True)


def test_counts_are_those_of_the_rows(url: str) -> None:
    """Held against the lists that the other commands read, and against the rows by hand."""
    with played(url, WITH_MAIL, 4) as stage:
        found = kinds(stage)
        held = len(stage.parts.store.parked())
        assert found.get("parked", (0, False))[0] == held
        ((overdue,),) = by_hand(url, "SELECT count(*) FROM deadline WHERE state = 'overdue'")
        assert found.get("overdue", (0, False))[0] == overdue
        lists = [w.list for w in stage.parts.store.waiting()]
        assert {k: found[k][0] for k in set(lists)} == {k: lists.count(k) for k in set(lists)}


def test_a_need_that_is_still_on_its_way_is_not_unopened(url: str) -> None:
    """The unit cannot open what it does not have: that is the outbox's matter."""
    with played(url, WITH_MAIL, 2) as stage:
        assert set(kinds(stage)) == {"outbox"}


def test_clocks_that_nobody_looks_at_are_an_alarm(url: str) -> None:
    """Once one is due; until then nothing is missed. Who keeps them has them looked at long before."""
    with played(url, SHOWN["unopened"][0]) as stage:
        first = stage.parts.store.next_look()
        assert first
        just_before, after = first - stage.clock.now - timedelta(seconds=1), first - stage.clock.now
        assert "clocks" not in kinds(stage, just_before)
        assert kinds(stage, after)["clocks"] == (1, False)
        assert kinds(stage, after + timedelta(hours=1))["clocks"] == (1, True)


def test_books_that_do_not_balance_are_an_alarm_at_once(url: str) -> None:
    with played(url, SHOWN["unopened"][0]) as stage:
        by_hand(
            url,
            """INSERT INTO audit (at, actor, action, details) VALUES ('2026-03-10 09:00:00.000000', 'adapter',
            'reconciled', '{"day": "2026-03-09", "received": "7", "unexplained": "2"}')""",
        )
        assert kinds(stage)["unexplained"] == (2, True)
        assert kinds(stage)["books"] == (1, False)
        assert kinds(stage, timedelta(days=3))["books"] == (1, True)


@pytest.mark.parametrize(
    ("since", "alarm"),
    [
        ("2026-03-10T09:00:00+01:00", "2026-03-12T00:00:00+01:00"),  # a Tuesday
        ("2026-03-13T16:00:00+01:00", "2026-03-17T00:00:00+01:00"),  # a Friday: Monday is the day
        ("2026-04-01T12:00:00+02:00", "2026-04-08T00:00:00+02:00"),  # Wednesday before Maundy Thursday
    ],
)
def test_a_working_day_is_one_in_norway(since: str, alarm: str) -> None:
    at = Threshold(Length(1, "working-days"), "").alarm_at(datetime.fromisoformat(since), is_day_off)
    assert at == datetime.fromisoformat(alarm)


def test_a_threshold_by_the_clock_is_met_to_the_second() -> None:
    rule = Threshold(timedelta(hours=2), "")
    assert rule.alarm_at(NOT_DUE, lambda _: True) == NOT_DUE + timedelta(hours=2)


@pytest.mark.parametrize("statement", still.ALL, ids=lambda s: str(s.get_final_froms()[0]))
def test_counting_reads_only_what_is_not_done(
    statement: object,
    store: Database,  # noqa: F811 - a fixture
    partial: set[str],  # noqa: F811 - a fixture
) -> None:
    """However many cases there are: an index of what is open, or of the states that are counted."""
    plan = plans(store._connections.engine, lambda c: c.execute(statement))  # type: ignore[call-overload]
    assert [step for step in whole_tables(plan, partial) if "register_entry" not in step] == [], plan


def test_a_slow_look_asks_once_a_minute_and_again_after_a_fault() -> None:
    now, asked = [0.0], [0]

    def ask() -> int:
        asked[0] += 1
        if asked[0] == 2:
            raise ValueError
        return asked[0]

    look = SlowLook(ask, lambda: now[0])
    assert [look(), look()] == [1, 1]
    now[0] = EVERY_SECONDS
    with pytest.raises(ValueError, match=r"^$"):
        look()
    assert look() == 3


def test_metrics_tell_every_kind(url: str) -> None:
    """By kind only: nothing of a case is in them."""
    with played(url, SHOWN["routing"][0]) as stage:
        found = stuck(
            stage.parts.store.reckoning(), stage.parts.tables.thresholds, stage.clock.now + timedelta(days=9)
        )
    watch = Watch(Measured, Bounds(0, 0))
    watch.measured = Measured(stuck=found)
    text = Metrics(watch, Places(Limits(1, 1, 1.0, 1.0, 1))).text().decode()
    assert 'ip_adapter_waiting{kind="routing"} 1.0' in text
    assert 'ip_adapter_waiting_alarm{kind="routing"} 1.0' in text
    assert "ip_adapter_unexplained_messages 0.0" in text
    assert all(f'ip_adapter_waiting_oldest_seconds{{kind="{kind}"}}' in text for kind in KINDS)


@pytest.fixture
def told(url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, object]:
    with played(url, SHOWN["routing"][0]):
        pass
    return run(["waiting"], url, capsys)


def test_the_command_fails_while_there_is_an_alarm(told: tuple[str, object]) -> None:
    """The folder was played in March 2026, and nobody has looked since."""
    assert told[1] == 1
    assert "ALARM" in told[0]
    assert "for which a person chooses the unit" in told[0]


def test_the_command_tells_every_kind_as_json(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    said, code = run(["waiting", "--json"], url, capsys)
    assert code == 0
    assert [one["kind"] for one in json.loads(said)] == list(KINDS)


def run(command: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, object]:
    with pytest.raises(SystemExit) as ended:
        app([*command, "--database", url], prog_name="ip-adapter")
    return capsys.readouterr().out, ended.value.code or 0


@pytest.mark.parametrize(
    ("word", "instead", "why"),
    [
        ("outbox:", "inbox:", "waiting"),
        ("alarm-after: PT2H", "alarm-after: 2 hours", "PT4H"),
        ("alarm-after: PT2H", "after: PT2H", "outbox"),
        ("recipient-unreachable", "recipient-away", "recipient-away"),
        ("  in: P1D", "  into: P1D", "late"),
    ],
)
def test_a_table_that_is_not_understood_is_refused(word: str, instead: str, why: str) -> None:
    known = {"recipient-unreachable", "address-not-in-partner-table", "no-access-token", "service-locked"}
    known |= {"recipient-refuses-access"}
    assert thresholds(TABLE, known).waiting["outbox"].alarm_after == timedelta(hours=2)
    with pytest.raises(ValueError, match=why):
        thresholds(TABLE.replace(word, instead, 1), known)
