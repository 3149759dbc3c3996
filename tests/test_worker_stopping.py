"""The worker from its start to its end: it hears of mail, serves many in turn, and stops in a bounded time."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from due_mail import MUNICIPALITY, Accepting, Dead, Free, a_notice, in_another_case, one_due, the_mail

from adapter import worker as under_test
from adapter.domain.delivery import Letter, Receipt
from adapter.outside.store import Database
from adapter.replay.stage import Stage
from adapter.worker import Worker

NEVER = 3600.0
"""Seconds until a look that these tests do not wait for."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with one delivery due."""
    with one_due(tmp_path) as stage:
        yield stage


def in_time(story: Coroutine[Any, Any, None]) -> None:
    """Run a story that must not wait for a look that is hours away."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(bounded())


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    """The worker, until the block ends and it has stopped."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


class Watched(Accepting):
    """Accepts, and calls out when it has so many."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted, self.there = wanted, asyncio.Event()

    async def post(self, letter: Letter) -> Receipt:
        receipt = await super().post(letter)
        if len(self.got) >= self.wanted:
            self.there.set()
        return receipt


class Hanging:
    """A way out on which a call never ends."""

    def __init__(self) -> None:
        self.called = asyncio.Event()

    async def post(self, letter: Letter) -> Receipt:
        self.called.set()
        await asyncio.Event().wait()
        raise AssertionError


def test_mail_is_carried_when_it_is_queued_and_not_at_the_next_look(stage: Stage) -> None:
    """The next look is an hour away; what another thread queues leaves at once."""
    store = stage.parts.store
    assert isinstance(store, Database)
    round_ = store.round()

    async def story() -> None:
        first, both = Watched(1), Watched(2)
        both.got = first.got
        worker = Worker(stage.parts, first, round_, NEVER)
        async with at_work(worker):
            await first.there.wait()
            while worker.on_the_way():
                await asyncio.gather(*worker.on_the_way())
            worker._transport = both
            await asyncio.to_thread(in_another_case, stage, a_notice(stage))
            await both.there.wait()

    in_time(story())
    round_.close()


def test_a_sign_of_life_is_given_while_every_postman_waits_for_an_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partner may take its whole time-out to answer; the locks are kept meanwhile."""
    monkeypatch.setattr(under_test, "_SIGN_OF_LIFE", 0.01)
    hanging, signs = Hanging(), asyncio.Event()

    async def story() -> None:
        loop = asyncio.get_running_loop()

        class Counting(Free):
            def still_held(self) -> bool:
                if hanging.called.is_set():
                    loop.call_soon_threadsafe(signs.set)
                return super().still_held()

        async with at_work(Worker(stage.parts, hanging, Counting(), NEVER, finish_within=0.01)):
            await hanging.called.wait()
            await signs.wait()

    in_time(story())


def test_a_worker_that_waits_stops_at_once(stage: Stage) -> None:
    """Nobody waits for the end of a night without mail."""

    async def story() -> None:
        async with at_work(Worker(stage.parts, Accepting(), Free(), NEVER)):
            await asyncio.sleep(0)

    in_time(story())


def test_stopping_waits_for_what_is_in_flight(stage: Stage) -> None:
    """A call that is answered while the worker stops is settled, and nothing new is taken."""
    answer = asyncio.Event()

    class Slow(Accepting):
        async def post(self, letter: Letter) -> Receipt:
            worker.stop()
            asyncio.get_running_loop().call_soon(answer.set)
            await answer.wait()
            return await super().post(letter)

    worker = Worker(stage.parts, Slow(), Free(), NEVER)
    in_time(worker.run())
    assert worker.on_the_way() == []
    (delivery,) = stage.parts.store.deliveries_of(stage.cases[0])
    assert (delivery.state, delivery.tries) == ("accepted", 1)


def test_what_does_not_end_in_time_is_left_and_goes_again_with_the_same_id(stage: Stage) -> None:
    """The recipient is given back, the delivery is as if nobody had tried, and the next worker sends it."""
    round_, mail = Free(), the_mail(stage)

    async def story() -> None:
        hanging = Hanging()
        worker = Worker(stage.parts, hanging, round_, NEVER, finish_within=0.01)
        async with at_work(worker):
            await hanging.called.wait()
        assert worker.on_the_way() == []

    in_time(story())
    assert round_.given_back == [MUNICIPALITY]
    (delivery,) = stage.parts.store.deliveries_of(stage.cases[0])
    assert (delivery.state, delivery.tries) == ("queued", 0)

    async def next_one() -> None:
        accepting = Watched(1)
        async with at_work(Worker(stage.parts, accepting, Free(), NEVER)):
            await accepting.there.wait()
        assert accepting.got == [mail.message_id]

    in_time(next_one())


class Many:
    """A store in which so many recipients have mail that never ends."""

    def __init__(self, recipients: int) -> None:
        self.recipients = [f"r{number}" for number in range(recipients)]

    def due_recipients(self, _now: object) -> list[str]:
        return self.recipients

    def time(self) -> None:
        return None


def served(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, recipients: int, rounds: int
) -> tuple[list[str], int]:
    """Who was served in which order in so many batches of endless mail, and how many at the same time at most."""
    order: list[str] = []
    out = most = 0
    enough = asyncio.Event()

    async def batch(recipient: str, *_: object) -> int:
        nonlocal out, most
        order.append(recipient)
        out += 1
        most = max(most, out)
        await asyncio.sleep(0)
        out -= 1
        if len(order) >= rounds:
            enough.set()
        return 1

    monkeypatch.setattr(under_test, "deliver_round", batch)
    monkeypatch.setattr(under_test, "end_false_waits", lambda _now, _parts: None)
    many: Any = Many(recipients)

    async def story() -> None:
        async with at_work(Worker(replace(stage.parts, store=many), Dead(), Free(), NEVER)):
            await enough.wait()

    in_time(story())
    return order, most


def test_nobody_is_forgotten_when_there_are_more_recipients_than_postmen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A postman who leaves mail behind makes room for whoever was served longest ago, at once."""
    monkeypatch.setattr(under_test, "POSTMEN", 2)
    order, most = served(stage, monkeypatch, recipients=5, rounds=120)
    assert most <= 2
    counts = [order[:120].count(f"r{number}") for number in range(5)]
    assert min(counts) >= 20, counts
