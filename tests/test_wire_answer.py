"""What we answer and send is sound FHIR, and a partner is heard only about what we sent."""

import uuid

import pytest
from fhir_message import AT, BASE, ENH, ENVELOPE, EVENTS, LETTER, LIMITS, MESSAGE, catalogue, opened
from oracle import needs_oracle, verdicts

from adapter.domain.case import Resource
from adapter.domain.message import Party
from adapter.domain.problems import Finding
from adapter.wire import json
from adapter.wire.fhir import check
from adapter.wire.message import compose, read_response, resolve, respond
from adapter.wire.outcome import http_status, operation_outcome, problem_json


def answer(*findings: Finding, focus: str | None = None) -> Resource:
    envelope, _ = opened(MESSAGE)
    raw = respond(
        envelope,
        findings,
        catalogue(),
        id=ENVELOPE,
        at=AT,
        base=BASE,
        address=BASE,
        event_system=EVENTS,
        focus=focus,
    )
    return json.loads(raw, **LIMITS)


def sent() -> Resource:
    need = MESSAGE["entry"][3]["resource"]
    task = {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order"}
    raw = compose(
        message_id=LETTER,
        envelope_id=ENVELOPE,
        event="case-updated",
        event_system=EVENTS,
        sender=Party("999900099", ("8900009",), "IP-adapter"),
        receiver=Party(her_ids=("8900002", "8900022")),
        endpoint="http://127.0.0.1:8102/fhir/$process-message",
        source_endpoint=BASE,
        focus="Task/t1",
        resources=[task | {"focus": {"reference": "ServiceRequest/need-1"}}, need],
        at=AT,
        base=BASE,
    )
    return json.loads(raw, **LIMITS)


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((), "ok"),
        ((Finding("need-known"), Finding("consent-not-stated")), "ok"),
        ((Finding("need-known"), Finding("consent-refused", "Bundle.entry[3].resource")), "fatal-error"),
        ((Finding("consent-refused"), Finding("store-busy")), "transient-error"),
    ],
)
def test_the_answer_says_what_the_findings_weigh(findings: tuple[Finding, ...], code: str) -> None:
    """FHIR R4 response codes; findings of any weight come along as an OperationOutcome."""
    bundle = answer(*findings, focus="Task/t1")
    head = bundle["entry"][0]["resource"]
    assert (head["response"]["identifier"], head["response"]["code"]) == (LETTER, code)
    assert check(bundle) == ()
    assert head["focus"] == [{"reference": f"{BASE}/Task/t1", "type": "Task"}]
    details = head["response"].get("details")
    found = resolve(bundle, details["reference"]) if details else (0, {"issue": []})
    assert found is not None
    assert [issue["details"]["coding"][0]["code"] for issue in found[1]["issue"]] == [
        f.problem for f in findings
    ]


def test_the_answer_goes_back_to_the_sender_and_is_the_same_letter_every_time() -> None:
    bundle = answer()
    head = bundle["entry"][0]["resource"]
    assert head["destination"][0]["receiver"]["identifier"] == {"system": ENH, "value": "999900033"}
    assert head["sender"]["identifier"] == {"system": ENH, "value": "999900022"}
    assert uuid.UUID(head["id"]).version == 5
    assert answer() == bundle


def test_what_we_compose_is_what_a_receiver_opens() -> None:
    """Our own message passes our own door: head, parties, focus and references inside the Bundle."""
    envelope, bundle = opened(sent())
    assert (envelope.message_id, envelope.envelope_id, envelope.kind) == (LETTER, ENVELOPE, "case-updated")
    assert (envelope.sender.organisation, envelope.receiver.her_ids) == ("999900099", ("8900022",))
    focus = resolve(bundle, bundle["entry"][0]["resource"]["focus"][0]["reference"])
    assert focus is not None
    assert focus[1]["id"] == "t1"
    assert [e["fullUrl"] for e in bundle["entry"]][1:] == [f"{BASE}/Task/t1", f"{BASE}/ServiceRequest/need-1"]


@needs_oracle
def test_other_validators_find_nothing_wrong_with_what_we_write() -> None:
    written = [MESSAGE, sent(), answer(), answer(Finding("not-fhir", "Bundle.id"), focus="Task/t1")]
    written.append(operation_outcome([Finding("store-busy")], catalogue(), base=BASE, lang="nn"))
    assert verdicts(written) == [[] for _ in written]


@pytest.mark.parametrize("code", ["ok", "transient-error", "fatal-error"])
def test_a_partner_is_heard_only_about_the_message_we_sent(code: str) -> None:
    findings = {"ok": (), "transient-error": (Finding("store-busy"),), "fatal-error": (Finding("not-fhir"),)}
    raw = json.dumps(answer(*findings[code]))
    assert read_response(raw, LETTER) == code
    assert read_response(raw, ENVELOPE) == "nonsense"


def test_silence_is_nothing_and_anything_else_is_nonsense() -> None:
    assert read_response(b" \n", LETTER) == "nothing"
    outcome = operation_outcome([Finding("not-fhir")], catalogue(), base=BASE)
    odd = answer()
    odd["entry"][0]["resource"]["response"]["code"] = ["ok"]
    for raw in (b"<html>", b"[]", b"{}", b"\xff", json.dumps(outcome), json.dumps(MESSAGE), json.dumps(odd)):
        assert read_response(raw, LETTER) == "nonsense"


@pytest.mark.parametrize("name", sorted(catalogue().problems))
def test_every_problem_of_the_catalogue_makes_a_sound_answer(name: str) -> None:
    """Severity and issue type of each row are codes of R4, in every language, in both forms of answer."""
    finding, problem = Finding(name, "Bundle.entry[2].resource.status"), catalogue()[name]
    for lang in ("nb", "nn", "en"):
        outcome = operation_outcome([finding], catalogue(), base=BASE, lang=lang)
        assert check(outcome) == ()
        assert outcome["issue"][0]["expression"] == [finding.where]
        assert outcome["issue"][0]["details"]["text"] == problem.text[lang]
    told = json.loads(problem_json([finding], catalogue(), base=BASE), **LIMITS)
    assert (told["status"], told["problems"][0]["number"]) == (problem.http, problem.number)


def test_the_first_error_decides_the_status() -> None:
    findings = [Finding("need-known"), Finding("consent-refused"), Finding("no-token")]
    assert http_status(findings, catalogue()) == 422
    assert http_status(findings[:1], catalogue()) == 200
    assert json.loads(problem_json(findings, catalogue(), base=BASE), **LIMITS)["status"] == 422
    assert check(operation_outcome([], catalogue(), base=BASE)) == ()
