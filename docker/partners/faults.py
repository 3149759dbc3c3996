"""How a pretend partner misbehaves when told to: each kind is something a real partner has been seen to do."""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request, Response
from inbox import Mailbox, Message
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "application/fhir+json"


@dataclass(frozen=True)
class Fault:
    """`seconds`: how long `slow` and `half-open` keep a sender waiting that does not hang up before."""

    kind: str
    seconds: float


class Faults:
    """The answers that are still to go wrong, in order."""

    def __init__(self) -> None:
        self._next: deque[Fault] = deque()

    def add(self, kind: str, times: int, seconds: float) -> None:
        self._next.extend([Fault(kind, seconds)] * times)

    def take(self) -> Fault | None:
        return self._next.popleft() if self._next else None


class CutResponse(Response):
    """Promises a whole body, sends half of it, and lets the server close the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def misbehave(fault: Fault, message: Message, mailbox: Mailbox, request: Request) -> Response:
    """The answer that goes wrong. With `slow` and `cut` the message has arrived and only its answer is lost."""
    if fault.kind in _REFUSALS:
        return Response(mailbox.refuse(message, _REFUSALS[fault.kind]), media_type=MEDIA_TYPE)
    if fault.kind == "cut":
        return CutResponse(mailbox.take(message), media_type=MEDIA_TYPE)
    if fault.kind == "slow":
        answer = mailbox.take(message)
        await _left(request, fault.seconds)
        return Response(answer, media_type=MEDIA_TYPE)
    if fault.kind == "half-open":
        await _left(request, fault.seconds)
        return Response(status_code=503)
    return _INSTEAD[fault.kind]()


async def _left(request: Request, seconds: float) -> None:
    """Returns when the sender has hung up, or after so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass


def _receipt_of_another() -> Response:
    """OK, but to a message that was never sent here."""
    header = {
        "resourceType": "MessageHeader",
        "id": str(uuid.uuid4()),
        "response": {"identifier": str(uuid.uuid4()), "code": "ok"},
    }
    bundle = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}]}
    return Response(json.dumps(bundle), media_type=MEDIA_TYPE)


def _had_before() -> Response:
    """A repeat, it says, of what never came."""
    issue = {"severity": "error", "code": "duplicate"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Response(json.dumps(outcome), 409, media_type=MEDIA_TYPE)


_REFUSALS = {"transient": "transient-error", "reject": "fatal-error"}
_INSTEAD: dict[str, Callable[[], Response]] = {
    "down": lambda: Response("Service unavailable", 503, media_type="text/plain"),
    "nonsense": lambda: Response("<html>It works!</html>", media_type="text/html"),
    "redirect": lambda: Response(status_code=307, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    # These lie: nothing is kept of the message.
    "stranger": _receipt_of_another,
    "later": lambda: Response(status_code=202),
    "duplicate": _had_before,
}
KINDS = ("slow", "cut", "half-open", *_REFUSALS, *_INSTEAD)
"""`half-open`: takes the connection and the bytes, and never answers. `later`: 202, and then nothing."""
