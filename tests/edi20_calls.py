"""A client of the message service whose issuer and service are routes of respx, on a clock that stands still."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import respx
from joserfc.jwk import ECKey

from adapter.outside.calls import Calls
from adapter.outside.dpop import Proofs
from adapter.outside.edi20 import Edi20V2, Edi20V3
from adapter.outside.helseid import AccessTokens, Client

PARTNERS = str(Path(__file__).resolve().parents[1] / "docker" / "partners")
if PARTNERS not in sys.path:
    sys.path.append(PARTNERS)

ISSUER, SERVICE = "https://helseid-sts.nhn.no", "https://api.edi20.nhn.no"
ENDPOINT = f"{ISSUER}/connect/token"
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "ours"})
ID, OTHER = "0556bccf-ccf9-4597-9673-14cbd1a96d99", "680bb102-4541-4ca9-8210-07251b3206a3"
T = TypeVar("T")
Version = type[Edi20V3] | type[Edi20V2]


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def granting(seconds: int = 600) -> respx.Route:
    """The issuer always gives this token."""
    answer = {"access_token": "token-1", "token_type": "DPoP", "expires_in": seconds}
    return respx.post(ENDPOINT).respond(200, json=answer)


def tokens_of(http: httpx.AsyncClient, clock: Clock) -> tuple[AccessTokens, Proofs]:
    proofs = Proofs(clock)
    client = Client(ISSUER, ENDPOINT, "our-client", KEY, "nhn:edi20/api")
    return AccessTokens(client, proofs, http, clock, seconds=2.0), proofs


def with_tokens(act: Callable[[AccessTokens], Awaitable[T]], clock: Clock | None = None) -> T:
    async def run() -> T:
        async with httpx.AsyncClient() as http:
            return await act(tokens_of(http, clock or Clock())[0])

    return asyncio.run(run())


def with_service(
    act: Callable[[Any], Awaitable[T]], version: Version = Edi20V3, clock: Clock | None = None, **more: Any
) -> T:
    """What is done with a service that looks after 8900029 and 8900091; no wait between two tries takes time."""
    now = clock or Clock()

    async def at_once(_seconds: float) -> None:
        return None

    async def run() -> T:
        async with httpx.AsyncClient() as http:
            tokens, proofs = tokens_of(http, now)
            number = "3" if version is Edi20V3 else "2"
            more.setdefault("seconds", 2.0)
            headers = {"api-version": number, "nhn-source-system": "ip-adapter"}
            calls = Calls(SERVICE, headers, tokens, proofs, http, now, sleep=at_once, **more)
            return await act(version(calls, ("8900029", "8900091"), ("ip-adapter", "0.1"), 100_000))

    return asyncio.run(run())
