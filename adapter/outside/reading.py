"""What a partner's answer over HTTP says, bounded in size and never trusted further than that."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from adapter.domain.delivery import Letter, Receipt

MAX_ANSWER = 1_000_000
LONGEST_RETRY_AFTER = 86_400

ReadResponse = Callable[[bytes, str], str]
"""What an answer's body says to the message with this id: a FHIR response code, "nothing" or "nonsense"."""
ReadReceipt = Callable[[bytes, str], tuple[str, str]]
"""The same of an AppRec, and its error codes, apart by commas."""


@dataclass(frozen=True, slots=True)
class Readers:
    """One for each form of answer."""

    response: ReadResponse
    receipt: ReadReceipt


async def read_answer(answer: httpx.Response, letter: Letter, readers: Readers, now: datetime) -> Receipt:
    """What came, read to its end or to the largest size."""
    status, body = answer.status_code, await _limited(answer)
    wait = retry_after(answer.headers.get("Retry-After"), now)
    if letter.channel == "edi":
        return _of_xml(status, body, letter, readers, wait)
    return Receipt("answered", status, _of_fhir(status, body, letter, readers), wait)


def _of_fhir(status: int, body: bytes | None, letter: Letter, readers: Readers) -> str:
    if body is None:
        return "nonsense"
    if not body:
        return "nothing"
    if status == 409 and _says_duplicate(body):
        return "duplicate"
    return readers.response(body, letter.message_id)


def _of_xml(status: int, body: bytes | None, letter: Letter, readers: Readers, wait: int | None) -> Receipt:
    """An AppRec at once, or that the message is taken and its AppRec to come: 202, or a good answer without a body."""
    said, codes = "nothing", ""
    if body != b"":
        said, codes = readers.receipt(body, letter.message_id) if body else ("nonsense", "")
    taken = status == 202 or (200 <= status < 300 and said == "nothing")
    transport = "carried" if taken and said in ("nothing", "nonsense") else "answered"
    return Receipt(transport, status, said, wait, codes=codes)


def retry_after(header: str | None, now: datetime) -> int | None:
    """Seconds to wait, 0 to a day, from a Retry-After header (RFC 9110 § 10.2.3); None if it says nothing."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        digits = text.lstrip("0") or "0"
        return LONGEST_RETRY_AFTER if len(digits) > 5 else min(int(digits), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
        seconds = ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0, min(int(seconds), LONGEST_RETRY_AFTER))


async def _limited(answer: httpx.Response) -> bytes | None:
    """The body as it came, never decompressed; None if it is longer than we read."""
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER:
            return None
    return bytes(body)


def _says_duplicate(body: bytes) -> bool:
    """An OperationOutcome with issue.code `duplicate`: the partner has had this message before (NHS BaRS)."""
    try:
        outcome = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return False
    issues = outcome.get("issue")
    codes = [i.get("code") for i in issues if isinstance(i, dict)] if isinstance(issues, list) else []
    return "duplicate" in codes
