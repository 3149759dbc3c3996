"""What is sent to a partner, and what each kind of answer means, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from partner_sockets import BODY, MESSAGE, NOW, READERS, at_once

from adapter.domain.delivery import Letter, Receipt
from adapter.outside.reading import retry_after
from adapter.outside.transport import HttpTransport

PARTNER = "https://partner.nhn.no/fhir/$process-message"
DUPLICATE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate"}]}


def answering(
    answer: Callable[[httpx.Request], httpx.Response] | httpx.Response, **more: Any
) -> HttpTransport:
    answers = answer if callable(answer) else lambda _request: answer
    under = httpx.MockTransport(answers)
    return HttpTransport({PARTNER}, READERS, lambda: NOW, connect=lambda: under, sleep=at_once, **more)


def saying(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    return httpx.Response(status, headers=headers, content=stream())


def posted(transport: HttpTransport, address: str = PARTNER) -> Receipt:
    return asyncio.run(transport.post(Letter("fhir", address, MESSAGE, BODY)))


@respx.mock
def test_the_message_goes_out_unchanged_with_its_id_and_type() -> None:
    route = respx.post(PARTNER).respond(200, content=b"ok to " + MESSAGE.encode())
    transport = HttpTransport({PARTNER}, READERS, lambda: NOW, connect=httpx.AsyncHTTPTransport)
    assert posted(transport) == Receipt("answered", 200, "ok")
    sent = route.calls.last.request
    assert sent.content == BODY
    assert sent.headers["X-Request-ID"] == MESSAGE
    assert sent.headers["Accept-Encoding"] == "identity"
    assert sent.headers["Content-Type"] == sent.headers["Accept"] == "application/fhir+json"


def test_an_address_outside_the_partner_table_is_never_called() -> None:
    def called(_request: httpx.Request) -> httpx.Response:
        raise AssertionError

    for address in (PARTNER + "/", PARTNER.upper(), "http://169.254.169.254/", ""):
        assert posted(answering(called), address) == Receipt("not-allowed")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"", "nothing"),
        (202, b"ok to " + MESSAGE.encode(), "ok"),
        (500, b"<html>", "nonsense"),
        (409, json.dumps(DUPLICATE).encode(), "duplicate"),
        (425, json.dumps(DUPLICATE).encode(), "nonsense"),
        (409, json.dumps({**DUPLICATE, "resourceType": "Bundle"}).encode(), "nonsense"),
        (409, json.dumps({**DUPLICATE, "issue": [{"code": "conflict"}]}).encode(), "nonsense"),
        (409, json.dumps({**DUPLICATE, "issue": "duplicate"}).encode(), "nonsense"),
        (409, json.dumps({**DUPLICATE, "issue": ["duplicate"]}).encode(), "nonsense"),
        (409, b"[" * 100_000, "nonsense"),
        (409, b"duplicate", "nonsense"),
    ],
)
def test_only_a_409_with_issue_code_duplicate_means_delivered_before(
    status: int, body: bytes, said: str
) -> None:
    assert posted(answering(saying(status, body))) == Receipt("answered", status, said)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_reported_and_not_followed(status: int) -> None:
    called = []

    def redirect(asked: httpx.Request) -> httpx.Response:
        called.append(asked.url)
        return httpx.Response(status, headers={"Location": PARTNER})

    assert posted(answering(redirect)) == Receipt("redirected", status)
    assert len(called) == 1


@pytest.mark.parametrize(
    ("error", "transport", "calls"),
    [
        (httpx.ConnectError("refused"), "unreachable", 3),
        (httpx.ConnectTimeout("slow"), "unreachable", 3),
        (httpx.ReadTimeout("slow"), "timed-out", 1),
        (httpx.ReadError("closed"), "cut-off", 1),
        (httpx.RemoteProtocolError("nonsense"), "cut-off", 1),
    ],
)
def test_only_what_cannot_have_reached_the_partner_is_repeated(
    error: Exception, transport: str, calls: int
) -> None:
    tried = []

    def fail(asked: httpx.Request) -> httpx.Response:
        tried.append(asked.headers["X-Request-ID"])
        raise error

    assert posted(answering(fail)) == Receipt(transport)
    assert tried == [MESSAGE] * calls


def test_a_connection_that_succeeds_at_the_second_attempt_delivers() -> None:
    outcomes = iter([httpx.ConnectError("refused"), saying(200)])

    def answer(_request: httpx.Request) -> httpx.Response:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert posted(answering(answer)) == Receipt("answered", 200, "nothing")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("086400", 86_400),
        ("86401", 86_400),
        ("9" * 6000, 86_400),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 86_400),
        ("Monday, 02-Mar-26 12:01:00 GMT", 60),
        ("Mon Mar  2 12:01:00 2026", 60),
        (None, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 02 Mar 2026 12:01:00 +9999999999999999", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date_and_never_exceeds_a_day(
    header: str | None, seconds: int | None
) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_within_a_day_or_nothing(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= 86_400


def test_a_partner_that_asks_for_time_gets_it() -> None:
    receipt = posted(answering(saying(503, **{"Retry-After": "7"})))
    assert receipt == Receipt("answered", 503, "nothing", 7)
