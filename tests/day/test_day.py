"""24 hours of messages: nothing is lost, nothing piles up, and whatever is loud has its cause in what the day did.

The small form has a hundredth of Norway's volume and every trouble of the day. The whole form is
`python -m tests.day --times 10`, or DAY_TIMES=10 pytest tests/day.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from .agenda import BEGIN, END
from .letters import OSLO
from .memory import ALLOWED, growth, too_much
from .people import person
from .reckoning import Reckoning
from .run import Day, run
from .volume import read_volume

pytestmark = [pytest.mark.day, pytest.mark.processes]

TIMES = float(os.environ.get("DAY_TIMES", "0.01"))
STEP = timedelta(minutes=1 if TIMES >= 1 else 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("day")


@pytest.fixture(scope="module")
def day(folder: Path) -> Day:
    """A day on SQLite: one process that serves and works."""
    return asyncio.run(run(TIMES, f"sqlite:///{folder / 'day.db'}", folder, step=STEP))


@contextmanager
def reckoning(day: Day, folder: Path) -> Iterator[Reckoning]:
    """The end of the day once more, for a world that was tampered with."""
    engine = create_engine(f"sqlite:///{folder / 'day.db'}")
    with engine.connect() as connection:
        yield Reckoning(connection, day.agenda, day.troubles)
    engine.dispose()


def test_a_day_leaves_nothing_unexplained(day: Day) -> None:
    """Answers, log lines, rows, lists, order, consent and memory: all have their cause in an event of the day."""
    assert day.report.alarms == []


def test_the_backlog_is_drained_but_for_who_is_away(day: Day) -> None:
    """At the end only mail to the unit that closed for the night is open, and none of it is older than its closing."""
    last = day.report.moments[-1]
    assert last.at == END
    assert last.open >= 1
    assert last.oldest <= timedelta(minutes=31).total_seconds()


def test_the_troubles_did_happen(day: Day) -> None:
    """A quiet day would prove nothing: consents stopped mail, a message came again, people gave commands."""
    figures = day.report.figures
    assert figures["deliveries"]["stopped-by-consent"] >= 1
    assert figures["deliveries"]["skipped"] == 1
    assert day.troubles.explained.operated == 4
    assert {kind.split()[0] for kind in figures["foreseen"]} >= {"400", "403", "422"}


def test_a_message_that_no_partner_has_is_noticed(day: Day, folder: Path) -> None:
    """The journals are the oracle: what one of them lacks was lost, whatever the adapter says."""
    journal = day.agenda.world.units[0].journal
    gone = journal.pop()
    with reckoning(day, folder) as again:
        assert any("not in a journal: 1" in told for told in again.work())
    journal.append(gone)


def test_a_plan_after_a_withdrawal_is_noticed(day: Day, folder: Path) -> None:
    """Had a consent been withdrawn before its plan came, the day would say so."""
    world = day.agenda.world
    hospital = next(h for h in world.hospitals if any(a.focus.startswith("CarePlan") for a in h.journal))
    plan = next(a for a in hospital.journal if a.focus.startswith("CarePlan"))
    case = world.by_resource[plan.focus]
    before, case.withdrawn_at = case.withdrawn_at, plan.at - timedelta(minutes=1)
    with reckoning(day, folder) as again:
        assert any("consent withdrawn" in told for told in again.consents())
    case.withdrawn_at = before


def test_a_wrong_order_is_noticed(day: Day, folder: Path) -> None:
    """Two messages of one case the other way round."""
    unit = next(u for u in day.agenda.world.hospitals if len(u.journal) > 2)
    unit.journal.reverse()
    with reckoning(day, folder) as again:
        assert any("out of order" in told for told in again.orders())
    unit.journal.reverse()


def test_a_loud_log_line_is_noticed(day: Day, folder: Path) -> None:
    """One warning that nobody foresaw, and one answer that nobody got."""
    node = day.agenda.world.nodes[0]
    before = node.log.read_text("utf-8")
    node.log.write_text(
        before + '{"level": "warning", "event": "store busy"}\n{"event": "request", "status": 503}\n'
    )
    with reckoning(day, folder) as again:
        told = list(again.logs())
    node.log.write_text(before, "utf-8")
    assert len(told) == 2


def test_a_case_too_many_on_a_list_is_noticed(day: Day, folder: Path) -> None:
    """What nobody foresaw on a person's list, or what is missing there."""
    explained = day.troubles.explained
    before = dict(explained.waiting)
    explained.waiting.popitem()
    with reckoning(day, folder) as again:
        assert list(again.lists())
    explained.waiting = before


def test_a_leak_of_a_kilobyte_a_message_is_not_flat() -> None:
    """40,000 requests a day, a kilobyte each; a burst of twenty megabytes at noon is no leak, one of sixty too high."""
    shares = [n / 143 for n in range(144)]
    flat = [(share, 150_000_000 + (n % 4) * 20_000) for n, share in enumerate(shares)]
    burst = [(share, held + 20_000_000 * (share > 0.5)) for share, held in flat]
    too_high = [(share, held + 60_000_000 * (share > 0.5)) for share, held in flat]
    leaking = [(share, held + int(share * 40_000_000)) for share, held in flat]
    weighed = {"flat": flat, "burst": burst, "too high": too_high, "leaking": leaking}
    assert too_much(weighed, 0.15) == ["too high", "leaking"]
    assert growth(leaking) > ALLOWED


def test_the_day_has_the_hour_that_comes_twice() -> None:
    """24 hours, in which the clocks of Europe/Oslo are set back from three to two."""
    hours = [(BEGIN + timedelta(hours=n)).astimezone(OSLO).hour for n in range(24)]
    assert BEGIN + timedelta(hours=24) == END
    assert hours.count(2) == 2
    assert {0, 12, 14} <= set(hours)


def test_the_volume_is_as_its_page_says() -> None:
    """The arithmetic of volume.yaml, done by hand: 113 needs and 480 plan versions on a weekday."""
    volume = read_volume()
    assert round(volume.day["needs"]) == round(798_390 * 0.02 * 2 * 0.92 / 260.7) == 113
    assert volume.day["plan_versions"] == 20_000 * 6 / 250
    assert sum(volume.hours) == pytest.approx(1.0)
    assert volume.hours[2:5] == [0, 0, 0]


@pytest.mark.parametrize("number", [1, 400, 11_000, 26_000])
def test_people_are_synthetic_and_sound(number: int) -> None:
    """Their month has 80 added, and their check digits hold by the rule written out."""
    digits, born = person(number)
    assert int(digits[2:4]) == born.month + 80
    for weights in ("3761894521", "54327654321"):
        assert sum(int(w) * int(d) for w, d in zip(weights, digits, strict=False)) % 11 == 0


@pytest.mark.server
@pytest.mark.skipif(TIMES < 1, reason="the whole form: DAY_TIMES=1 or more")
def test_two_nodes_on_postgresql_leave_nothing_unexplained(postgresql_url: str, tmp_path: Path) -> None:
    """Two processes that serve and two that work, on one database."""
    assert asyncio.run(run(TIMES, postgresql_url, tmp_path, step=STEP)).report.alarms == []
