"""Receipts that come by themselves: what each leads to, whoever else works on the same delivery."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from api_client import HOSPITAL, MUNICIPALITY, XML, Api, api_on, make_parts, open_database, problems, token
from api_messages import HODEMELDING, need
from test_apprec_read import receipt

from adapter.domain.delivery import Delivery, Letter, Receipt
from adapter.domain.message import Caller
from adapter.flows import operate
from adapter.flows.accept import accept
from adapter.flows.deliver import deliver_round
from adapter.flows.invariants import Violation
from adapter.flows.parts import Parts
from adapter.flows.receipt import take
from adapter.flows.verify import of_case
from adapter.mapping.partners import load
from adapter.outside.store import Database
from adapter.outside.store.keeping import open_keeping
from adapter.settings import carried

MUNICIPAL = Caller(MUNICIPALITY, frozenset())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def parts(store: Database) -> Parts:
    """A need on its way to a municipality."""
    parts = make_parts(store)
    accept("edi", HODEMELDING.encode(), Caller(HOSPITAL, frozenset()), parts)
    return parts


def the_delivery(parts: Parts) -> Delivery:
    (only,) = parts.store.deliveries_of(parts.store.case_ids()[0])
    return only


def says(parts: Parts, status: str, error: str = "") -> int:
    """What the municipality says of the delivery; the HTTP status of the answer."""
    id_ = the_delivery(parts).outgoing.message_id
    raw = receipt(
        status=f'<Status V="{status}"/>', original=f"<OriginalMsgId><Id>{id_}</Id></OriginalMsgId>"
    ).replace(b'<Error V="07"/><Error V="16"/>', f'<Error V="{error}"/>'.encode() if error else b"")
    return take(raw, MUNICIPAL, parts).status


class Partner:
    """Takes each letter, and says so much of it, by itself, before its answer to the call is there."""

    def __init__(self, parts: Parts, *said: str) -> None:
        self._parts, self._said = parts, said

    async def post(self, letter: Letter) -> Receipt:
        for status in self._said:
            await asyncio.to_thread(says, self._parts, status)
        return Receipt("carried", 202)


def carry(parts: Parts, *said: str) -> Delivery:
    asyncio.run(deliver_round(MUNICIPALITY, Partner(parts, *said), parts))
    return the_delivery(parts)


def amiss(parts: Parts, folder: Path) -> list[Violation]:
    """What `verify` finds of the case."""
    keeping = open_keeping(f"sqlite:///{folder / 'adapter.db'}")
    try:
        with keeping.snapshot() as snapshot:
            (record,) = snapshot.records(snapshot.case_ids("", 10))
        return list(of_case(record, parts))
    finally:
        keeping.close()


@pytest.mark.parametrize(
    ("said", "state", "place"),
    [("1", "accepted", "done"), ("2", "rejected", "held"), ("3", "rejected", "held")],
)
def test_a_receipt_that_overtakes_the_answer_to_the_call_counts(
    parts: Parts, said: str, state: str, place: str
) -> None:
    """The postman comes back with "carried" when the receipt has been taken: it moves nothing back."""
    delivery = carry(parts, said)
    assert (delivery.state, delivery.place, delivery.tries) == (state, place, 1)


def test_a_receipt_about_a_try_that_nobody_wrote_down_counts(parts: Parts, tmp_path: Path) -> None:
    """The process died after the letter was out: the partner has it all the same."""
    assert the_delivery(parts).tries == 0
    assert says(parts, "1") == 204
    assert the_delivery(parts).state == "accepted"
    assert amiss(parts, tmp_path) == []


@pytest.mark.parametrize(
    ("said", "state", "reasons"),
    [
        (["1", "1"], "accepted", []),
        (["2", "2"], "rejected", []),
        (["2", "1"], "accepted", []),
        (["3", "1"], "accepted", []),
        (["1", "2"], "accepted", ["receipt-contradicts"]),
        (["1", "3"], "accepted", ["receipt-contradicts"]),
        (["1", "2", "1"], "accepted", ["receipt-contradicts"]),
    ],
)
def test_what_contradicts_itself_ends_as_the_table_says(
    parts: Parts, tmp_path: Path, said: list[str], state: str, reasons: list[str]
) -> None:
    carry(parts)
    assert [says(parts, status) for status in said] == [204] * len(said)
    assert the_delivery(parts).state == state
    assert [w.reason for w in parts.store.waiting()] == reasons
    assert amiss(parts, tmp_path) == []


def test_the_same_receipt_again_is_kept_once_for_each_try(parts: Parts) -> None:
    carry(parts)
    for _ in range(3):
        says(parts, "2", "E36")
    first = the_delivery(parts)
    assert first.because == "rejected-by-recipient:E36"
    assert [r.said for _, _, r in parts.store.receipts_of(first.id)] == ["nothing", "apprec-rejected"]
    operate.requeue(first.id, "me", "mended", parts)
    carry(parts)
    says(parts, "2", "E36")
    assert the_delivery(parts).state == "rejected"
    assert len(parts.store.receipts_of(first.id)) == 4


def test_what_a_person_left_out_stays_left_out(parts: Parts) -> None:
    carry(parts)
    says(parts, "2", "E21")
    assert [w.reason for w in parts.store.waiting()] == ["wrong-addressee"]
    operate.skip(the_delivery(parts).id, "me", "told by telephone", parts)
    assert parts.store.waiting() == []
    assert says(parts, "1") == 204
    assert the_delivery(parts).state == "skipped"


def test_who_sends_no_receipts_has_what_was_carried(parts: Parts, tmp_path: Path) -> None:
    known = load(carried("mappings") / "partners.yaml", synthetic=True)
    quiet = replace(known.by_organisation[MUNICIPALITY], receipts=False)
    without = replace(known, by_organisation={**known.by_organisation, MUNICIPALITY: quiet})
    delivery = carry(replace(parts, partners=without))
    assert (delivery.state, delivery.because) == ("accepted", "carried")
    assert amiss(parts, tmp_path) == []


def test_the_door_tells_a_stranger_what_it_tells_of_nothing(store: Database, parts: Parts) -> None:
    """The same answer, byte for byte, and nothing is kept."""
    api: Api = api_on(store)
    id_ = the_delivery(parts).outgoing.message_id
    known = receipt(original=f"<OriginalMsgId><Id>{id_}</Id></OriginalMsgId>")
    answers = [
        api("POST", "/edi/receipts", content=content, headers=token(caller) | XML)
        for content, caller in ((known, HOSPITAL), (receipt(), HOSPITAL), (receipt(), MUNICIPALITY))
    ]
    assert [(a.status_code, problems(a)) for a in answers] == [(404, ["receipt-for-unknown"])] * 3
    assert len({a.content for a in answers}) == 1
    assert the_delivery(parts).state == "queued"
    taken = api("POST", "/edi/receipts", content=known, headers=token(MUNICIPALITY) | XML)
    assert (taken.status_code, taken.content) == (204, b"")
    assert "content-type" not in taken.headers


def test_a_receipt_for_what_still_waits_in_line_is_about_nothing(store: Database) -> None:
    """A letter behind another was never sent."""
    parts = make_parts(store)
    hospital = Caller(HOSPITAL, frozenset())
    first = need()
    accept("fhir", json.dumps(first).encode(), hospital, parts)
    again = need(
        letter="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c777", envelope="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c778"
    )
    again["entry"][0]["resource"]["eventCoding"]["code"] = "need-corrected"
    accept("fhir", json.dumps(again).encode(), hospital, parts)
    behind = parts.store.deliveries_of(parts.store.case_ids()[0])[-1]
    assert behind.place == "behind"
    raw = receipt(original=f"<OriginalMsgId><Id>{behind.outgoing.message_id}</Id></OriginalMsgId>")
    assert take(raw, MUNICIPAL, parts).status == 404
