"""What is told of messages that we sent settles them at once, once, and by whoever may say so."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from edi20_post import NEED, Office, by_the_service

from adapter.domain.delivery import Delivery, Letter, Receipt
from adapter.domain.mailbox import Notice, Sent, Slip
from adapter.domain.message import Caller
from adapter.domain.partners import Partners
from adapter.domain.problems import Refused
from adapter.flows import parked_mail
from adapter.flows.accept import accept
from adapter.flows.deliver import deliver_round
from adapter.outside.edi20.way_out import Edi20Transport
from adapter.ports import ServiceAway, ServiceRefuses

X, Y = (f"{n}0000000-0000-4000-8000-000000000000" for n in (8, 9))
TOWN, UNIT, OURS = "999900022", "8900022", "8900091"


class HandedIn:
    """A way out that gives each letter this reference; what it was told is kept."""

    def __init__(self, reference: str = X) -> None:
        self.reference = reference
        self.letters: list[Letter] = []

    async def post(self, letter: Letter) -> Receipt:
        self.letters.append(letter)
        return Receipt("carried", 202, "handed-in", reference=self.reference)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A need has been taken; its letter to the municipality is due."""
    there = Office(tmp_path, **by_the_service())
    accept("edi", NEED, Caller("999900011", frozenset({"ip-adapter/messages"})), there.parts)
    yield there
    there.store.close()


def delivery(office: Office) -> Delivery:
    ((only,),) = (office.store.deliveries_of(case) for case in office.store.case_ids())
    return only


def told(office: Office, reference: str = X, kind: str = "state", **sent: str) -> str:
    """A notice about a message of ours, and what it comes to."""
    known = delivery(office)
    office.service.slips[reference] = Slip(reference, OURS, (UNIT,), known.outgoing.message_id, apprec=False)
    if sent:
        office.service.states[reference] = Sent(**sent)
    office.service.announced.append(Notice(reference, OURS, kind, len(office.service.announced) + 1))  # type: ignore[arg-type]
    office.read()
    return "; ".join(f"{one.state} {one.because}".strip() for one in office.see())


def hand_in(office: Office, way_out: HandedIn | None = None) -> HandedIn:
    way = way_out or HandedIn()
    asyncio.run(deliver_round(TOWN, way, office.parts))
    return way


def test_a_letter_that_is_handed_in_waits_for_its_apprec(office: Office) -> None:
    hand_in(office)
    assert (delivery(office).state, delivery(office).because) == ("sent", "handed-in")
    assert delivery(office).due == office.now + office.parts.schedule.receipt_wait
    assert delivery(office).reference == X


@pytest.mark.parametrize(
    ("sent", "state", "place", "because"),
    [
        ({"transport": "Acknowledged", "apprec": "Ok"}, "accepted", "done", "confirmed"),
        (
            {"transport": "Acknowledged", "apprec": "Rejected", "codes": "E31"},
            "rejected",
            "held",
            "rejected-by-recipient:E31",
        ),
        ({"transport": "Unconfirmed", "apprec": "Ok"}, "accepted", "done", "confirmed"),
    ],
)
def test_an_apprec_that_is_told_of_settles_the_letter_at_once(
    office: Office, sent: dict[str, str], state: str, place: str, because: str
) -> None:
    hand_in(office)
    assert told(office, **sent) == "done"
    settled = delivery(office)
    assert (settled.state, settled.place, settled.because) == (state, place, because)
    assert told(office, **sent) == "done"
    assert len(office.store.receipts_of(settled.id)) == 2  # handed in; and what the AppRec says, once


@pytest.mark.parametrize("transport", ["Rejected", "Abandoned"])
def test_another_end_sends_the_postman_to_ask(office: Office, transport: str) -> None:
    hand_in(office)
    told(office, transport=transport)
    assert delivery(office).due == office.now
    asyncio.run(deliver_round(TOWN, Edi20Transport(office.service, 5.0), office.parts))
    settled = delivery(office)
    expected = {"Rejected": "transport-rejected", "Abandoned": "abandoned"}[transport]
    assert (settled.state, settled.place, settled.because) == ("rejected", "held", expected)


@pytest.mark.parametrize(
    ("sent", "because"),
    [
        ({"transport": "Acknowledged"}, "receipt-to-come"),
        ({"transport": "Unconfirmed"}, "unconfirmed"),
        ({"transport": "Paused"}, "unknown-state"),
        ({"transport": "Acknowledged", "apprec": "Perhaps"}, "unknown-state"),
        ({}, "state-not-told"),
    ],
)
def test_what_is_no_end_or_no_word_we_know_is_waited_on(
    office: Office, sent: dict[str, str], because: str
) -> None:
    hand_in(office)
    if sent:
        office.service.states[X] = Sent(**sent)
    office.pass_(hours=13)
    asyncio.run(deliver_round(TOWN, Edi20Transport(office.service, 5.0), office.parts))
    waiting = delivery(office)
    assert (waiting.state, waiting.place, waiting.because) == ("sent", "head", because)
    assert waiting.due == office.now + office.parts.schedule.receipt_wait


def test_a_letter_whose_answer_was_lost_gets_its_reference_by_a_notice_and_is_not_handed_in_again(
    office: Office,
) -> None:
    class Lost(HandedIn):
        async def post(self, letter: Letter) -> Receipt:
            self.letters.append(letter)
            return Receipt("cut-off")

    hand_in(office, Lost())
    assert delivery(office).reference == ""
    told(office, transport="Unconfirmed")
    assert delivery(office).reference == X
    office.pass_(hours=1)
    asyncio.run(deliver_round(TOWN, Edi20Transport(office.service, 5.0), office.parts))
    assert (delivery(office).state, delivery(office).because) == ("sent", "unconfirmed")


def test_an_apprec_to_the_first_of_two_that_were_handed_in_counts(office: Office) -> None:
    """The answer to X was lost, Y was handed in after it; the recipient knows the MsgId and answers to both."""
    hand_in(office, HandedIn(Y))
    assert told(office, X, transport="Acknowledged", apprec="Ok") == "done"
    assert delivery(office).state == "accepted"
    assert told(office, Y, transport="Acknowledged", apprec="Ok") == "done"
    assert delivery(office).state == "accepted"


def test_an_end_of_another_sending_of_the_same_letter_is_none_of_this_one(office: Office) -> None:
    hand_in(office, HandedIn(Y))
    due = delivery(office).due
    told(office, X, transport="Abandoned")
    assert (delivery(office).state, delivery(office).due, delivery(office).reference) == ("sent", due, Y)


def test_what_nobody_here_sent_is_passed(office: Office) -> None:
    office.service.slips[X] = Slip(X, OURS, (UNIT,), "c88389b7-f8ad-40b2-81e1-090e715b7530", apprec=False)
    office.service.announced.append(Notice(X, OURS, "state", 1))
    office.read()
    assert [(one.state, one.because) for one in office.see()] == [("done", "not-ours")]


@pytest.mark.parametrize(("sender", "receiver"), [("8900011", UNIT), (OURS, "8900011")])
def test_a_notice_about_what_another_sent_under_the_same_msgid_captures_no_letter(
    office: Office, sender: str, receiver: str
) -> None:
    """MsgId is chosen by whoever sends: only what went from us to the recipient is ours."""
    message_id = delivery(office).outgoing.message_id
    office.service.slips[X] = Slip(X, sender, (receiver,), message_id, apprec=False)
    office.service.states[X] = Sent("Acknowledged", "Ok")
    office.service.announced.append(Notice(X, OURS, "state", 1))
    office.read()
    assert [(one.state, one.because) for one in office.see()] == [("done", "not-ours")]
    assert (delivery(office).reference, delivery(office).state) == ("", "queued")


def test_a_notice_that_comes_before_its_reference_is_written_down_is_looked_at_again(office: Office) -> None:
    """Where the service tells nothing of a message but its state, the reference is all there is to know it by."""
    office.service.announced.append(Notice(X, OURS, "state", 1))
    office.read()
    assert office.see()[0].state == "announced"
    hand_in(office)
    office.pass_(minutes=1)
    assert office.see()[0].state in ("announced", "done")
    assert delivery(office).due == office.now


def test_a_message_to_us_that_the_service_refused_is_for_a_person(office: Office) -> None:
    """It will never come: whoever sent it may not know."""
    office.service.announced.append(Notice(Y, OURS, "refused", 1))
    office.read()
    office.until_done()
    (parked,) = office.mailbox.parked()
    assert (parked.message, parked.because) == (Y, "refused-by-message-service")


def test_a_letter_that_the_service_refused_later_is_asked_for(office: Office) -> None:
    hand_in(office)
    told(office, kind="refused", transport="Rejected")
    assert delivery(office).due == office.now


@pytest.mark.parametrize(
    ("error", "because", "state"),
    [
        (ServiceRefuses(400), "refused-by-message-service", "rejected"),
        (ServiceRefuses(413), "refused-by-message-service", "rejected"),
        (ServiceAway("locked", 423), "service-locked", "waiting"),
        (ServiceAway("busy", 429, 60), "recipient-asks-to-wait", "waiting"),
        (ServiceAway("no-token"), "no-access-token", "waiting"),
        (ServiceAway("nonsense", 202), "not-confirmed", "waiting"),
        (ServiceAway("timed-out"), "recipient-silent", "waiting"),
        (ServiceAway("unreachable"), "recipient-unreachable", "waiting"),
    ],
)
def test_what_comes_of_handing_in(office: Office, error: Exception, because: str, state: str) -> None:
    class Failing(type(office.service)):  # type: ignore[misc]
        async def send(self, letter: Letter) -> str:
            raise error

    asyncio.run(deliver_round(TOWN, Edi20Transport(Failing(), 5.0), office.parts))
    assert (delivery(office).state, delivery(office).because) == (state, because)


def test_requeued_by_a_person_a_letter_is_handed_in_anew_with_the_same_msgid(office: Office) -> None:
    from adapter.flows.operate import requeue  # noqa: PLC0415 - here only

    first = hand_in(office)
    office.service.states[X] = Sent("Abandoned")
    office.pass_(hours=13)
    asyncio.run(deliver_round(TOWN, Edi20Transport(office.service, 5.0), office.parts))
    requeue(delivery(office).id, "operator", "asked", office.parts)
    second = hand_in(office, HandedIn(Y))
    assert second.letters[0].reference == ""
    assert second.letters[0].body == first.letters[0].body
    assert delivery(office).reference == Y


def test_of_a_partner_that_answers_with_no_apprec_it_is_over_once_the_service_has_brought_it(
    office: Office,
) -> None:
    """Asked for at once when it is told, not when the wait for a receipt is over that never comes."""
    book = office.parts.partners
    silent = replace(book.by_her_id[UNIT], receipts=False)
    office.parts = replace(
        office.parts,
        partners=Partners(
            {**book.by_organisation, silent.organisation: silent},
            {**book.by_her_id, **dict.fromkeys(silent.services, silent)},
        ),
    )
    office.post = replace(office.post, parts=office.parts)
    hand_in(office)
    assert delivery(office).because == "handed-in"
    told(office, transport="Acknowledged")
    asyncio.run(deliver_round(TOWN, Edi20Transport(office.service, 5.0), office.parts))
    assert (delivery(office).state, delivery(office).because) == ("accepted", "carried")


def test_a_notice_that_cannot_be_read_is_for_a_person_who_can_only_leave_it(office: Office) -> None:
    """It may tell of a message that is told of nowhere else; told of again, it is on the list once."""
    notice = Notice("offset-7", "", "unreadable", 7)
    for _ in range(2):
        office.service.announced.append(notice)
        office.read()
        office.read_again(timedelta(hours=1))
    (parked,) = office.mailbox.parked()
    assert (parked.message, parked.because) == ("offset-7", "unreadable-notice")
    with pytest.raises(Refused, match="step-forbidden"):
        parked_mail.again("offset-7", "operator", "looked", office.mailbox, office.parts)
    parked_mail.leave("offset-7", "operator", "looked", office.mailbox, office.parts)
    assert office.mailbox.parked() == []
