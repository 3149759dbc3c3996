"""Municipalities that are slow, silent, lie, or break off: the journal of what really came decides."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from premises import House, eventually
from stories import MUNICIPALITIES, Story, one_story

from adapter.domain.delivery import Delivery, Receipt
from adapter.outside.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.processes]

FIRST, SECOND, DEAF = MUNICIPALITIES


@pytest.fixture(scope="module")
def house(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One adapter for all; a municipality takes connections and never answers one."""
    folder = tmp_path_factory.mktemp("partners")
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        database = f"sqlite:///{folder / 'adapter.db'}"
        house = House(
            stack, folder, database, issuer, partners=(FIRST, SECOND), IP_ADAPTER_SEND_TIMEOUT="0.5"
        )
        house.partner_table({**house.partners, DEAF: url})
        house.service()
        house.wait_until_ready()
        yield house


@pytest.mark.parametrize(
    ("number", "kind", "arrivals"),
    [
        (1, "slow", 3),
        (2, "cut", 3),
        (3, "half-open", 1),
        (4, "nonsense", 1),
        (5, "stranger", 1),
        (6, "later", 1),
    ],
)
def test_no_answer_that_is_wrong_counts_as_a_receipt(
    house: House, number: int, kind: str, arrivals: int
) -> None:
    """Twice the answer is lost, no answer, or no receipt for this message: it is sent again, under the same id, until
    the municipality really has it."""
    story = one_story(number, municipality=FIRST)
    house.misbehave(FIRST, kind, times=2, seconds=5)
    house.tell(story)
    eventually(lambda: _delivery(house, story).state == "accepted")
    ids = house.ids_of(story)
    assert len(set(ids)) == 1
    assert len(ids) == arrivals
    assert [receipt.said for receipt in _receipts(house, story)][-1] == "ok"
    assert len(_receipts(house, story)) == 3


def test_a_lost_receipt_does_not_let_a_correction_overtake(house: House) -> None:
    """The need comes three times, as its answer is cut off twice; what corrects and cancels it comes after."""
    story = one_story(10, "need-corrected", "need-cancelled", municipality=FIRST)
    house.misbehave(FIRST, "cut", times=2)
    house.tell(story)
    eventually(lambda: len(set(house.ids_of(story))) == 3)
    first_arrivals = [*dict.fromkeys(house.ids_of(story))]
    events = {entry["id"]: entry["event"] for entry in house.arrived(FIRST)}
    assert [events[id_] for id_ in first_arrivals] == ["need-notified", "need-corrected", "need-cancelled"]
    assert len(house.ids_of(story)) == 5


def test_who_says_duplicate_is_believed_and_that_is_on_record(house: House) -> None:
    """After a crash nobody knows whether a first try arrived, so `duplicate` must count; the receipt shows who said
    so, for the day somebody asks."""
    story = one_story(11, municipality=FIRST)
    house.misbehave(FIRST, "duplicate")
    house.tell(story)
    eventually(lambda: _delivery(house, story).state == "accepted")
    assert [(r.http, r.said) for r in _receipts(house, story)] == [(409, "duplicate")]
    assert _delivery(house, story).because == "confirmed-before"
    assert house.ids_of(story) == []


def test_a_municipality_that_never_answers_holds_up_nobody(house: House) -> None:
    """It takes the connection and says nothing. Its own mail waits, unaccepted; that of others goes at once."""
    waits, goes = one_story(12, municipality=DEAF), one_story(13, municipality=SECOND)
    house.tell(waits)
    eventually(lambda: "timed-out" in [receipt.transport for receipt in _receipts(house, waits)])
    house.tell(goes)
    assert eventually(lambda: len(house.ids_of(goes)) == 1) < 5
    assert _delivery(house, waits).state == "waiting"


def _delivery(house: House, story: Story) -> Delivery:
    store = open_store(house.database)
    try:
        (case,) = (
            c
            for c in store.case_ids()
            if story.messages[0].id in {m.message_id for m in store.messages_of(c)}
        )
        return store.deliveries_of(case)[0]
    finally:
        store.close()


def _receipts(house: House, story: Story) -> list[Receipt]:
    delivery = _delivery(house, story)
    store = open_store(house.database)
    try:
        return [receipt for _, _, receipt in store.receipts_of(delivery.id)]
    finally:
        store.close()
