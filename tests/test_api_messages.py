"""Messages over HTTP: each is answered in its own form, whatever it is, and the same again when it comes again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_client import ADDRESS, Api, api_on, chunks, open_database, problems, task_of, without_end
from api_messages import HODEMELDING, PERSON, need
from lxml import etree
from shared_data import SHARED, needs_shared

from adapter.outside.store import Database
from adapter.ports import Collision
from adapter.wire import apprec

CONSTRUCTED = "dialog-v1.1-DIALOG_HELSEFAGLIG-behov-IP-fra-sykehus.xml"
APPREC_XSD = SHARED / "norwegian-xml" / "xsd" / "fiks-nhn-client"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def api(store: Database) -> Api:
    return api_on(store)


def test_a_fhir_message_is_answered_with_a_message_that_points_to_its_task(api: Api) -> None:
    answer = api.message(need())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    header = answer.json()["entry"][0]["resource"]
    assert header["response"]["code"] == "ok"
    assert api.read(task_of(answer)).status_code == 200


def test_the_task_in_an_answer_stands_at_the_address_resources_are_served_under(api: Api) -> None:
    answer = api.message(need())
    header = answer.json()["entry"][0]["resource"]
    assert header["focus"][0]["reference"] == f"{ADDRESS}/{task_of(answer)}"


def test_a_hodemelding_is_answered_with_a_positive_apprec(api: Api) -> None:
    answer = api.edi(HODEMELDING.encode())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert apprec.read(answer.content).status == "1"


def test_who_wants_no_receipt_is_answered_without_a_body(api: Api) -> None:
    """MsgInfo/Ack F: nothing was wrong. The same again when it comes again, and the message is kept all the same."""
    quiet = HODEMELDING.replace('<Ack V="J"/>', '<Ack V="F"/>').encode()
    for _ in range(2):
        answer = api.edi(quiet)
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers
    (case,) = api.parts.store.case_ids()
    assert [message.raw for message in api.parts.store.messages_of(case)] == [quiet]


@needs_shared
def test_the_constructed_hospital_notification_is_accepted(api: Api) -> None:
    raw = (SHARED / "norwegian-xml" / "constructed" / CONSTRUCTED).read_bytes()
    answer = api.edi(raw)
    assert answer.status_code == 200
    theirs = etree.fromstring(raw).findtext(".//{*}MsgId")
    assert etree.fromstring(answer.content).findtext("{*}OriginalMsgId/{*}Id") == theirs


def test_a_repeat_gets_the_same_bytes(api: Api) -> None:
    for first, second in (
        (api.message(need()), api.message(need(envelope="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c099"))),
        (api.edi(HODEMELDING.encode()), api.edi(HODEMELDING.encode())),
    ):
        assert (first.status_code, first.content) == (second.status_code, second.content)


def test_another_content_under_a_known_message_id_is_a_conflict(api: Api) -> None:
    api.message(need())
    again = need(event="need-corrected")
    answer = api.message(again)
    assert (answer.status_code, problems(answer)) == (409, ["message-id-reused"])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_is_not_json_is_refused_with_an_operation_outcome(api: Api, content: bytes) -> None:
    answer = api.message(content)
    assert (answer.status_code, problems(answer)) == (400, ["not-json"])
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_what_is_not_xml_is_refused_with_problem_details(api: Api) -> None:
    answer = api.edi(b"<MsgHead")
    assert (answer.status_code, problems(answer)) == (400, ["not-xml"])
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_doctype_is_refused_before_anything_of_it_is_read(api: Api) -> None:
    bomb = b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><MsgHead>&a;</MsgHead>'
    answer = api.edi(bomb)
    assert (answer.status_code, problems(answer)) == (400, ["doctype"])
    assert b"root:" not in answer.content


@pytest.mark.parametrize("given", ["text/plain", "application/xml", "", "application/fhir+xml"])
def test_only_json_is_taken_on_fhir(api: Api, given: str) -> None:
    answer = api.message(need(), **{"Content-Type": given})
    assert (answer.status_code, problems(answer)) == (415, ["wrong-media-type"])


@pytest.mark.parametrize(
    ("given", "status"),
    [("text/xml", 200), ("Application/XML; charset=utf-8", 200), ("application/json", 415), ("", 415)],
)
def test_only_xml_is_taken_on_edi(api: Api, given: str, status: int) -> None:
    assert api.edi(HODEMELDING.encode(), **{"Content-Type": given}).status_code == status


def test_a_message_in_chunks_is_read_whole(api: Api) -> None:
    assert api.edi(chunks(HODEMELDING.encode())).status_code == 200


def large(api: Api) -> list[Any]:
    return [b" " * (api.parts.max_bytes + 1), chunks(b" " * (api.parts.max_bytes + 1)), without_end()]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["stated length", "chunks", "chunks without end"])
def test_a_body_beyond_the_bound_is_refused_in_the_callers_form(api: Api, which: int) -> None:
    fhir, edi = api.message(large(api)[which]), api.edi(large(api)[which])
    assert [(a.status_code, problems(a)) for a in (fhir, edi)] == [(413, ["too-large"])] * 2
    assert fhir.json()["resourceType"] == "OperationOutcome"
    assert edi.headers["content-type"] == "application/problem+json"


def test_a_body_of_exactly_the_bound_is_read(api: Api) -> None:
    answer = api.message(b" " * api.parts.max_bytes)
    assert problems(answer) == ["not-json"]


def test_a_locked_database_is_said_so_in_the_callers_form_and_the_message_can_be_sent_again(
    api: Api, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "adapter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        fhir, edi = api.message(need()), api.edi(HODEMELDING.encode())
    for answer in (fhir, edi):
        assert (answer.status_code, problems(answer)) == (503, ["store-busy"])
        assert int(answer.headers["retry-after"]) > 0
    assert fhir.json()["entry"][0]["resource"]["response"]["code"] == "transient-error"
    assert edi.headers["content-type"] == "application/problem+json"
    assert api.message(need()).status_code == api.edi(HODEMELDING.encode()).status_code == 200


class Colliding:
    """A store on which somebody else is faster, a number of times."""

    def __init__(self, store: Database, times: int) -> None:
        self.store, self.times = store, times

    def transaction(self) -> Any:
        if self.times:
            self.times -= 1
            raise Collision
        return self.store.transaction()


def test_a_message_that_loses_a_race_once_is_handled_and_twice_is_asked_for_again(store: Database) -> None:
    assert api_on(Colliding(store, 1)).message(need()).status_code == 200  # type: ignore[arg-type]
    answer = api_on(Colliding(store, 2)).message(need())  # type: ignore[arg-type]
    assert (answer.status_code, problems(answer)) == (503, ["store-busy"])
    assert "retry-after" in answer.headers


def test_a_refusal_that_loses_a_race_once_is_the_refusal(store: Database) -> None:
    broken = need()
    broken["entry"][3]["resource"]["status"] = "no-such-status"
    assert api_on(store).message(broken).status_code == 422
    assert api_on(Colliding(store, 1)).message(broken).status_code == 422  # type: ignore[arg-type]


def test_no_refusal_repeats_the_person(api: Api) -> None:
    wrong = HODEMELDING.replace("DIALOG_HELSEFAGLIG", PERSON)
    broken = need()
    broken["entry"][4]["resource"]["gender"] = PERSON
    for answer in (api.edi(wrong.encode()), api.message(broken)):
        assert answer.status_code == 422
        assert answer.content.count(PERSON.encode()) == (1 if b"OriginalMsgId" in answer.content else 0)
