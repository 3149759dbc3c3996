"""The adapter over HTTP inside the test's own process: real routes, a real SQLite file, tokens really signed."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import structlog
from cases import empty_database
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapter.api.logging import configure
from adapter.api.places import Limits
from adapter.api.service import make_app
from adapter.api.watch import Watch
from adapter.domain.case import Version
from adapter.domain.condition import Bounds, Measured
from adapter.domain.exchange import Schedule
from adapter.flows.parts import Parts
from adapter.mapping import partners, routes, tables
from adapter.outside.identity import Identity
from adapter.outside.store import Database, open_store
from adapter.ports import IssuerUnreachable, Store

ROOT = Path(__file__).resolve().parents[1]
BASE, ADDRESS = "https://ip-adapter.example/fhir", "https://adapter.example/fhir"
ISSUER = "https://issuer.example"
NOW = datetime(2026, 3, 10, 9, 5, 30, tzinfo=UTC)
HOSPITAL, MUNICIPALITY, OTHER_HOSPITAL = "999900011", "999900022", "999900033"
MESSAGES, READ, WRITE = "ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write"
NEW_ID = "5b1e7c7a-7d0b-4c3e-8a4f-9c2d7e6f1a0b"
FHIR, XML = {"Content-Type": "application/fhir+json"}, {"Content-Type": "application/xml"}


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


def token(organisation: str = HOSPITAL, *scopes: str) -> dict[str, str]:
    """An Authorization header of that organisation; without scopes it has all of them."""
    seconds = int(NOW.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "ip-adapter",
        "nbf": seconds,
        "exp": seconds + 600,
        "scope": list(scopes or (MESSAGES, READ, WRITE)),
        "helseid://claims/client/claims/orgnr_parent": organisation,
    }
    head = {"alg": "RS256", "typ": "at+jwt", "kid": _key().kid}
    return {"Authorization": "Bearer " + jwt.encode(head, claims, _key(), algorithms=["RS256"])}


def published(address: str) -> bytes:
    """What the issuer publishes."""
    if address.endswith("/jwks"):
        return json.dumps({"keys": [_key().as_dict(private=False)]}).encode()
    return json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}).encode()


def nobody_answers(address: str) -> bytes:
    raise IssuerUnreachable


@dataclass
class Api:
    """An app on a database."""

    parts: Parts
    app: FastAPI
    watch: Watch

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; a generator as `content` is sent in chunks, without a stated length."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://adapter") as client:
                return await client.request(method, path, **request)

        return asyncio.run(asked())

    def message(self, content: Any, **headers: str) -> httpx.Response:
        """A FHIR message from the hospital."""
        body = json.dumps(content).encode() if isinstance(content, dict) else content
        return self("POST", "/fhir/$process-message", content=body, headers=token() | FHIR | headers)

    def edi(self, content: Any, **headers: str) -> httpx.Response:
        """A Hodemelding from the hospital."""
        return self("POST", "/edi/messages", content=content, headers=token() | XML | headers)

    def look(self) -> None:
        """Measure once, as the process does every second."""
        asyncio.run(self.watch.look())

    def read(self, path: str, organisation: str = MUNICIPALITY) -> httpx.Response:
        return self("GET", f"/fhir/{path}", headers=token(organisation))

    def put(self, resource: Mapping[str, Any], organisation: str = MUNICIPALITY, **headers: str) -> Any:
        path = f"/fhir/{resource['resourceType']}/{resource['id']}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self("PUT", path, content=json.dumps(resource), headers=token(organisation) | FHIR | named)


@cache
def _tables() -> tables.Tables:
    return tables.load(ROOT / "mappings", BASE)


def make_parts(store: Store, **changed: Any) -> Parts:
    """Parts on the project's own tables, at one moment."""
    mappings = ROOT / "mappings"
    parts = Parts(
        store=store,
        tables=_tables(),
        partners=partners.load(mappings / "partners.yaml", synthetic=True),
        directory=routes.load(mappings / "routes"),
        clock=lambda: NOW,
        schedule=Schedule((timedelta(seconds=5),), timedelta(hours=72)),
        environment="test",
        base=BASE,
        address=ADDRESS,
        home="999900099",
        secret=b"synthetic-persons-only",
        max_bytes=200_000,
        max_depth=60,
        version="0.0",
    )
    return replace(parts, **changed)


def open_database(folder: Path) -> Database:
    """A migrated SQLite file that waits only a moment for a lock."""
    return open_store(f"sqlite:///{empty_database(folder / 'adapter.db')}", patience=0.05)


def api_on(
    store: Store,
    measure: Any = Measured,
    fetch: Any = published,
    limits: Limits | None = None,
    maintenance: bool = False,
    **changed: Any,
) -> Api:
    """An app on a store, with keys that come from `fetch`, in the condition that `measure` finds."""
    parts = make_parts(store, **changed)
    identity = Identity(ISSUER, "ip-adapter", lambda: NOW, fetch)
    watch = Watch(measure, Bounds(1_000_000, 10), maintenance=maintenance)
    return Api(parts, make_app(parts, identity, watch, limits, new_id=lambda: NEW_ID), watch)


def versions_of(api: Api, task: str) -> Sequence[Version]:
    """The current versions of the case that a Task ("Task/id") handles."""
    with api.parts.store.transaction() as tx:
        current = tx.current(*task.split("/"))
        assert current is not None
        return tx.of_case(current.case_id)


def task_of(answer: httpx.Response) -> str:
    """The Task ("Task/id") that the answer to a FHIR message points to."""
    header = answer.json()["entry"][0]["resource"]
    return "/".join(header["focus"][0]["reference"].split("/")[-2:])


def problems(answer: httpx.Response) -> list[str]:
    """The problems an answer names, in whichever form it has."""
    body = answer.json()
    if "problems" in body:
        return [problem["name"] for problem in body["problems"]]
    held = [body, *(entry["resource"] for entry in body.get("entry", ()))]
    return [issue["details"]["coding"][0]["code"] for r in held for issue in r.get("issue", ())]


async def chunks(content: bytes, size: int = 100) -> AsyncIterator[bytes]:
    """A body that comes in pieces and without a length, as HTTP's chunked transfer brings it."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def without_end() -> AsyncIterator[bytes]:
    """A body that never ends; whoever reads on long after it is too large fails."""
    for _ in range(100):
        yield b" " * 10_000
    raise AssertionError("read on without bound")


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What is logged meanwhile, as `serve` sets it up."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    root.handlers = []
    configure(stream)
    try:
        yield stream
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()
