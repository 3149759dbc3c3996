"""What the message service does instead of answering: what may be repeated is, and nothing else."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from edi20_calls import ENDPOINT, ID, SERVICE, granting, with_service
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from adapter.domain.delivery import Letter
from adapter.outside.edi20 import Edi20V3
from adapter.ports import ServiceAway, ServiceRefuses

LETTER = Letter("edi20", "", "m-1", b"<MsgHead/>", "DIALOG_HELSEFAGLIG", "8900091", "8900022")


@respx.mock
@pytest.mark.parametrize(
    ("answer", "because", "http"),
    [
        (httpx.Response(423), "locked", 423),
        (httpx.Response(429, headers={"Retry-After": "7"}), "busy", 429),
        (httpx.Response(503), "fails", 503),
        (httpx.Response(200, text="<html>"), "nonsense", 200),
        (httpx.Response(200, json={"id": "no uuid"}), "nonsense", 200),
        (httpx.Response(307, headers={"Location": "https://elsewhere.nhn.no"}), "nonsense", 307),
        (httpx.ConnectError("no"), "unreachable", 0),
        (httpx.ReadTimeout("slow"), "timed-out", 0),
        (httpx.ReadError("cut"), "cut-off", 0),
    ],
)
def test_what_may_have_been_taken_is_not_handed_in_twice_in_one_call(
    answer: httpx.Response | httpx.HTTPError, because: str, http: int
) -> None:
    """Only who was not reached at all is tried again."""
    granting()
    route = respx.post(f"{SERVICE}/messages").mock(side_effect=[answer] * 3)
    with pytest.raises(ServiceAway) as away:
        with_service(lambda service: service.send(LETTER))
    assert (away.value.because, away.value.http) == (because, http)
    assert away.value.retry_after == (7 if because == "busy" else None)
    assert route.call_count == (3 if because == "unreachable" else 1)


@respx.mock
@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_refusal_is_not_asked_for_again(status: int) -> None:
    granting()
    route = respx.post(f"{SERVICE}/messages").respond(status, json={"error": "HerId 1234 Kari Nordmann"})
    with pytest.raises(ServiceRefuses) as refused:
        with_service(lambda service: service.send(LETTER))
    assert (refused.value.http, route.call_count) == (status, 1)
    assert "Nordmann" not in str(refused.value)


@respx.mock
def test_a_question_is_repeated_within_one_call_until_it_is_answered() -> None:
    granting()
    good = httpx.Response(200, json={"statusList": []})
    route = respx.get(f"{SERVICE}/messages/{ID}/status")
    route.mock(side_effect=[httpx.Response(500), httpx.ReadTimeout("slow"), good])
    assert with_service(lambda service: service.state(ID, "1")) is None
    assert route.call_count == 3


@respx.mock
def test_who_says_how_long_to_wait_is_left_alone_for_this_call() -> None:
    granting()
    route = respx.get(f"{SERVICE}/notifications").respond(503, headers={"Retry-After": "120"})
    with pytest.raises(ServiceAway) as away:
        with_service(lambda service: service.notices(0))
    assert (away.value.retry_after, route.call_count) == (120, 1)


@respx.mock
def test_a_refused_token_is_replaced_once_and_a_nonce_is_taken_up_once() -> None:
    first = httpx.Response(401, headers={"WWW-Authenticate": 'DPoP error="invalid_token"'})
    second = httpx.Response(
        401, headers={"WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": "n-7"}
    )
    given = [
        httpx.Response(200, json={"access_token": f"token-{n}", "token_type": "DPoP", "expires_in": 600})
        for n in (1, 2)
    ]
    respx.post(ENDPOINT).mock(side_effect=given)
    route = respx.post(f"{SERVICE}/messages")
    route.mock(side_effect=[first, second, httpx.Response(202, json={"id": ID})])
    assert with_service(lambda service: service.send(LETTER)) == ID
    assert [c.request.headers["Authorization"] for c in route.calls] == [
        "DPoP token-1",
        "DPoP token-2",
        "DPoP token-2",
    ]
    proof = route.calls.last.request.headers["DPoP"]
    key = ECKey.import_key(jws.extract_compact(proof.encode()).headers()["jwk"])
    assert jwt.decode(proof, key, algorithms=["ES256"]).claims["nonce"] == "n-7"


@respx.mock
def test_a_service_that_refuses_every_token_is_not_asked_for_ever() -> None:
    granting()
    route = respx.post(f"{SERVICE}/messages").respond(401)
    with pytest.raises(ServiceAway, match="no-token"):
        with_service(lambda service: service.send(LETTER))
    assert route.call_count == 2


@respx.mock
@pytest.mark.parametrize(
    ("document", "because"),
    [("not base64!", "nonsense"), (None, "nonsense"), (7, "nonsense"), ("A" * 200_000, "too-long")],
    ids=["not-base64", "none", "a-number", "too-long"],
)
def test_a_business_document_is_bounded_and_must_be_base64(document: Any, because: str) -> None:
    granting()
    respx.get(f"{SERVICE}/messages/{ID}/business-document").respond(200, json={"businessDocument": document})

    async def act(service: Edi20V3) -> bytes:
        return await service.document(ID)

    with pytest.raises(ServiceAway, match=because):
        with_service(act)


def test_the_pretend_service_stands_alone() -> None:
    """It runs in a container that does not hold the adapter."""
    for file in ("edi20", "office", "desk", "mishaps", "proof", "clients"):
        text = (Path(__file__).resolve().parents[1] / "docker" / "partners" / f"{file}.py").read_text("utf-8")
        assert "from adapter" not in text
        assert "import adapter" not in text
