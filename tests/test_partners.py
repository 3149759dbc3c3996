"""The pretend partners are what they pretend to be: they answer as FHIR messaging asks, and misbehave as told."""

import asyncio
import copy
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir_message import MESSAGE

from adapter.domain.delivery import Letter, Receipt
from adapter.outside.reading import Readers
from adapter.outside.transport import HttpTransport
from adapter.wire.apprec import read_receipt
from adapter.wire.message import read_response

PARTNERS = Path(__file__).resolve().parents[1] / "docker" / "partners"
FIRST, SECOND, THIRD = (f"0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c{n}" for n in ("101", "102", "103"))


class Running:
    """A partner's program, called over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.endpoint = f"{url}/fhir/$process-message"

    def post(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=body, trust_env=False)

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = httpx.get(f"{self.url}/journal", trust_env=False).json()
        return entries

    def journal_of(self, id_: str) -> list[bool]:
        """Whether each arrival of a message was a repeat."""
        return [entry["repeated"] for entry in self.journal() if entry["id"] == id_]


@pytest.fixture(params=["hospital", "municipality"])
def partner(request: pytest.FixtureRequest) -> Iterator[Running]:
    program = str(PARTNERS / f"{request.param}.py")
    # Port 9 is where nobody listens: these tests need neither adapter nor issuer.
    nobody = ("--adapter", "http://127.0.0.1:9", "--issuer", "http://127.0.0.1:9")
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen([sys.executable, program, "--port", "0", *nobody], stdout=subprocess.PIPE)
        )
        stack.callback(process.terminate)
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        yield Running(ready["url"])


def message(id_: str, bundle: str = "0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1cfff") -> dict[str, Any]:
    changed = copy.deepcopy(MESSAGE)
    changed["id"] = bundle
    changed["entry"][0]["resource"]["id"] = id_
    return changed


def delivered(partner: Running, id_: str, timeout: float = 10.0) -> Receipt:
    """What the adapter's own way out makes of the partner's answer."""

    async def post() -> Receipt:
        transport = HttpTransport(
            [partner.endpoint],
            Readers(read_response, read_receipt),
            lambda: datetime.now(UTC),
            timeout=timeout,
        )
        try:
            return await transport.post(
                Letter("fhir", partner.endpoint, id_, json.dumps(message(id_)).encode())
            )
        finally:
            await transport.aclose()

    return asyncio.run(post())


@pytest.mark.processes
def test_a_message_is_confirmed_and_stands_in_the_journal_as_it_came(partner: Running) -> None:
    sent = message(FIRST)
    answer = partner.post("/fhir/$process-message", sent)
    assert read_response(answer.content, FIRST) == "ok"
    (entry,) = partner.journal()
    assert entry == {
        "id": FIRST,
        "event": "need-notified",
        "bundle": sent["id"],
        "focus": "ServiceRequest/need-1",
        "need": "",
        "received": 1,
        "repeated": False,
    }
    assert httpx.get(f"{partner.url}/messages/{FIRST}", trust_env=False).json() == sent
    assert httpx.get(f"{partner.url}/messages/{SECOND}", trust_env=False).status_code == 404


@pytest.mark.processes
def test_a_repeat_in_a_new_envelope_is_recognised_and_answered_with_the_same_bytes(partner: Running) -> None:
    answers = [
        partner.post("/fhir/$process-message", message(FIRST, bundle)).content for bundle in (SECOND, THIRD)
    ]
    assert answers[0] == answers[1]
    assert [(e["bundle"], e["repeated"]) for e in partner.journal()] == [(SECOND, False), (THIRD, True)]


@pytest.mark.processes
def test_each_fault_is_seen_by_the_sender_as_what_it_is_and_ends_after_its_times(partner: Running) -> None:
    """`cut` and `slow` lose the answer only: the message has come, so that trying again must be a repeat."""
    faults = {
        "down": Receipt("answered", 503, "nonsense"),
        "nonsense": Receipt("answered", 200, "nonsense"),
        "redirect": Receipt("redirected", 307),
        "transient": Receipt("answered", 200, "transient-error"),
        "reject": Receipt("answered", 200, "fatal-error"),
        "cut": Receipt("cut-off"),
        "slow": Receipt("timed-out"),
    }
    for number, (kind, receipt) in enumerate(faults.items()):
        id_ = f"0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c2{number:02}"
        assert partner.post("/fault", {"kind": kind, "times": 1, "seconds": 20}).status_code == 200
        assert delivered(partner, id_, timeout=0.5 if kind == "slow" else 10.0) == receipt, kind
        assert delivered(partner, id_) == Receipt("answered", 200, "ok"), kind
        arrived_before = kind in ("cut", "slow")
        assert partner.journal_of(id_) == ([False, True] if arrived_before else [False]), kind


@pytest.mark.processes
def test_faults_last_as_many_answers_as_told(partner: Running) -> None:
    partner.post("/fault", {"kind": "transient", "times": 2})
    said = [delivered(partner, FIRST).said for _ in range(3)]
    assert said == ["transient-error", "transient-error", "ok"]
    assert partner.post("/fault", {"kind": "tired"}).status_code == 422


@pytest.mark.processes
def test_what_cannot_be_done_is_said_and_what_is_no_message_is_refused(partner: Running) -> None:
    assert partner.post("/act", {"do": "dance"}).status_code == 422
    assert partner.post("/act", {"do": "accept", "case": "unknown"}).status_code == 422
    for body in ([], {"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": [{"resource": {}}]}):
        assert partner.post("/fhir/$process-message", body).status_code == 400
    assert partner.journal() == []


# RFC 7396, appendix A (original, patch, result).
MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), MERGES)
def test_a_change_of_a_resource_is_a_merge_patch(
    original: Any, patch: Any, result: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PARTNERS))
    assert importlib.import_module("municipality").merged(original, patch) == result


@pytest.mark.parametrize("program", sorted(p.name for p in PARTNERS.glob("*.py")))
def test_the_programs_stand_alone(program: str) -> None:
    """They run beside any adapter, also one that is not ours."""
    text = (PARTNERS / program).read_text("utf-8")
    assert "import adapter" not in text
    assert "from adapter" not in text
