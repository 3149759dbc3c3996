"""A pretend hospital: sends what it is told to send, and takes what comes back. SYNTHETIC DATA ONLY.

python hospital.py --port 0 --adapter http://127.0.0.1:8080 --issuer http://127.0.0.1:8089 --organisation 999900011
POST /act {"do": "send", "file": "notification.xml"}     a file of the story folder, or any other path
POST /act {"do": "send", "inline": "<MsgHead …"}         the message itself
POST /act {"do": "read", "resource": "CarePlan/…"}       read a resource of a case it takes part in
"""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from inbox import Mailbox
from partner import Adapter, CannotAct, arguments, make_app, outcome_of, serve

_DOORS = {
    "xml": ("/edi/messages", "application/xml"),
    "json": ("/fhir/$process-message", "application/fhir+json"),
}


class Hospital:
    """What people at the hospital do. `story` is the folder of what it sends."""

    def __init__(self, adapter: Adapter, story: Path) -> None:
        self._adapter, self._story = adapter, story

    def act(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what is ordered, and say what the adapter answered. Raises CannotAct."""
        if order.get("do") == "send":
            return self._send(self._message(order))
        if order.get("do") == "read" and isinstance(order.get("resource"), str):
            return outcome_of(self._adapter.call("GET", f"/fhir/{order['resource']}"))
        raise CannotAct("a hospital can: send, read")

    def _message(self, order: dict[str, Any]) -> bytes:
        if isinstance(order.get("inline"), str):
            return str(order["inline"]).encode()
        path = self._story / str(order.get("file", "notification.xml"))
        if not path.is_file():
            raise CannotAct("no such file")
        return path.read_bytes()

    def _send(self, raw: bytes) -> dict[str, Any]:
        path, media_type = _DOORS["xml" if raw.lstrip()[:1] == b"<" else "json"]
        answer = self._adapter.call("POST", path, raw, media_type, Accept=media_type)
        return outcome_of(answer)


def main() -> None:
    given = arguments("Pretend hospital: synthetic data only.", "999900011")

    def make(endpoint: str, adapter: Adapter) -> FastAPI:
        return make_app("Hospital", Mailbox(endpoint, given.journal), Hospital(adapter, given.story).act)

    serve(given, make)


if __name__ == "__main__":
    main()
