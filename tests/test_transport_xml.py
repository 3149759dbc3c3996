"""A Hodemelding on its way to a partner, and what each kind of answer means: AppRec at once, or to come."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import respx
from partner_sockets import MESSAGE, NOW, READERS, Partner, at_once, once, saying, whole
from test_apprec_read import receipt

from adapter.domain.delivery import Letter, Receipt
from adapter.domain.exchange import because, conclude
from adapter.mapping.tables import load
from adapter.outside.transport import HttpTransport
from adapter.settings import carried

PARTNER = "https://kommune.example/edi/messages"
ABOUT = f"<OriginalMsgId><Id>{MESSAGE}</Id></OriginalMsgId>"
OK = receipt(status='<Status V="1"/>', errors="", original=ABOUT)
OK_BUT = receipt(status='<Status V="1"/>', original=ABOUT)
NO = receipt(status='<Status V="2"/>', original=ABOUT)
PARTLY = receipt(original=ABOUT)
OF_ANOTHER = receipt(status='<Status V="1"/>')
MORE_THAN_IS_READ = b"<AppRec>" + b" " * 1_000_001
RULES = load(carried("mappings"), "https://ip-adapter.example/fhir").answers


def posted(status: int, body: bytes) -> Receipt:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    under = httpx.MockTransport(lambda _: httpx.Response(status, content=stream()))
    transport = HttpTransport({PARTNER}, READERS, lambda: NOW, connect=lambda: under, sleep=at_once)
    return asyncio.run(transport.post(Letter("edi", PARTNER, MESSAGE, b"<MsgHead/>", "DIALOG_HELSEFAGLIG")))


@respx.mock
def test_xml_goes_out_unchanged_as_xml() -> None:
    route = respx.post(PARTNER).respond(200, content=OK)
    transport = HttpTransport({PARTNER}, READERS, lambda: NOW, connect=httpx.AsyncHTTPTransport)
    letter = Letter("edi", PARTNER, MESSAGE, "<MsgHead>å</MsgHead>".encode())
    assert asyncio.run(transport.post(letter)) == Receipt("answered", 200, "apprec-ok")
    sent = route.calls.last.request
    assert sent.content == letter.body
    assert sent.headers["Content-Type"] == sent.headers["Accept"] == "application/xml"
    assert sent.headers["X-Request-ID"] == MESSAGE


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, OK, Receipt("answered", 200, "apprec-ok")),
        (200, OK_BUT, Receipt("answered", 200, "apprec-partly", codes="07,16")),
        (200, NO, Receipt("answered", 200, "apprec-rejected", codes="07,16")),
        (422, NO, Receipt("answered", 422, "apprec-rejected", codes="07,16")),
        (200, PARTLY, Receipt("answered", 200, "apprec-partly", codes="07,16")),
        (202, NO, Receipt("answered", 202, "apprec-rejected", codes="07,16")),
        (200, b"", Receipt("carried", 200, "nothing")),
        (202, b"", Receipt("carried", 202, "nothing")),
        (204, b"", Receipt("carried", 204, "nothing")),
        (202, b'{"id": 7}', Receipt("carried", 202, "nonsense")),
        (200, OF_ANOTHER, Receipt("answered", 200, "nonsense")),
        (200, b"<html/>", Receipt("answered", 200, "nonsense")),
        (200, MORE_THAN_IS_READ, Receipt("answered", 200, "nonsense")),
        (200, b"<!DOCTYPE AppRec>" + OK, Receipt("answered", 200, "nonsense")),
        (500, b"", Receipt("answered", 500, "nothing")),
        (404, b"<html/>", Receipt("answered", 404, "nonsense")),
        (302, b"", Receipt("redirected", 302)),
    ],
)
def test_what_an_answer_to_xml_says(status: int, body: bytes, expected: Receipt) -> None:
    assert posted(status, body) == expected


@pytest.mark.parametrize(
    ("status", "body", "receipts", "conclusion", "why"),
    [
        (200, OK, True, "accepted", "confirmed"),
        (200, OK_BUT, True, "rejected", "partly-rejected:07,16"),
        (422, NO, True, "rejected", "rejected-by-recipient:07,16"),
        (200, PARTLY, True, "rejected", "partly-rejected:07,16"),
        (202, b"", True, "awaiting", "receipt-to-come"),
        (202, b"", False, "accepted", "carried"),
        (200, b"<html/>", True, "later", "not-confirmed"),
        (200, b"<html/>", False, "later", "not-confirmed"),
        (200, NO, False, "rejected", "rejected-by-recipient:07,16"),
        (503, b"", True, "later", "recipient-fails"),
        (404, b"", True, "rejected", "rejected-by-recipient"),
    ],
)
def test_what_is_concluded_from_it(
    status: int, body: bytes, receipts: bool, conclusion: str, why: str
) -> None:
    """Of a partner that answers with AppRec, and of one that never does."""
    said = posted(status, body)
    rule = conclude(RULES, said, receipts=receipts)
    assert (rule.conclusion, because(rule, said)) == (conclusion, why)


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (saying(whole(OK)), Receipt("answered", 200, "apprec-ok")),
        (saying(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"), Receipt("carried", 202)),
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), Receipt("carried", 204)),
        (saying(whole(OK)[:-40]), Receipt("cut-off")),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"), Receipt("cut-off")),
    ],
    ids=["apprec", "202", "204", "half an apprec", "head only"],
)
def test_over_a_real_connection_only_a_whole_answer_counts(behave: Partner, expected: Receipt) -> None:
    assert asyncio.run(once(behave, channel="edi", timeout=5)) == expected
