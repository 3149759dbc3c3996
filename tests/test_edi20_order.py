"""What one sender announced is taken in that order, whatever fails; and by one process at a time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES
from edi20_post import DOOR, NEED, Office, numbered

from adapter.domain.mailbox import Notice
from adapter.domain.message import Answer
from adapter.flows import arrival
from adapter.flows.mailbox import Post, see_to
from adapter.ports import ServiceAway, ServiceRefuses

A, B, C = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3))
OTHER = "8900031"
"""HER-id of a service of another hospital."""
STORIES = {
    "cancelled-by-plo": ("need.xml", "cancelled.xml"),
    "note-refuses-the-consent": ("need.xml", "note.xml"),
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    there = Office(tmp_path)
    yield there
    there.store.close()


def ends(office: Office) -> list[tuple[str, list[str]]]:
    """Each case's state, and what goes out of it."""
    with office.store.transaction() as tx:
        cases = [case for id_ in office.store.case_ids() if (case := tx.case(id_))]
        return [(case.state, [d.state for d in tx.deliveries(case.id)]) for case in cases]


@pytest.mark.parametrize("call", ["slip", "document"])
@pytest.mark.parametrize("story", STORIES)
def test_what_takes_a_need_back_does_not_come_before_the_need(
    office: Office, tmp_path: Path, story: str, call: str
) -> None:
    """One time-out at the need leads to the same as none."""
    (tmp_path / "calm").mkdir()
    calm = Office(tmp_path / "calm")
    office.service.wrong[call] = [ServiceAway("timed-out")]
    for there in (calm, office):
        for position, (id_, name) in enumerate(zip((A, B), STORIES[story], strict=True), 1):
            there.service.announce(id_, (FIXTURES / "talk" / story / name).read_bytes(), position)
        there.read()
        there.until_done()
    assert dict(office.service.appreced) == dict(calm.service.appreced)
    assert sorted(message for message, _ in office.service.appreced) == [A, B]
    assert ends(office) == ends(calm)
    calm.store.close()


def test_another_sender_is_not_kept_waiting(office: Office) -> None:
    office.service.announce(A, numbered(1), 1)
    office.service.announce(B, numbered(2), 2, sender=OTHER)
    office.service.announce(C, numbered(3), 3)
    office.service.wrong["document"] = [ServiceAway("timed-out")]
    office.read()
    seen = {one.message: (one.state, one.because, one.tries) for one in office.see()}
    assert seen[A] == ("announced", "service-timed-out", 1)
    assert seen[B][0] == "parked"  # as it names another sender than the service does
    assert seen[C] == ("announced", "behind-another", 0)
    office.until_done()
    assert sorted(office.service.called_downloaded) == [A, C]


def test_what_is_announced_later_waits_behind_what_failed_before(office: Office) -> None:
    office.service.announce(A, numbered(1), 1)
    office.service.wrong["document"] = [ServiceAway("busy", 429, 600)]
    office.read()
    office.see()
    office.pass_(minutes=1)
    office.service.announce(B, numbered(2), 2)
    office.read()
    (waits,) = office.see()
    assert (waits.message, waits.because) == (B, "behind-another")
    office.pass_(minutes=9)
    assert [(one.message, one.state) for one in office.see()] == [(A, "done"), (B, "done")]


def test_a_message_of_which_the_service_tells_nothing_keeps_all_back_but_not_for_ever(office: Office) -> None:
    """Its sender is not known: it may be anybody's. After six tries the others go on without it."""
    slip, asked = office.service.slip, 0

    async def no_word_of_a(message: str, her_id: str) -> object:
        nonlocal asked
        if message == A:
            asked += 1
            raise ServiceAway("fails", 500)
        return await slip(message, her_id)

    office.service.slip = no_word_of_a  # type: ignore[method-assign, assignment]
    office.service.announce(A, numbered(1), 1)
    office.service.announce(B, numbered(2), 2)
    office.read()
    while not office.service.called_downloaded:
        office.see()
        office.pass_(minutes=1)
    assert (asked, office.service.called_downloaded) == (6, [B])


def test_a_fault_of_ours_has_five_tries_and_a_name(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the database: what comes of it does not end by waiting."""
    monkeypatch.setattr(arrival, "accept", lambda *_: Answer(500, "application/xml", b"<x/>"))
    office.service.announce(A, NEED, 1)
    office.read()
    office.until_done()
    (parked,) = office.mailbox.parked()
    assert (parked.because, parked.tries) == ("internal", 5)
    assert office.service.appreced == []


def test_who_lost_the_mailbox_in_mid_batch_answers_nothing_and_overwrites_nothing(office: Office) -> None:
    """Another process has begun the message meanwhile, and has ended it."""
    office.service.announce(A, NEED, 1)
    office.read()
    document = office.service.document

    async def act() -> None:
        go_on = asyncio.Event()

        async def late(message: str) -> bytes:
            office.service.document = document  # type: ignore[method-assign]
            await go_on.wait()
            return await document(message)

        office.service.document = late  # type: ignore[method-assign]
        first = asyncio.create_task(see_to(office.post))
        while office.service.document is late:
            await asyncio.sleep(0)
        other = Post("edi20", office.service, office.mailbox, office.parts)
        assert [(one.state, one.tries) for one in await see_to(other)] == [("done", 2)]
        go_on.set()
        await first

    asyncio.run(act())
    assert [message for message, _ in office.service.appreced] == [A]
    assert office.service.called_downloaded == [A]
    assert office.see() == ()


def test_a_person_moves_only_the_one_of_two_that_have_the_same_id(office: Office) -> None:
    """A message to two of our addresses is two here."""
    for her_id in (DOOR, OTHER):
        office.service.announced.append(Notice(A, her_id, "message", 1))
    office.service.wrong["slip"] = [ServiceRefuses(404)] * 10
    office.read()
    office.until_done()
    assert office.mailbox.again(A, OTHER, office.now)
    assert [one.her_id for one in office.mailbox.parked()] == [DOOR]
