"""What every pretend partner does: takes messages, keeps a journal, misbehaves when told, and calls the adapter.

Each partner is a program of its own that prints {"ready": true, "url": "http://127.0.0.1:…"} when it listens. It knows
the adapter by its address only, as a partner's system would.

    POST /fhir/$process-message   a FHIR message; answered with a response message, the same one for a repeat
    GET  /journal                 [{id, event, bundle, focus, need, received, repeated}] in order of arrival
    GET  /messages/{id}           a message as it came
    POST /fault                   {"kind": "down", "times": n}; the kinds: see faults.py
    POST /act                     {"do": …}: what a person at this partner does now
"""

import argparse
import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from faults import KINDS, MEDIA_TYPE, Faults, misbehave
from inbox import Mailbox, Message, NotAMessage
from pydantic import BaseModel, Field

_HERE = Path(__file__).resolve().parent
STORY = next(
    (folder for above in _HERE.parents if (folder := above / "fixtures" / "story").is_dir()),
    _HERE / "story",
)
"""What the partners say: a folder of their messages and updates."""

Act = Callable[[dict[str, Any]], dict[str, Any]]


class CannotAct(Exception):  # noqa: N818 - what was asked for cannot be done
    """There is no such act, or nothing it could be done to; the text says which."""


class Misbehaviour(BaseModel):
    """The body of POST /fault."""

    kind: Literal[*KINDS]
    times: int = Field(1, ge=1)
    seconds: float = Field(30.0, ge=0)


@dataclass(frozen=True)
class Adapter:
    """The adapter, called in the name of one organisation (its number) with tokens of one issuer."""

    address: str
    issuer: str
    organisation: str

    def call(
        self, method: str, path: str, body: bytes = b"", media_type: str = MEDIA_TYPE, **headers: str
    ) -> httpx.Response:
        """One request. `headers`: with _ for -. Raises httpx.HTTPError."""
        with httpx.Client(trust_env=False, timeout=30.0) as client:
            grant = {"grant_type": "client_credentials", "client_id": self.organisation}
            token = client.post(f"{self.issuer}/token", data=grant).raise_for_status().json()["access_token"]
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            if body:
                named["Content-Type"] = media_type
            return client.request(
                method,
                f"{self.address}{path}",
                content=body or None,
                headers={"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE, **named},
            )


def make_app(title: str, mailbox: Mailbox, act: Act) -> FastAPI:
    """The partner's HTTP side. `act` does what a person is told to do and says what came of it."""
    app = FastAPI(title=f"{title} (pretend, synthetic data only)")
    _take_messages(app, mailbox)

    @app.get("/journal")
    def journal() -> list[dict[str, Any]]:
        return mailbox.journal()

    @app.get("/messages/{id_}")
    def message_of(id_: str) -> Response:
        raw = mailbox.bytes_of(id_)
        return Response(raw, media_type=MEDIA_TYPE) if raw else Response(status_code=404)

    @app.post("/act")
    def acts(order: dict[str, Any]) -> dict[str, Any]:
        try:
            return act(order)
        except CannotAct as why:
            raise HTTPException(422, str(why)) from None
        except httpx.HTTPError as error:
            raise HTTPException(502, f"adapter or issuer: {type(error).__name__}") from None

    return app


def _take_messages(app: FastAPI, mailbox: Mailbox) -> None:
    faults = Faults()

    @app.post("/fhir/$process-message")
    async def process_message(request: Request) -> Response:
        try:
            message = Message.read(await request.body())
        except NotAMessage:
            raise HTTPException(400, "not a message") from None
        fault = faults.take()
        if fault:
            return await misbehave(fault, message, mailbox, request)
        return Response(mailbox.take(message), media_type=MEDIA_TYPE)

    @app.post("/fault")
    async def fault(given: Misbehaviour) -> dict[str, Any]:
        faults.add(given.kind, given.times, given.seconds)
        return given.model_dump()


def outcome_of(answer: httpx.Response) -> dict[str, Any]:
    """An answer of the adapter, for the one who told the partner to act."""
    return {
        "status": answer.status_code,
        "etag": answer.headers.get("ETag"),
        "media_type": answer.headers.get("Content-Type", "").partition(";")[0],
        "body": answer.text,
    }


class Announcing(uvicorn.Server):
    """Prints one line of JSON as soon as it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps({"ready": True, "url": self.url}) + "\n")
        sys.stdout.flush()


def arguments(description: str, organisation: str) -> argparse.Namespace:
    """host, port, adapter, issuer, organisation, story and journal, as given on the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--adapter", default="http://127.0.0.1:8080", help="address of the adapter")
    parser.add_argument("--issuer", default="http://127.0.0.1:8089", help="address of the issuer of tokens")
    parser.add_argument("--organisation", default=organisation, help="organisation number (synthetic)")
    parser.add_argument("--story", type=Path, default=STORY, help="folder with what the partner says")
    parser.add_argument("--journal", type=Path, help="file that gets a line of JSON for each arrival")
    return parser.parse_args()


def serve(given: argparse.Namespace, make: Callable[[str, Adapter], FastAPI]) -> None:
    """Run until stopped. `make` gets the address messages are taken at, and the adapter to call."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        url = f"http://{given.host}:{listener.getsockname()[1]}"
        adapter = Adapter(given.adapter.rstrip("/"), given.issuer.rstrip("/"), given.organisation)
        app = make(f"{url}/fhir/$process-message", adapter)
        # "critical": a connection cut on purpose is no error of this program.
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
        with suppress(KeyboardInterrupt):
            Announcing(config, url).run([listener])
