"""Partners on sockets of their own: they take messages, keep a journal, and fail when the day wants it.

The issuer of tokens stands beside them: it signs for any organisation, on the simulated clock.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from .clock import SharedClock
from .letters import Organisation, named

LIFETIME = 600
"""Seconds a token holds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a partner took it. `focus` and `ids` name resources; `need` is the sender's UUID of the need."""

    at: datetime
    id: str
    event: str
    need: str
    focus: str
    ids: dict[str, str]
    repeated: bool


@dataclass(slots=True)
class Partner:
    """One organisation that takes messages. `refuse`: how many it answers with fatal-error; `slow` in real seconds."""

    organisation: Organisation
    clock: SharedClock
    told: Callable[["Partner", Arrival], None]
    journal: list[Arrival] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    slow: float = 0.0
    refuse: int = 0
    port: int = 0
    _seen: set[str] = field(default_factory=set)
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen, on the port it had before if it had one."""
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/fhir/$process-message", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """No socket listens any more: whoever calls is refused by the machine."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        bundle = json.loads(await request.read())
        header, *resources = [entry["resource"] for entry in bundle["entry"]]
        if self.refuse and header["eventCoding"]["code"] == "need-notified":
            self.refuse -= 1
            self.refused.append(header["id"])
            return _answer(header, "fatal-error", 422)
        arrival = self._arrival(header, resources)
        self.journal.append(arrival)
        if not arrival.repeated:
            self._seen.add(arrival.id)
            self.told(self, arrival)
        if self.slow:
            await asyncio.sleep(self.slow)
        return _answer(header, "ok", 200)

    def _arrival(self, header: dict[str, Any], resources: list[dict[str, Any]]) -> Arrival:
        ids = {resource["resourceType"]: resource["id"] for resource in resources}
        return Arrival(
            at=self.clock(),
            id=header["id"],
            event=header["eventCoding"]["code"],
            need=next(_needs(resources), ""),
            focus="/".join(header["focus"][0]["reference"].split("/")[-2:]),
            ids=ids,
            repeated=header["id"] in self._seen,
        )


def _needs(resources: list[dict[str, Any]]) -> Iterator[str]:
    for resource in resources:
        if resource["resourceType"] == "ServiceRequest":
            for identifier in resource.get("identifier", ()):
                if identifier.get("value", "").startswith("urn:uuid:"):
                    yield identifier["value"].removeprefix("urn:uuid:")


def _answer(header: dict[str, Any], code: str, status: int) -> web.Response:
    said = {
        "resourceType": "MessageHeader",
        "id": named("response", header["id"], code),
        "eventCoding": header["eventCoding"],
        "source": {"endpoint": "https://partner.example/fhir"},
        "response": {"identifier": header["id"], "code": code},
    }
    entry = {"fullUrl": f"urn:uuid:{said['id']}", "resource": said}
    bundle = {
        "resourceType": "Bundle",
        "id": named("envelope", said["id"]),
        "type": "message",
        "entry": [entry],
    }
    return web.json_response(bundle, status=status, content_type="application/fhir+json")


class Issuer:
    """A pretend issuer of tokens. `url` is its name once it is open."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self._given: dict[str, tuple[float, str]] = {}
        self.url = ""

    async def open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    def header(self, organisation: str) -> str:
        """An Authorization header; one token serves until shortly before it ends."""
        now = self._clock().timestamp()
        until, token = self._given.get(organisation, (0.0, ""))
        if now > until - 120:
            until = now + LIFETIME
            claims = {
                "iss": self.url,
                "aud": "ip-adapter",
                "nbf": int(now),
                "exp": int(until),
                "scope": ["ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write"],
                "helseid://claims/client/claims/orgnr_parent": organisation,
            }
            head = {"alg": "RS256", "typ": "at+jwt", "kid": self._key.kid}
            token = jwt.encode(head, claims, self._key, algorithms=["RS256"])
            self._given[organisation] = until, token
        return f"Bearer {token}"

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/jwks"})

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [self._key.as_dict(private=False)]})
