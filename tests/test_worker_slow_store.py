"""The worker while its database is slow, or its clock is not the database's."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from due_mail import MUNICIPALITY, Accepting, Dead, Free, one_due

from adapter import worker as under_test
from adapter.domain.delivery import Delivery, Pause
from adapter.replay.stage import Stage
from adapter.worker import POSTMEN, Worker


class Altered:
    """A store, but for what is given here."""

    def __init__(self, store: Any, **instead: Any) -> None:
        self.store = store
        self.__dict__ |= instead

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def altered(stage: Stage, **instead: Any) -> Any:
    return replace(stage.parts, store=Altered(stage.parts.store, **instead))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with one delivery due."""
    with one_due(tmp_path) as stage:
        yield stage


def look(stage: Stage, worker: Worker) -> None:
    async def once() -> None:
        await worker.look()
        await asyncio.gather(*worker.on_the_way(), return_exceptions=True)

    asyncio.run(once())


def test_a_sign_of_life_comes_while_the_database_lets_every_postman_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread that asks for mail waits for the answer; neither the sign of life nor the next look waits, too."""
    monkeypatch.setattr(under_test, "_SIGN_OF_LIFE", 0.01)
    answer, all_wait = threading.Event(), threading.Semaphore(0)

    def slow(_to: str, _now: datetime, _limit: int) -> Sequence[Delivery]:
        all_wait.release()
        assert answer.wait(30)
        return []

    async def story() -> None:
        loop, signs, looked = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        waits = False

        class Counting(Free):
            def still_held(self) -> bool:
                if waits and threading.current_thread().name.startswith("alive"):
                    loop.call_soon_threadsafe(signs.set)
                return True

        def mail_for(_now: datetime) -> Sequence[str]:
            if waits:
                loop.call_soon_threadsafe(looked.set)
            return [f"r{number}" for number in range(POSTMEN)]

        parts = altered(stage, due=slow, due_recipients=mail_for)
        worker = Worker(parts, Dead(), Counting(), 0.01)
        running = asyncio.create_task(worker.run())
        for _ in range(under_test.POSTMENS_THREADS):
            await asyncio.to_thread(all_wait.acquire, timeout=30)
        waits = True
        async with asyncio.timeout(30):
            await signs.wait()
            await looked.wait()
        worker.stop()
        answer.set()
        await running

    asyncio.run(story())


@pytest.mark.parametrize(("off", "ends"), [(-1000, False), (400, False), (0, True)])
def test_only_who_has_the_databases_clock_ends_waits_as_false(stage: Stage, off: int, *, ends: bool) -> None:
    """A worker that is years behind takes every wait for one that nobody meant."""
    right = stage.clock()
    until = right + (timedelta(hours=1) if off < 0 else timedelta(days=3000))
    with stage.parts.store.transaction() as tx:
        tx.settle([], Pause(MUNICIPALITY, 3, until))
    stage.clock.now = right + timedelta(days=off)
    look(stage, Worker(altered(stage, time=lambda: right), Accepting(), Free(), look_every=0))
    assert (stage.parts.store.pause_of(MUNICIPALITY).until is None) == ends


def test_a_worker_whose_clock_comes_right_ends_false_waits_then(stage: Stage) -> None:
    right = stage.clock()
    with stage.parts.store.transaction() as tx:
        tx.settle([], Pause(MUNICIPALITY, 3, right + timedelta(days=3000)))
    accepting = Accepting()
    worker = Worker(altered(stage, time=stage.clock), accepting, Free(), look_every=0)
    worker._parts = altered(stage, time=lambda: right + timedelta(hours=6))
    look(stage, worker)
    assert accepting.got == []
    worker._parts = stage.parts
    stage.clock.now += timedelta(minutes=1)
    look(stage, worker)
    assert len(accepting.got) == 1


def test_a_failure_of_who_has_no_mail_any_more_is_forgotten(stage: Stage) -> None:
    """Somebody else carried it: no batch asks any more whether a write would go through."""
    asked: list[bool] = []

    def ready() -> bool:
        asked.append(True)
        return True

    parts = altered(stage, ready=ready)
    worker = Worker(parts, Accepting(), Free(), look_every=0)
    worker._failures = {"gone": (1, stage.clock())}
    look(stage, worker)
    assert asked == []


def test_who_is_called_off_while_it_settles_gives_back_after_that(stage: Stage) -> None:
    """Else another process would take the same mail and send it a second time."""
    settling, go_on = threading.Event(), threading.Event()
    states: list[str] = []

    class Settling(Free):
        def give_back(self, recipient: str) -> None:
            states.append(stage.parts.store.deliveries_of(stage.cases[0])[0].state)

    turns = iter((False, False, False, True))

    def transaction() -> Any:
        if next(turns):
            settling.set()
            assert go_on.wait(30)
        return stage.parts.store.transaction()

    async def story() -> None:
        worker = Worker(altered(stage, transaction=transaction), Accepting(), Settling(), look_every=0)
        await worker.look()
        (postman,) = worker.on_the_way()
        await asyncio.to_thread(settling.wait, 30)
        postman.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(postman, return_exceptions=True)

    asyncio.run(story())
    assert states == ["accepted"]
