"""A partner as fast as one can be: answers every FHIR message with a valid response message, and keeps a journal.

Nothing of a message is parsed but the ids at its head: the answer takes a few microseconds.

    GET /count    {"letters": all, "known": different ids}
    GET /journal  the ids in the order in which they came
"""

import argparse
import json
import re
import uuid
from typing import Any

from tests.bench.floors.serving import answered, body_of, serve

_ID = re.compile(rb'"resourceType":\s*"MessageHeader",\s*"id":\s*"([0-9a-f-]{36})"')
_EVENT = re.compile(rb'"eventCoding":\s*(\{[^}]*\})')
_ANSWER = (
    b'{"resourceType":"Bundle","id":"%s","type":"message","timestamp":"2026-03-10T09:05:30Z","entry":[{"fullUrl":'
    b'"urn:uuid:%s","resource":{"resourceType":"MessageHeader","id":"%s","eventCoding":%s,'
    b'"source":{"endpoint":"http://127.0.0.1/fhir"},"response":{"identifier":"%s","code":"ok"}}}]}'
)


class Receiver:
    """An ASGI application."""

    def __init__(self) -> None:
        self._journal: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = await body_of(receive)
        if scope["method"] == "GET":
            await answered(send, 200, json.dumps(self._told(scope["path"])).encode())
            return
        found, event = _ID.search(body), _EVENT.search(body)
        if not (found and event):
            await answered(send, 400, b"{}")
            return
        id_ = found.group(1)
        self._journal.append(id_)
        own = str(uuid.UUID(int=len(self._journal))).encode()
        answer = _ANSWER % (own, own, own, event.group(1), id_)
        await answered(send, 200, answer, b"application/fhir+json")

    def _told(self, path: str) -> Any:
        if path == "/journal":
            return [id_.decode() for id_ in self._journal]
        return {"letters": len(self._journal), "known": len(set(self._journal))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    serve(Receiver(), parser.parse_args().port)
