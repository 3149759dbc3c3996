"""While the issuer of tokens is slow or hangs: who brings an unknown key waits for nobody, and holds up nobody."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import test_identity as tokens
from api_client import ISSUER as OUR_ISSUER
from api_client import NOW, READ, make_parts, open_database, problems, published, token

from adapter.api.access import CHECKING_THREADS
from adapter.api.places import Limits
from adapter.api.service import make_app
from adapter.api.watch import Watch
from adapter.domain.condition import Bounds, Measured
from adapter.outside.identity import Identity
from adapter.outside.store import Database
from adapter.ports import IssuerUnreachable


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


class Hanging:
    """An issuer that answers until it is told to hang, and again when it is let go."""

    def __init__(self) -> None:
        self.hangs, self.asked, self.go = False, threading.Semaphore(0), threading.Event()
        self.now = NOW

    def fetch(self, address: str) -> bytes:
        if self.hangs:
            self.asked.release()
            assert self.go.wait(30)
        return published(address)


def unknown(number: int) -> dict[str, str]:
    """A token by a key that nobody has published."""
    return {"Authorization": "Bearer " + tokens.token(head={"kid": f"unknown-{number}"})}


def test_flows_go_on_and_tokens_are_checked_while_the_issuer_hangs(store: Database) -> None:
    """One flow at a time here, and more strangers than there are threads for all checks and flows together."""
    issuer = Hanging()
    identity = Identity(OUR_ISSUER, "ip-adapter", lambda: issuer.now, issuer.fetch)
    watch = Watch(Measured, Bounds(1_000_000, 10))
    app = make_app(make_parts(store), identity, watch, Limits(threads=1))
    path, known, fresh = "/fhir/Task/x", token(), token("999900022", READ)

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://adapter") as client:
            before = await client.get(path, headers=known)
            issuer.hangs, issuer.now = True, NOW + timedelta(seconds=61)
            first = asyncio.create_task(client.get(path, headers=unknown(0)))
            await asyncio.to_thread(issuer.asked.acquire)
            try:
                strangers = [client.get(path, headers=unknown(n)) for n in range(1, CHECKING_THREADS + 3)]
                known_and_fresh = [client.get(path, headers=one) for one in (known, fresh)]
                answers = await asyncio.wait_for(asyncio.gather(*known_and_fresh, *strangers), 10)
            finally:
                issuer.go.set()
            return [before, *answers, await first]

    before, still_known, fresh_one, *strangers, asking = asyncio.run(run())
    assert [one.status_code for one in (before, still_known, fresh_one)] == [404, 404, 404]
    assert {(one.status_code, *problems(one)) for one in strangers} == {(503, "issuer-unreachable")}
    assert (asking.status_code, problems(asking)) == (401, ["token-refused"])


def test_a_token_of_a_key_that_is_being_asked_for_is_told_to_come_again_and_is_then_let_in() -> None:
    """Not refused: the key may be the one that is on its way."""
    issuer = tokens.Issuer()
    rotated = "Bearer " + tokens.token("second", {"kid": "second"}, exp=tokens.SECONDS + 600)
    meanwhile: list[Any] = []

    def fetch(address: str) -> bytes:
        if issuer.asked and not meanwhile:
            meanwhile.append(None)
            other = ThreadPoolExecutor(1)
            meanwhile[0] = other.submit(identity.caller, rotated).exception(10)
        return issuer.fetch(address)

    identity = Identity(tokens.ISSUER, "ip-adapter", lambda: issuer.now, fetch)
    identity.caller("Bearer " + tokens.token())
    issuer.keys, issuer.now = [tokens.jwk("second")], tokens.NOW + timedelta(seconds=61)
    assert identity.caller(rotated) == identity.known(rotated)
    assert isinstance(meanwhile[0], IssuerUnreachable)
