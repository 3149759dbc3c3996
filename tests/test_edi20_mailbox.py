"""The mailbox: nothing announced is lost, nothing is taken or answered twice, and nothing stops it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from edi20_post import DOOR, MSG_ID, NEED, Office, numbered

from adapter.domain.mailbox import AppRecGiven, Notice
from adapter.flows.mailbox import Post
from adapter.ports import ServiceAway, ServiceRefuses, StoreBusy

A, B, C = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    there = Office(tmp_path)
    yield there
    there.store.close()


def messages(office: Office) -> list[str]:
    return [m.message_id for case in office.store.case_ids() for m in office.store.messages_of(case)]


def test_a_message_is_taken_answered_and_only_then_called_downloaded(office: Office) -> None:
    office.service.announce(A, NEED, 7)
    assert office.read().last == 7
    (done,) = office.see()
    assert (done.state, done.because) == ("done", "")
    assert office.service.appreced == [(A, AppRecGiven(DOOR, "1"))]
    assert office.service.called_downloaded == [A]
    assert messages(office) == [MSG_ID.decode()]
    assert office.see() == ()


def test_the_position_moves_with_what_it_passes_and_never_back(office: Office) -> None:
    office.service.announce(A, NEED, 50)
    office.read()
    assert office.mailbox.position("edi20") == 50
    assert office.standing()["announced"] == 1
    office.mailbox.note("edi20", (), 20, office.now)
    assert office.mailbox.position("edi20") == 50


def test_what_is_announced_again_or_out_of_order_is_done_once(office: Office) -> None:
    for position in (30, 10, 30, 20):
        office.service.announce({10: A, 20: B, 30: C}[position], numbered(position), position)
    office.read()
    office.until_done()
    office.mailbox.note("edi20", office.service.announced, 30, office.now)
    assert office.see() == ()
    assert sorted(office.service.called_downloaded) == [A, B, C]
    assert len(messages(office)) == 3


def test_messages_are_taken_in_the_services_order(office: Office) -> None:
    """However the page was shuffled: a correction must not come before its need."""
    for position, id_ in ((30, C), (10, A), (20, B)):
        office.service.announce(id_, numbered(position), position)
    office.read()
    assert [one.message for one in office.see()] == [A, B, C]


def test_what_appears_later_with_a_lower_offset_is_found_when_looked_back_for(office: Office) -> None:
    office.service.announce(A, numbered(1), 10)
    office.read()
    office.pass_(hours=3)
    office.service.announce(C, numbered(3), 90)
    office.read()
    office.pass_(minutes=1)
    office.service.announce(B, numbered(2), 40)
    office.read()
    assert office.standing()["announced"] == 2
    office.read_again(timedelta(hours=1))
    assert office.standing()["announced"] == 3
    office.until_done()
    assert sorted(office.service.called_downloaded) == [A, B, C]


def test_the_same_message_carried_twice_makes_one_case_and_gets_the_same_receipt_twice(
    office: Office,
) -> None:
    """NHN resends what had no transport receipt: another id of its own, the same MsgId and bytes."""
    office.service.announce(A, NEED, 1)
    office.service.announce(B, NEED, 2)
    office.read()
    office.until_done()
    (first, second) = sorted(office.service.appreced, key=lambda posted: posted[0])
    assert (first[0], second[0]) == (A, B)
    assert first[1] == second[1]
    assert len(messages(office)) == 1


@pytest.mark.parametrize("call", ["slip", "document", "post_apprec", "downloaded"])
@pytest.mark.parametrize("because", ["timed-out", "busy", "locked", "fails", "no-token"])
def test_whatever_the_service_fails_at_the_message_goes_its_way_and_has_one_apprec(
    office: Office, call: str, because: str
) -> None:
    """Also where the AppRec was posted and only its answer was lost: the service is asked before it is posted again."""
    office.service.wrong[call] = [ServiceAway(because, 500)]
    office.service.announce(A, NEED, 1)
    office.read()
    assert office.see()[0].because == f"service-{because}"
    assert office.service.called_downloaded == []
    office.pass_(hours=1)
    assert office.see()[0].state == "done"
    assert len(office.service.appreced) == 1
    assert office.service.called_downloaded == [A]


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("call", ["slip", "document", "post_apprec", "downloaded", "write"])
def test_wherever_it_dies_the_next_one_goes_on_and_nothing_is_done_twice(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Nothing of the batch is written back: its outcome is found by asking once more, here and at the service."""
    office.service.announce(A, numbered(1), 1)
    office.service.announce(B, numbered(2), 2)
    office.read()
    if call == "write":
        monkeypatch.setattr(office.mailbox, "write", lambda *_: (_ for _ in ()).throw(Died))
    else:
        office.service.wrong[call] = [Died()]
    with pytest.raises(Died):
        office.see()
    following = Office(tmp_path)
    following.service = office.service
    following.post = Post("edi20", office.service, following.mailbox, following.parts)
    assert {one.state for one in following.until_done()} == {"done"}
    assert sorted(message for message, _ in office.service.appreced) == [A, B]
    assert set(office.service.called_downloaded) == {A, B}
    assert len(messages(following)) == 2
    following.store.close()


def test_where_the_service_cannot_say_the_apprec_is_posted_again(office: Office) -> None:
    """Better twice than never: who waits for it would send the message again."""
    office.service.known = False
    office.service.wrong["post_apprec"] = [ServiceAway("timed-out")]
    office.service.announce(A, NEED, 1)
    office.read()
    office.until_done()
    assert [given for _, given in office.service.appreced] == [AppRecGiven(DOOR, "1")] * 2


def test_what_stays_away_for_days_waits_and_is_parked_with_its_reason(office: Office) -> None:
    office.service.wrong["document"] = [ServiceAway("fails", 500)] * 10_000
    office.service.announce(A, NEED, 1)
    office.read()
    first = office.now
    office.see()
    office.pass_(hours=71)
    assert office.see()[0].state == "announced"
    office.pass_(hours=2)
    assert office.see()[0].state == "parked"
    (parked,) = office.mailbox.parked()
    assert (parked.because, parked.first, parked.tries) == ("service-fails", first, 3)


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (ServiceRefuses(404), "service-refuses-404"),
        (ServiceAway("nonsense", 200), "service-nonsense"),
        (KeyError("Kari Nordmann"), "fault-KeyError"),
    ],
)
def test_what_fails_by_itself_is_parked_soon_and_stops_nobody(
    office: Office, error: Exception, because: str
) -> None:
    """A poisoned message has five tries, then a person; what its sender sent after it is taken then."""
    office.service.announce(A, numbered(1), 1)
    office.service.announce(B, numbered(2), 2)
    office.service.wrong["document"] = [error, None] * 5
    office.read()
    assert [one.state for one in office.see()] == ["announced", "announced"]
    office.until_done()
    (parked,) = office.mailbox.parked()
    assert (parked.message, parked.because, parked.tries) == (A, because, 5)
    assert office.service.called_downloaded == [B]


def test_what_is_parked_is_fetched_once_more_when_a_person_says_so(office: Office) -> None:
    office.service.announce(A, NEED, 1)
    office.service.wrong["document"] = [ServiceRefuses(404)] * 5
    office.read()
    office.until_done()
    assert office.standing()["parked"] == 1
    assert office.mailbox.again(A, DOOR, office.now)
    assert office.see()[0].state == "done"
    assert not office.mailbox.again(A, DOOR, office.now)


def test_what_a_person_leaves_out_is_over(office: Office) -> None:
    office.service.announce(A, b"no XML", 1)
    office.read()
    office.until_done()
    assert office.mailbox.leave(A, DOOR, "left-out", office.now)
    assert office.standing() == {"announced": 0, "answered": 0, "parked": 0}
    assert office.see() == ()


def test_a_document_that_nobody_can_read_is_refused_and_waits_for_a_person(office: Office) -> None:
    office.service.announce(A, b"no XML at all", 1)
    office.read()
    office.see()
    (message, given) = office.service.appreced[0]
    assert (message, given.status, [code for code, _ in given.errors]) == (A, "2", ["T01"])
    assert [(one.message, one.because) for one in office.mailbox.parked()] == [(A, "not-xml")]
    assert office.service.called_downloaded == []


def test_what_is_longer_than_anything_that_is_read_is_refused_and_waits_for_a_person(office: Office) -> None:
    office.service.wrong["document"] = [ServiceAway("too-long", 200)]
    office.service.announce(A, NEED, 1)
    office.read()
    office.see()
    (_, given) = office.service.appreced[0]
    assert (given.status, [code for code, _ in given.errors]) == ("2", ["T99"])
    assert office.mailbox.parked()[0].because == "too-large"


def test_of_what_the_service_cannot_answer_for_us_a_person_is_told_all_the_same(office: Office) -> None:
    office.service.wrong["post_apprec"] = [ServiceRefuses(400)]
    office.service.announce(A, b"no XML at all", 1)
    office.read()
    office.see()
    assert office.mailbox.parked()[0].because == "not-xml"


@pytest.mark.parametrize(
    "sender", ["8900031", "8900012", "1234567"], ids=["other-hospital", "other-unit", "nobody"]
)
def test_the_service_vouches_for_the_sender_and_the_message_must_say_the_same(
    office: Office, sender: str
) -> None:
    office.service.announce(A, NEED, 1, sender=sender)
    office.read()
    office.see()
    assert messages(office) == []
    assert office.service.appreced[0][1].status == "2"
    assert office.mailbox.parked()[0].because == "sender-is-not-caller"
    assert office.service.called_downloaded == []


def test_a_refusal_is_posted_with_its_codes_and_kept(office: Office) -> None:
    office.service.announce(A, NEED.replace(b"21905297101", b"21905297102"), 1)
    office.read()
    (done,) = office.see()
    (_, given) = office.service.appreced[0]
    assert (given.status, given.errors[0][0]) == ("2", "E31")
    assert "Sted: " in given.errors[0][1]  # what is wrong, and where; as in the AppRec that is stored
    assert (done.state, done.because) == ("done", "refused")
    assert office.service.called_downloaded == [A]


@pytest.mark.parametrize(
    ("ack", "number", "posted"),
    [("N", "21905297101", 0), ("F", "21905297101", 0), ("F", "21905297102", 1), ("N", "21905297102", 0)],
)
def test_who_wants_no_apprec_gets_none(office: Office, ack: str, number: str, posted: int) -> None:
    raw = NEED.replace(b'<Ack V="J"/>', f'<Ack V="{ack}"/>'.encode()).replace(b"21905297101", number.encode())
    office.service.announce(A, raw, 1)
    office.read()
    assert office.see()[0].state == "done"
    assert len(office.service.appreced) == posted
    assert office.service.called_downloaded == [A]


def test_what_nobody_knows_is_noted_and_passed(office: Office) -> None:
    office.service.announced.append(Notice(A, DOOR, "unknown", 5))
    office.read()
    assert office.see() == ()
    assert office.mailbox.position("edi20") == 5
    assert office.standing() == {"announced": 0, "answered": 0, "parked": 0}


def test_nothing_is_fetched_when_it_cannot_be_kept(office: Office) -> None:
    """A database that is busy leaves the message where it is; it is taken when the database is there again."""
    office.service.announce(A, NEED, 1)
    office.read()
    with office.store._connections.writing(), pytest.raises(StoreBusy):
        office.see()
    assert office.service.appreced == []
    office.pass_(hours=1)
    assert office.see()[0].state == "done"
    assert len(office.service.appreced) == 1
