"""The clock is set by hours or years while mail is on its way: nothing waits, or is parked, for what never passed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from due_mail import MUNICIPALITY, Accepting, Dead, Free, one_due
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.delivery import Delivery, Letter, Pause, Receipt, Settled
from adapter.domain.exchange import (
    LEAST_TRIES,
    LONGEST_ROUND,
    MAY_DIFFER,
    Schedule,
    is_left_alone,
    settled_at,
)
from adapter.flows.deliver import deliver_round
from adapter.replay.stage import Stage
from adapter.worker import Worker

YEARS = timedelta(days=3650)
DAYS = timedelta(days=2)
ASKS_TO_WAIT = Receipt("answered", 200, "transient-error")
"""An answer for which the delivery waits alone, and its recipient is not paused."""
moments = st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with one delivery due."""
    with one_due(tmp_path) as stage:
        yield stage


class Meanwhile(Dead):
    """A way out on which nobody answers, and during whose call the clock is set."""

    def __init__(self, stage: Stage, by: timedelta, receipt: Receipt) -> None:
        super().__init__(receipt=receipt)
        self.stage, self.by = stage, by

    async def post(self, letter: Letter) -> Receipt:
        self.stage.clock.now += self.by
        return await super().post(letter)


def the_delivery(stage: Stage) -> Delivery:
    (delivery,) = stage.parts.store.deliveries_of(stage.cases[0])
    return delivery


@pytest.mark.parametrize("by", [timedelta(hours=5), timedelta(days=4), YEARS, -timedelta(hours=5), -YEARS])
@pytest.mark.parametrize("receipt", [ASKS_TO_WAIT, Receipt("timed-out")])
def test_a_try_during_which_the_clock_was_set_waits_as_any_other(
    stage: Stage, by: timedelta, receipt: Receipt
) -> None:
    """It is due, and its recipient awake, within the first wait after the earlier of both times; it is not parked."""
    before = stage.clock()
    asyncio.run(deliver_round(MUNICIPALITY, Meanwhile(stage, by, receipt), stage.parts))
    earlier = min(before, before + by)
    delivery, pause = the_delivery(stage), stage.parts.store.pause_of(MUNICIPALITY)
    latest = earlier + stage.parts.schedule.waits[0]
    assert (delivery.state, delivery.place) == ("waiting", "head")
    assert delivery.due <= latest
    assert pause.until is None or pause.until <= latest
    stage.clock.now = latest
    accepting = Accepting()
    assert stage.parts.store.due_recipients(latest) == [MUNICIPALITY]
    asyncio.run(deliver_round(MUNICIPALITY, accepting, stage.parts))
    assert the_delivery(stage).state == "accepted"


def test_a_pause_that_no_clock_can_have_meant_is_ended_with_evidence(stage: Stage) -> None:
    """Written while the clock stood years ahead, it ends at the first look of a worker whose clock is right."""
    with stage.parts.store.transaction() as tx:
        tx.settle([], Pause(MUNICIPALITY, 3, stage.clock() + YEARS))
    accepting = Accepting()

    async def look() -> None:
        worker = Worker(stage.parts, accepting, Free(), look_every=0)
        await worker.look()
        await asyncio.gather(*worker.on_the_way())

    assert stage.parts.store.due_recipients(stage.clock()) == []
    asyncio.run(look())
    assert len(accepting.got) == 1


def test_a_clock_set_back_under_a_worker_ends_what_it_wrote_ahead(stage: Stage) -> None:
    """The same worker paused a recipient two days ahead; when its clock is right again the mail goes on."""
    stage.clock.now += DAYS
    dead = Dead()

    async def looks() -> None:
        worker = Worker(stage.parts, dead, Free(), look_every=0)
        for by in (timedelta(), -DAYS):
            stage.clock.now += by
            await worker.look()
            await asyncio.gather(*worker.on_the_way())

    asyncio.run(looks())
    assert dead.tries == 2


@pytest.mark.parametrize("by", [-YEARS, -timedelta(hours=6), timedelta(hours=6), YEARS])
def test_what_was_never_tried_is_due_whatever_the_clock_says(stage: Stage, by: timedelta) -> None:
    """Whoever queued it may have been ahead, whoever carries it behind: it goes at once."""
    stage.clock.now += by
    assert stage.parts.store.due_recipients(stage.clock()) == [MUNICIPALITY]
    accepting = Accepting()
    asyncio.run(deliver_round(MUNICIPALITY, accepting, stage.parts))
    assert len(accepting.got) == 1


@pytest.mark.parametrize(
    ("ahead", "goes"),
    [(timedelta(days=1) + MAY_DIFFER, False), (timedelta(days=1, seconds=1) + MAY_DIFFER, True)],
)
def test_a_due_time_that_no_clock_can_have_meant_is_now_with_evidence(
    stage: Stage, ahead: timedelta, goes: bool
) -> None:
    """Put off further than anybody may ask for, it goes at the first look; a day that was asked for is
    kept, also if it was written by a clock that is a few seconds ahead of this one.
    """
    put_off = put_off_until(the_delivery(stage), stage.clock() + ahead)
    with stage.parts.store.transaction() as tx:
        tx.settle([put_off], None)
    accepting = Accepting()

    async def look() -> None:
        worker = Worker(stage.parts, accepting, Free(), look_every=0)
        await worker.look()
        await asyncio.gather(*worker.on_the_way())

    asyncio.run(look())
    assert len(accepting.got) == goes


def put_off_until(delivery: Delivery, due: datetime) -> Settled:
    """One try that failed, and the next is so late."""
    return Settled(delivery, "later", "waiting", "head", due, "", delivery.clock, ASKS_TO_WAIT, tried=True)


def test_a_clock_ahead_gives_nothing_up_at_the_first_failure(stage: Stage) -> None:
    """For a worker days ahead every delivery has waited for days: it tries three times all the same."""
    states = []
    for _ in range(LEAST_TRIES):
        stage.clock.now += timedelta(days=5)
        asyncio.run(deliver_round(MUNICIPALITY, Dead(), stage.parts))
        states.append(the_delivery(stage).place)
    assert states == ["head"] * (LEAST_TRIES - 1) + ["held"]


def test_a_day_that_a_partner_asked_for_is_kept(stage: Stage) -> None:
    """The longest pause that can be meant is not taken for a false one."""
    with stage.parts.store.transaction() as tx:
        tx.settle([], Pause(MUNICIPALITY, 1, stage.clock() + timedelta(days=1)))
    dead = Dead()

    async def look() -> None:
        await Worker(stage.parts, dead, Free(), look_every=0).look()

    asyncio.run(look())
    assert dead.tries == 0
    assert stage.parts.store.pause_of(MUNICIPALITY).until is not None


@given(st.integers(0, 50), moments, moments)
def test_a_worker_keeps_away_for_a_minute_at_most_by_any_clock(
    failures: int, since: datetime, now: datetime
) -> None:
    assert not is_left_alone(failures, since, now) or timedelta() <= now - since < timedelta(minutes=1)
    assert not is_left_alone(failures, since, since + timedelta(minutes=1))


@given(moments, moments)
def test_a_batch_is_settled_at_one_of_its_two_times_and_never_long_after_its_look(
    looked: datetime, now: datetime
) -> None:
    at = settled_at(looked, now)
    assert at in (looked, now)
    assert at - looked <= LONGEST_ROUND


@given(st.integers(1, 10**6), moments, st.none() | st.integers(0, 10**12))
def test_no_wait_is_negative_or_longer_than_a_day(failures: int, at: datetime, asked: int | None) -> None:
    waits = (timedelta(seconds=5), timedelta(hours=1))
    wait = Schedule(waits, timedelta(days=3)).next_try(failures, at, min(asked or 0, 10**9)) - at
    assert waits[0] <= wait <= timedelta(days=1)
