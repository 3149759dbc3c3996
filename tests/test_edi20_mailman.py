"""Who looks after the mailbox: alone, patiently, and until told to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from api_client import logged
from due_mail import Free
from edi20_post import NEED, Office, numbered

from adapter.mailman import LONGEST_REST, Mailman
from adapter.ports import ServiceAway, ServiceRefuses, StoreBusy

A, B = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2))
SOON, NEVER = timedelta(milliseconds=5), timedelta(hours=9)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    there = Office(tmp_path)
    yield there
    there.store.close()


class Taken(Free):
    """A post round in which somebody else has the mailbox."""

    def take(self, recipient: str) -> bool:
        return False


def mailman(office: Office, round_: Free | None = None, every: timedelta = SOON, **more: float) -> Mailman:
    return Mailman(office.post, round_ or Free(), every, timedelta(minutes=10), **more)


async def until(office: Office, worker: Mailman, downloaded: int) -> None:
    """Run until so many messages are fetched, then stop."""
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        while len(office.service.called_downloaded) < downloaded:
            office.pass_(minutes=10)
            await asyncio.sleep(0.005)
        worker.stop()
        await running


def test_it_looks_until_it_is_stopped_and_gives_the_mailbox_back_each_time(office: Office) -> None:
    round_ = Free()

    async def act() -> None:
        worker = mailman(office, round_)
        office.service.announce(A, numbered(1), 1)
        running = asyncio.create_task(until(office, worker, 2))
        await asyncio.sleep(0.05)
        office.service.announce(B, numbered(2), 2)
        await running

    asyncio.run(act())
    assert office.service.called_downloaded == [A, B]
    assert set(round_.given_back) == {"edi20"}


def test_only_who_has_the_mailbox_asks_the_service_anything(office: Office) -> None:
    office.service.announce(A, NEED, 1)
    office.service.wrong = {"configure": [AssertionError()], "notices": [AssertionError()]}
    asyncio.run(mailman(office, Taken()).look())
    assert office.service.wrong["configure"]
    assert office.mailbox.position("edi20") == 0


def test_each_her_id_is_configured_before_anything_else_and_once(office: Office) -> None:
    office.service.wrong["configure"] = [ServiceAway("fails", 500), None, AssertionError()]

    async def act() -> None:
        worker = mailman(office)
        with suppress(ServiceAway):
            await worker.look()
        for _ in range(3):
            await worker.look()

    office.service.announce(A, NEED, 1)
    asyncio.run(act())
    assert len(office.service.wrong["configure"]) == 1
    assert office.service.called_downloaded == [A]


def test_what_was_configured_is_configured_again_when_the_service_refuses(office: Office) -> None:
    """Who is not configured is refused; somebody else may have removed it."""
    office.service.wrong = {
        "configure": [None, None, AssertionError()],
        "notices": [None, ServiceRefuses(403)],
    }

    async def act() -> None:
        worker = mailman(office)
        for _ in range(4):
            await worker._turn()

    with logged():
        asyncio.run(act())
    assert len(office.service.wrong["configure"]) == 1


def test_whatever_goes_wrong_it_looks_again_and_tells_no_value(office: Office) -> None:
    office.service.announce(A, NEED, 1)
    office.service.wrong["notices"] = [
        ServiceAway("timed-out"),
        ServiceRefuses(403),
        StoreBusy(),
        KeyError("21905297101"),
    ]
    with logged() as log:
        asyncio.run(until(office, mailman(office), 1))
    told = log.getvalue()
    for words in (
        "message service away",
        "message service refuses",
        "store busy",
        "mailman failed",
        "KeyError",
    ):
        assert words in told
    assert "21905297101" not in told


def test_what_waits_for_a_person_and_what_is_passed_is_told_in_numbers(office: Office) -> None:
    office.service.announce(A, b"no XML", 1)
    office.service.announce(B, NEED, 2)
    with logged() as log:
        asyncio.run(until(office, mailman(office), 1))
    assert '"because": "not-xml"' in log.getvalue()
    assert A not in log.getvalue()


def test_it_rests_longer_after_each_failure_and_as_long_as_it_is_asked_to(office: Office) -> None:
    async def act() -> list[float]:
        worker = mailman(office, every=timedelta(seconds=60))
        office.service.wrong["notices"] = [ServiceAway("fails", 500)] * 4 + [ServiceAway("busy", 429, 900)]
        return [(await worker._turn()).total_seconds() for _ in range(6)]

    with logged():
        rests = asyncio.run(act())
    longest = LONGEST_REST.total_seconds()
    assert rests == [120, 240, longest, longest, 900, 60]


def test_nothing_is_read_while_a_write_would_not_go_through(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.store, "ready", lambda: False)
    office.service.wrong["notices"] = [AssertionError()]
    with pytest.raises(StoreBusy):
        asyncio.run(mailman(office).look())
    assert office.service.wrong["notices"]


def test_told_to_stop_it_finishes_what_it_has_in_hand(office: Office) -> None:
    async def act() -> None:
        fetched = asyncio.Event()
        go_on = asyncio.Event()
        document = office.service.document

        async def slow(message: str) -> bytes:
            fetched.set()
            await go_on.wait()
            return await document(message)

        office.service.document = slow  # type: ignore[method-assign]
        worker = mailman(office, every=NEVER)
        running = asyncio.create_task(worker.run())
        await fetched.wait()
        worker.stop()
        go_on.set()
        async with asyncio.timeout(20):
            await running

    office.service.announce(A, NEED, 1)
    asyncio.run(act())
    assert office.service.called_downloaded == [A]


def test_what_takes_too_long_at_the_end_is_called_off_and_fetched_by_the_next(office: Office) -> None:
    round_ = Free()

    async def act() -> None:
        fetched = asyncio.Event()

        async def stuck(message: str) -> bytes:
            fetched.set()
            await asyncio.Event().wait()
            return b""

        document, office.service.document = office.service.document, stuck  # type: ignore[method-assign]
        worker = mailman(office, round_, every=NEVER, finish_within=0.05)
        running = asyncio.create_task(worker.run())
        await fetched.wait()
        worker.stop()
        async with asyncio.timeout(20):
            await running
        office.service.document = document  # type: ignore[method-assign]
        await until(office, mailman(office), 1)

    office.service.announce(A, NEED, 1)
    asyncio.run(act())
    assert round_.given_back == ["edi20"]
    assert len(office.service.appreced) == 1


def test_who_loses_the_mailbox_stops_before_the_next_batch(office: Office) -> None:
    office.service.announce(A, NEED, 1)
    asyncio.run(mailman(office, Free(held=False)).look())
    assert office.service.called_downloaded == []
    assert office.standing()["announced"] == 1
