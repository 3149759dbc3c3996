"""The worker: one postman per recipient, pauses are kept, faults are told and do not stop the others."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from due_mail import MUNICIPALITY, Accepting, Dead, Free, one_due

from adapter.ports import StoreBusy, Transaction
from adapter.replay.stage import Stage
from adapter.worker import Worker


class Clinging(Free):
    """A round that cannot give back."""

    def give_back(self, recipient: str) -> None:
        super().give_back(recipient)
        raise StoreBusy


class Forgetful:
    """A store that reads and takes mail for sending, and is busy whenever an outcome is to be written back."""

    def __init__(self, store: Any) -> None:
        self.store, self.well = store, False
        self.turns = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def transaction(self) -> AbstractContextManager[Transaction]:
        self.turns += 1
        # The first is the look at false waits; then each batch reads, begins and is written back.
        if self.turns > 1 and self.turns % 3 == 1 and not self.well:
            raise StoreBusy
        opened: AbstractContextManager[Transaction] = self.store.transaction()
        return opened


class Away:
    """A database that does not answer, or whose clock says this; it may also say that nothing can be written."""

    def __init__(self, store: Any) -> None:
        self.store, self.answers, self.takes_writes = store, False, True
        self.says: datetime | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def time(self) -> datetime | None:
        if not self.answers:
            raise StoreBusy
        return self.says

    def due_recipients(self, now: datetime) -> Sequence[str]:
        if not self.answers:
            raise StoreBusy
        found: Sequence[str] = self.store.due_recipients(now)
        return found

    def ready(self) -> bool:
        return self.takes_writes


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with one delivery due."""
    with one_due(tmp_path) as stage:
        yield stage


def looks(stage: Stage, transport: Dead, round_: Free, times: Sequence[timedelta]) -> None:
    """Look once after each time that passes, and let the postmen finish each time."""

    async def run() -> None:
        worker = Worker(stage.parts, transport, round_, look_every=0)
        for passed in times:
            stage.clock.now += passed
            await worker.look()
            await asyncio.gather(*worker.on_the_way(), return_exceptions=True)

    asyncio.run(run())


def test_a_recipient_that_does_not_answer_is_left_alone_until_its_pause_ends(stage: Stage) -> None:
    """One try, then none before the first wait is over, then one again."""
    dead = Dead()
    first = stage.parts.schedule.waits[0]
    looks(stage, dead, Free(), [timedelta(0), timedelta(0), first / 2])
    assert dead.tries == 1
    looks(stage, dead, Free(), [first])
    assert dead.tries == 2


def test_a_postman_whose_lock_is_gone_sends_nothing(stage: Stage) -> None:
    """Another process may have the recipient by now."""
    dead, round_ = Dead(), Free(held=False)
    looks(stage, dead, round_, [timedelta(0)])
    assert dead.tries == 0
    assert round_.given_back == [MUNICIPALITY]


def test_the_database_is_not_asked_on_the_loop_that_carries_everything(stage: Stage) -> None:
    """A slow answer about one lock would hold up every other recipient, and the doors in the same process."""
    round_ = Free()
    looks(stage, Dead(), round_, [timedelta(0)])
    assert round_.asked_by
    assert threading.main_thread() not in round_.asked_by


def test_who_cannot_be_written_back_is_left_alone_longer_each_time(stage: Stage) -> None:
    """Tries after 0, 1, 2, 4, … seconds and at most a minute apart, not one at every look."""
    busy = Forgetful(stage.parts.store)
    stage.parts = replace(stage.parts, store=busy)
    dead = Dead()
    looks(stage, dead, Free(), [timedelta(0), *[timedelta(seconds=1)] * 299])
    assert dead.tries == 10  # at 0, 1, 3, 7, 15, 31 and 63 seconds, then at 123, 183 and 243
    busy.well = True
    looks(stage, dead, Free(), [timedelta(0)])
    assert stage.parts.store.pause_of(MUNICIPALITY).failures == 1


def test_a_postman_who_cannot_give_back_may_still_go_again(stage: Stage) -> None:
    """What fails at the end of a round does not keep its recipient without a postman."""
    dead, round_ = Dead(), Clinging()
    looks(stage, dead, round_, [timedelta(0), timedelta(minutes=5)])
    assert dead.tries == 2
    assert round_.given_back == [MUNICIPALITY] * 2


def test_a_fault_is_told_without_its_text_and_tried_again(stage: Stage) -> None:
    """Type and place are logged, nothing of what the exception says; the recipient is given back."""
    broken, round_ = Dead(RuntimeError), Free()
    with structlog.testing.capture_logs() as logs:
        looks(stage, broken, round_, [timedelta(0), timedelta(seconds=1)])
    assert broken.tries == 2
    assert [entry["fault"] for entry in logs] == ["RuntimeError"] * 2
    assert not re.search(r"\d{11}", str(logs))
    assert len(round_.given_back) == 2


def test_a_database_that_is_away_is_told_once_and_then_once_a_minute(stage: Stage) -> None:
    """Not at every look; and at once when it goes away again."""
    away = Away(stage.parts.store)
    stage.parts = replace(stage.parts, store=away)

    async def run() -> None:
        worker = Worker(stage.parts, Dead(), Free(), look_every=0)
        for answers in (*[False] * 119, True, False):
            away.answers = answers
            await worker.look()
            await asyncio.gather(*worker.on_the_way())
            stage.clock.now += timedelta(seconds=1)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(run())
    assert [entry["event"] for entry in logs] == ["store busy"] * 3


def test_a_clock_that_is_not_the_databases_is_told_once_a_minute(stage: Stage) -> None:
    away = Away(stage.parts.store)
    away.answers, away.says = True, stage.clock() + timedelta(hours=6)
    stage.parts = replace(stage.parts, store=away)
    with structlog.testing.capture_logs() as logs:
        looks(stage, Dead(), Free(), [timedelta(0), *[timedelta(seconds=1)] * 70])
    told = [entry["seconds_ahead"] for entry in logs if "seconds_ahead" in entry]
    assert told == [-6 * 3600, 60 - 6 * 3600]


def test_nothing_is_sent_again_before_its_outcome_can_be_written(stage: Stage) -> None:
    """The disk is full: one batch was sent and not settled; the next goes when a write would go through."""
    away, forgetful = Away(None), Forgetful(stage.parts.store)
    away.store, away.answers, away.takes_writes = forgetful, True, False
    stage.parts = replace(stage.parts, store=away)
    accepting, dead = Accepting(), Dead()
    looks_on = [timedelta(0), *[timedelta(seconds=1)] * 200]

    async def run() -> None:
        worker = Worker(stage.parts, dead, Free(), look_every=0)
        for passed in (*looks_on, None, timedelta(minutes=2)):
            if passed is None:
                assert dead.tries == 1
                worker._transport, forgetful.well, away.takes_writes = accepting, True, True
                continue
            stage.clock.now += passed
            await worker.look()
            await asyncio.gather(*worker.on_the_way(), return_exceptions=True)

    asyncio.run(run())
    assert len(accepting.got) == 1
