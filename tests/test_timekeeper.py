"""The loop that has clocks looked at: by one process among all, and whatever goes wrong with one case."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cases import FIXTURES, empty_database

from adapter.flows.parts import Parts
from adapter.outside.store import Database, open_store
from adapter.ports import StoreBusy
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage
from adapter.timekeeper import Timekeeper

FOLDERS = ("notify/fhir-need-is-routed", "notify/plo-need-is-routed")
LATER = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


class Round:
    """The right to keep the clocks, as a process has it or not."""

    def __init__(self, *, ours: bool = True) -> None:
        self.ours, self.asked = ours, list[str]()

    def take(self, recipient: str) -> bool:
        self.asked.append(f"take {recipient}")
        return self.ours

    def give_back(self, recipient: str) -> None:
        self.asked.append(f"give back {recipient}")

    def still_held(self) -> bool:
        return self.ours

    def wait(self, seconds: float) -> None: ...

    def wake(self) -> None: ...


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Two cases that have just come in."""
    with closing(open_store(f"sqlite:///{empty_database(tmp_path / 'clocks.db')}")) as store:
        for folder in FOLDERS:
            stage = open_stage(FIXTURES / folder, store)
            stage.act(read_case(FIXTURES / folder).steps[0])
        yield stage


def parts_of(stage: Stage) -> Parts:
    return replace(stage.parts, clock=lambda: LATER)


def due(stage: Stage) -> list[str]:
    return list(stage.parts.store.clocks_due(LATER, 10))


def test_a_look_sees_to_all_that_is_due(stage: Stage) -> None:
    round_ = Round()
    assert len(due(stage)) == 2
    asyncio.run(Timekeeper(parts_of(stage), round_).look())
    assert due(stage) == []
    assert round_.asked == ["take clocks", "give back clocks"]


def test_who_has_not_the_clocks_leaves_them_alone(stage: Stage) -> None:
    asyncio.run(Timekeeper(parts_of(stage), Round(ours=False)).look())
    assert len(due(stage)) == 2


def test_a_case_that_cannot_be_looked_at_keeps_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told by the place of the fault, and tried again after a while."""
    first, second = due(stage)
    seen: list[str] = []

    def keep(case_id: str, parts: Parts) -> None:
        seen.append(case_id)
        if case_id == first:
            raise KeyError("a value that no log may hold")

    monkeypatch.setattr("adapter.timekeeper.keep_clocks_of", keep)
    now = [LATER]
    keeper = Timekeeper(replace(stage.parts, clock=lambda: now[0]), Round())
    for minutes in (0, 1, 11):
        now[0] = LATER + timedelta(minutes=minutes)
        asyncio.run(keeper.look())
    assert seen == [first, second, second, first, second]


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=1)])
def test_who_is_off_itself_says_of_no_deadline_that_it_is_over(
    stage: Stage, ahead: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.timekeeper.clock_ahead", lambda store, clock: ahead)
    asyncio.run(Timekeeper(parts_of(stage), Round()).look())
    assert len(due(stage)) == (2 if ahead else 0)


def test_it_looks_again_after_a_busy_database_and_ends_when_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.timekeeper._LOOK_EVERY", 0.0)
    keeper = Timekeeper(parts_of(stage), Round())
    asked = count_of(stage.parts.store, monkeypatch, keeper.stop)
    asyncio.run(asyncio.wait_for(keeper.run(), 10))
    assert asked() == 3
    assert due(stage) == []


def count_of(store: object, monkeypatch: pytest.MonkeyPatch, stop: Callable[[], None]) -> Callable[[], int]:
    """The database is busy when it is first asked; the third look is the last that is wanted."""
    calls, original = 0, Database.clocks_due

    def clocks_due(self: Database, now: datetime, limit: int) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreBusy("locked")
        if calls > 2:
            stop()
        return original(self, now, limit)

    def seen() -> int:
        return calls

    monkeypatch.setattr(Database, "clocks_due", clocks_due)
    return seen
