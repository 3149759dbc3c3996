"""The worker: one postman per recipient, pauses are kept, faults are told and do not stop the others."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from cases import FIXTURES, empty_database

from adapter.domain.delivery import Receipt
from adapter.outside.store import Database, open_store
from adapter.ports import StoreBusy, Transaction
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage
from adapter.worker import Worker

MODEL = FIXTURES / "notify" / "xml-need-is-routed"


MUNICIPALITY = "999900022"


class Dead:
    """A way out on which nobody answers; counts the tries."""

    def __init__(self, fault: type[Exception] | None = None) -> None:
        self.tries, self.fault = 0, fault

    async def post(self, address: str, body: bytes, *, message_id: str) -> Receipt:
        self.tries += 1
        if self.fault:
            raise self.fault(f"{address} said something about 21905297101")
        return Receipt("unreachable")


class Free:
    """A post round in which every recipient is free."""

    def __init__(self, *, held: bool = True) -> None:
        self.held, self.given_back = held, list[str]()
        self.asked_by = set[threading.Thread]()

    def take(self, recipient: str) -> bool:
        return True

    def give_back(self, recipient: str) -> None:
        self.given_back.append(recipient)

    def still_held(self) -> bool:
        self.asked_by.add(threading.current_thread())
        return self.held

    def wait(self, seconds: float) -> None:
        """Nothing is heard."""

    def wake(self) -> None:
        """Nobody waits."""


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
        if self.turns % 2 == 0 and not self.well:
            raise StoreBusy
        opened: AbstractContextManager[Transaction] = self.store.transaction()
        return opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(f"sqlite:///{empty_database(tmp_path / 'worker.db')}")
    yield opened
    opened.close()


@pytest.fixture
def stage(store: Database) -> Stage:
    """A case with one delivery due."""
    stage = open_stage(MODEL, store)
    for step in read_case(MODEL).steps:
        stage.act_first(step)
        stage.act(step)
    return stage


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
    assert round_.given_back == ["999900022"]


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


def test_stopping_waits_for_what_is_in_flight(stage: Stage) -> None:
    """`stop` lets the postman on his way finish and takes nothing new."""
    dead = Dead()

    async def run() -> None:
        async def pause(_seconds: float) -> None:
            worker.stop()

        worker = Worker(stage.parts, dead, Free(), look_every=0, pause=pause)
        await worker.run()
        assert worker.on_the_way() == []

    asyncio.run(run())
    assert dead.tries <= 1
