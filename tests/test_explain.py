"""An account of a case tells every leaf, step and delivery once, and no value of a person."""

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from api_client import HOSPITAL, MUNICIPALITY, NOW, make_parts, open_database
from api_messages import HODEMELDING, PERSON, need
from cases import FIXTURES
from shared_data import SHARED, needs_shared

from adapter.cli.explain import as_object, lines
from adapter.cli.telling import tell_json
from adapter.domain.delivery import Letter, Receipt
from adapter.domain.identifiers import derived
from adapter.domain.message import Caller
from adapter.domain.problems import Refused
from adapter.flows import operate
from adapter.flows.accept import accept
from adapter.flows.account import Account, Message
from adapter.flows.deliver import deliver_round
from adapter.flows.explain import explain
from adapter.flows.parts import Parts

XML = (FIXTURES / "story" / "notification.xml").read_bytes()
PRIVATE = (PERSON, "Prøvesen", "Kari", "1952", "Prøvesykepleier", "hjerneslag", "Rehabilitering", "samtykk")
LETTER, ENVELOPE = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    store = open_database(tmp_path)
    yield make_parts(store)
    store.close()


class Silent:
    """A partner that refuses everything."""

    async def post(self, letter: Letter) -> Receipt:
        return Receipt("answered", 422, "fatal-error")


def taken(door: Any, raw: bytes, parts: Parts) -> None:
    answer = accept(door, raw, Caller(HOSPITAL, frozenset()), parts)
    assert answer.status == 200, answer.body


def reported(parts: Parts, **changed: str) -> str:
    """Takes a FHIR message; its message id."""
    message = need(**changed)
    taken("fhir", json.dumps(message).encode(), parts)
    return str(message["entry"][0]["resource"]["id"])


def whole(account: Account) -> str:
    """Everything either form of the output says."""
    return "\n".join(lines(account)) + json.dumps(as_object(account), default=str, ensure_ascii=False)


def leaf_count(tree: Any) -> int:
    if isinstance(tree, dict | list):
        return sum(leaf_count(child) for child in (tree.values() if isinstance(tree, dict) else tree))
    return 1


def xml_leaf_count(raw: bytes) -> int:
    """Attributes, and elements that hold text, by another parser."""
    elements = list(ElementTree.fromstring(raw).iter())  # noqa: S314 - a file of ours
    return sum(len(e.attrib) + bool((e.text or "").strip()) for e in elements)


def check_account(message: Message, count: int) -> None:
    places = [leaf.place for leaf in message.leaves]
    assert len(places) == len(set(places)) == count == sum(message.totals.values())
    assert all(leaf.went_to or leaf.because for leaf in message.leaves)


def test_every_leaf_of_an_xml_message_is_told_once(parts: Parts) -> None:
    taken("edi", XML, parts)
    (message,) = explain("5f0c2a64-3d0b-4f5e-9a57-2b7e6d1f0a01", parts).messages
    check_account(message, xml_leaf_count(XML))


def test_every_leaf_of_a_fhir_message_is_told_once(parts: Parts) -> None:
    (message,) = explain(reported(parts), parts).messages
    check_account(message, leaf_count(need()))


def test_the_elements_named_hold_what_the_leaf_said(parts: Parts) -> None:
    account = explain(reported(parts), parts)
    found = {f: leaf for leaf in account.messages[0].leaves for f in leaf.facts}
    versions = {f"{v.reference}/{v.number}": v.body for v in parts.store.versions_of(str(account.case))}
    (family,) = found["patient.family"].went_to
    assert family.element == "Patient.name[0].family"
    assert versions[family.version]["name"][0]["family"] == "Prøvesen"
    (reason,) = found["need.reason"].went_to
    assert reason.element == "ServiceRequest.reasonCode[0].text"
    assert versions[reason.version]["reasonCode"][0]["text"] == "Rehabilitering etter hjerneslag"


@pytest.mark.parametrize("door", ["edi", "fhir"])
def test_no_value_of_a_person_is_told(door: str, parts: Parts) -> None:
    if door == "edi":
        taken("edi", HODEMELDING.encode(), parts)
        account = explain("0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001", parts)
    else:
        account = explain(reported(parts), parts)
    assert len(account.messages[0].leaves) > 30
    assert [value for value in PRIVATE if value in whole(account)] == []


def test_an_unread_leaf_is_told_as_unread(parts: Parts) -> None:
    message = need()
    message["entry"][3]["resource"]["patientInstruction"] = "Ring Kari"
    taken("fhir", json.dumps(message).encode(), parts)
    account = explain(message["entry"][0]["resource"]["id"], parts)
    unread = [leaf.place for leaf in account.messages[0].leaves if leaf.outcome == "unread"]
    assert "Bundle.entry[3].resource.patientInstruction" in unread
    assert "Ring" not in whole(account)


def test_case_need_received_and_delivery_lead_to_the_same_account(parts: Parts) -> None:
    account = explain(reported(parts), parts)
    received = account.messages[0].id
    assert received == derived("received", "fhir", HOSPITAL, account.messages[0].message_id)
    for id_ in (
        str(account.case), str(account.case).upper(), received,
        str(account.deliveries[0].id), "5c1d7f0e-2f4c-4b7c-8a53-0d6f0f1c9a10",
    ):  # fmt: skip
        assert explain(id_, parts) == account


@pytest.mark.parametrize(
    "id_", ["", "0", "17", "9" * 30, "-1", "x", "٣", "00000000-0000-4000-8000-000000000000", "' OR 1=1 --"]
)
def test_an_id_of_nothing_is_refused(id_: str, parts: Parts) -> None:
    with pytest.raises(Refused) as refusal:
        explain(id_, parts)
    assert [f.problem for f in refusal.value.findings] == ["not-found"]


def test_a_message_that_changed_nothing_went_nowhere(parts: Parts) -> None:
    reported(parts)
    second = explain(reported(parts, letter=LETTER, envelope=ENVELOPE), parts).messages
    repeated = next(m for m in second if m.message_id == LETTER)
    assert not any(leaf.went_to for leaf in repeated.leaves)
    assert any("changed nothing" in leaf.because for leaf in repeated.leaves)


def test_a_correction_tells_what_it_wrote_and_what_stood(parts: Parts) -> None:
    reported(parts)
    message = need(letter=LETTER, envelope=ENVELOPE, event="need-corrected")
    message["entry"][3]["resource"]["reasonCode"] = [{"text": "Noe annet"}]
    taken("fhir", json.dumps(message).encode(), parts)
    corrected = next(m for m in explain(LETTER, parts).messages if m.message_id == LETTER)
    to = {f: leaf.went_to[0] for leaf in corrected.leaves for f in leaf.facts if leaf.went_to}
    assert (to["need.reason"].unchanged, to["need.reason"].version[-2:]) == (False, "/2")
    assert (to["patient.family"].unchanged, to["patient.family"].version[-2:]) == (True, "/1")


def test_a_refused_message_is_told_without_an_account(parts: Parts) -> None:
    message = need()
    del message["entry"][4]["resource"]["identifier"]
    assert accept("fhir", json.dumps(message).encode(), Caller(HOSPITAL, frozenset()), parts).status == 422
    account = explain(message["entry"][0]["resource"]["id"], parts)
    assert (account.case, account.messages[0].leaves) == (None, ())
    assert account.messages[0].unaccounted == "refused-messages-are-not-kept"
    assert [f.problem for f in account.messages[0].findings] == ["missing-person-id", "came-late"]


def test_a_case_without_consent_tells_its_list_and_that_the_question_needs_none(parts: Parts) -> None:
    taken("edi", HODEMELDING.replace("Pasienten har samtykket.", "").encode(), parts)
    account = explain("0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001", parts)
    assert [(w.list, w.reason) for w in account.waiting] == [("consent", "consent-not-stated")]
    assert account.route
    assert account.route.rule == "not-routed"
    assert [(d.recipient, d.category, d.now) for d in account.deliveries] == [
        (HOSPITAL, "question-to-sender", "no-consent-needed")
    ]


def test_a_try_is_told_with_its_receipt_and_consents_but_an_operators_words_are_not(parts: Parts) -> None:
    message = reported(parts)
    assert asyncio.run(deliver_round(MUNICIPALITY, Silent(), parts)) == 1
    (sent,) = explain(message, parts).deliveries
    assert (sent.state, sent.because) == ("rejected", "rejected-by-recipient")
    consent = next(p for p in sent.carries if p.startswith("Consent/")).split("/")[1]
    assert [(t.because, t.consents) for t in sent.tried] == [("rejected-by-recipient", (consent,))]
    assert [(n, r.http, r.said) for n, _, r in sent.receipts] == [(1, 422, "fatal-error")]
    assert sent.now == f"permitted:{consent}"
    operate.requeue(sent.id, "Ola Prøvesykepleier", "Kari Prøvesen ringte", parts)
    account = explain(message, parts)
    assert account.deliveries[0].because == "a-person-decided"
    assert account.deliveries[0].tried[-1].because == "a-person-decided:delivery-requeue"
    assert [value for value in PRIVATE if value in whole(account)] == []


def test_the_route_tells_the_rule_that_chose_the_unit(parts: Parts) -> None:
    account = explain(reported(parts), parts)
    assert account.route == dataclasses.replace(account.route, rule="addressed-by-sender", unit="8900022")
    assert account.steps[0].because == f"message {account.messages[0].message_id}"
    elsewhere = need(letter=LETTER, envelope=ENVELOPE)
    header, *_, request = (entry["resource"] for entry in elsewhere["entry"][:4])
    header["destination"][0]["receiver"]["identifier"]["value"] = "8900091"
    request["identifier"][0]["value"] = f"urn:uuid:{LETTER}"
    partners = parts.partners
    home = dataclasses.replace(partners.by_organisation["999900099"], served=True)
    parts = dataclasses.replace(
        parts,
        partners=dataclasses.replace(
            partners,
            by_organisation={**partners.by_organisation, "999900099": home},
            by_her_id={**partners.by_her_id, **dict.fromkeys(home.services, home)},
        ),
    )
    taken("fhir", json.dumps(elsewhere).encode(), parts)
    held = explain(LETTER, parts)
    assert [w.list for w in held.waiting] == ["routing"]
    operate.release(str(held.case), "8900022", "operator", "Ringte Kari", parts)
    released = explain(LETTER, parts)
    assert released.route
    assert (released.route.rule, released.route.unit) == ("chosen-by-person", "8900022")
    assert released.steps[-1].because == "a-person-decided"


def test_explaining_writes_nothing(parts: Parts, tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415 - another reader of the file, for this claim only

    message = reported(parts)

    def dump() -> list[str]:
        connection = sqlite3.connect(tmp_path / "adapter.db")
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    before = dump()
    explain(message, parts)
    assert dump() == before


@needs_shared
def test_the_constructed_notification_is_read_or_set_aside_to_the_last_leaf(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = (SHARED / "norwegian-xml" / "constructed").glob("dialog-v1.1*.xml")
    taken("edi", path.read_bytes(), parts)
    account = explain("11111111-1111-4111-8111-000000000005", parts)
    check_account(account.messages[0], xml_leaf_count(path.read_bytes()))
    assert account.messages[0].totals["unread"] == 0
    tell_json(as_object(account))
    told = json.loads(capsys.readouterr().out)
    assert told["messages"][0]["at"] == NOW.isoformat()
