"""Bounded before memory or disk run out: what is too much is refused in the caller's own form, with Retry-After."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_client import FHIR, HOSPITAL, MUNICIPALITY, XML, api_on, open_database, problems, task_of, token
from api_messages import HODEMELDING, need
from hypothesis import given
from hypothesis import strategies as st

from adapter.api.places import Limits, Places
from adapter.api.threads import LARGE_BYTES, Threads
from adapter.domain.condition import AWAY, Measured
from adapter.domain.problems import Refused
from adapter.outside.store import Database

FULL = Measured(open_by_place={"head": 11})
EVERY_ADDRESS = [
    ("POST", "/fhir/$process-message", FHIR, json.dumps(need()).encode()),
    ("POST", "/edi/messages", XML, HODEMELDING.encode()),
    ("PUT", "/fhir/Task/x", FHIR, b"{}"),
    ("GET", "/fhir/Task/x", {}, b""),
    ("GET", "/fhir/Task/x/_history/1", {}, b""),
]
OPEN = ["/fhir/metadata", "/health/live", "/metrics"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


class Held:
    """A store whose transactions wait until they are let go."""

    def __init__(self, store: Database) -> None:
        self._store, self.go, self.inside = store, threading.Event(), threading.Semaphore(0)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self.inside.release()
        assert self.go.wait(30)
        with self._store.transaction() as tx:
            yield tx


def while_held(store: Database, limits: Limits, holders: list[str], caller: str) -> list[httpx.Response]:
    """Answers while one read of each of the `holders` (organisation numbers) is in hand.

    First the caller's, then those of the open addresses, last the caller's again when nothing is in hand any more.
    """
    held = Held(store)
    api = api_on(held, limits=limits)  # type: ignore[arg-type]
    path = "/fhir/Task/x"

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://adapter") as client:
            waiting = [asyncio.create_task(client.get(path, headers=token(holder))) for holder in holders]
            for _ in waiting:
                await asyncio.to_thread(held.inside.acquire)
            answers = [await client.get(path, headers=token(caller))]
            answers += [await client.get(address) for address in OPEN]
            held.go.set()
            assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {404}
            return [*answers, await client.get(path, headers=token(caller))]

    return asyncio.run(run())


def test_a_full_process_refuses_everybody_with_503_and_goes_on_when_there_is_room(store: Database) -> None:
    limits = Limits(requests=2, share=1.0)
    refused, *others, after = while_held(store, limits, [HOSPITAL, HOSPITAL], MUNICIPALITY)
    assert (refused.status_code, problems(refused)) == (503, ["overloaded"])
    assert int(refused.headers["retry-after"]) > 0
    assert [answer.status_code for answer in others] == [200] * len(OPEN)
    assert after.status_code == 404


def test_one_sender_cannot_take_every_place_from_the_others(store: Database) -> None:
    limits = Limits(requests=5, share=0.4)
    greedy, *_ = while_held(store, limits, [HOSPITAL, HOSPITAL, MUNICIPALITY], HOSPITAL)
    assert (greedy.status_code, problems(greedy)) == (429, ["too-many-requests"])
    assert int(greedy.headers["retry-after"]) > 0


@pytest.mark.parametrize(("method", "path", "headers", "content"), EVERY_ADDRESS)
@pytest.mark.parametrize(
    ("measured", "problem"), [(AWAY, "store-busy"), (Measured(writable=False), "read-only")]
)
def test_without_a_database_to_write_nothing_is_taken_and_nothing_shown_unlogged(
    store: Database, method: str, path: str, headers: Any, content: bytes, measured: Measured, problem: str
) -> None:
    api = api_on(store, measure=lambda: measured)
    api.look()
    answer = api(method, path, content=content, headers=headers | token())
    assert (answer.status_code, problems(answer)) == (503, [problem])
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"].startswith(
        "application/problem+json" if path.startswith("/edi") else "application/fhir+json"
    )
    assert [api("GET", address).status_code for address in OPEN] == [200] * len(OPEN)


@pytest.mark.parametrize(("method", "path", "headers", "content"), EVERY_ADDRESS)
def test_maintenance_leaves_reading(
    store: Database, method: str, path: str, headers: Any, content: bytes
) -> None:
    api = api_on(store, measure=Measured, maintenance=True)
    api.look()
    answer = api(method, path, content=content, headers=headers | token())
    expected = (404, ["not-found"]) if method == "GET" else (503, ["maintenance"])
    assert (answer.status_code, problems(answer)) == expected


@pytest.mark.parametrize(
    ("narrow", "problem"), [(FULL, "backlog-full"), (Measured(free_bytes=1), "disk-low")]
)
def test_where_it_is_narrow_new_needs_wait_at_both_doors_and_all_else_gets_in(
    store: Database, narrow: Measured, problem: str
) -> None:
    """A repeat gets its answer and a known need its correction: neither brings more to carry."""
    measured = [Measured()]
    api = api_on(store, measure=lambda: measured[0])
    first = api.message(need())
    task = api.read(task_of(first)).json()
    measured[0] = narrow
    api.look()
    assert api.message(need()).content == first.content
    known = need(
        letter="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c015", envelope="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c016"
    )
    assert api.message(known).status_code == 200
    other = need(
        letter="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c011", envelope="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c012"
    )
    request = next(e["resource"] for e in other["entry"] if e["resource"]["resourceType"] == "ServiceRequest")
    request["identifier"][0]["value"] = "urn:uuid:5c1d7f0e-2f4c-4b7c-8a53-0d6f0f1c9a11"
    for answer in (api.message(other), api.edi(HODEMELDING.encode())):
        assert (answer.status_code, problems(answer)) == (503, [problem])
        assert int(answer.headers["retry-after"]) > 0
    taken = {k: v for k, v in task.items() if k != "businessStatus"} | {"status": "received"}
    assert api.put(taken, If_Match='W/"1"').status_code == 200
    assert api.message({"resourceType": "Bundle"}).status_code == 422
    cancelled = need(
        letter="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c013",
        envelope="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c014",
        event="need-cancelled",
    )
    assert api.message(cancelled).status_code == 200
    measured[0] = Measured()
    api.look()
    assert api.edi(HODEMELDING.encode()).status_code == 200


def test_a_body_that_does_not_arrive_in_time_is_refused(store: Database) -> None:
    api = api_on(store, limits=Limits(body_seconds=0.01))

    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = api("PUT", "/fhir/Task/x", content=stalled(), headers=FHIR | token())
    assert (answer.status_code, problems(answer)) == (408, ["body-too-slow"])


async def unread() -> AsyncIterator[bytes]:
    """A body that nobody may ask for."""
    raise AssertionError("the body was read")
    yield b""


@pytest.mark.parametrize("stated", [{"Content-Length": "150000"}, {}])
def test_a_large_body_counts_by_its_size_before_it_is_read(store: Database, stated: dict[str, str]) -> None:
    """A body of unstated length counts as the largest that is taken (200,000 bytes here)."""
    api = api_on(store, limits=Limits(bytes_=200_000, share=1.0))

    async def run() -> httpx.Response:
        sent, go = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            sent.set()
            await go.wait()
            yield b"{}"

        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://adapter") as client:
            first = client.put("/fhir/Task/x", content=slow(), headers=FHIR | token() | stated)
            waiting = asyncio.create_task(first)
            await sent.wait()
            second = {"Content-Length": "50001"}
            answer = await client.put("/fhir/Task/x", content=unread(), headers=FHIR | token() | second)
            go.set()
            assert (await waiting).status_code == 400
            return answer

    answer = asyncio.run(run())
    assert (answer.status_code, problems(answer)) == (503, ["overloaded"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "leave"]), st.sampled_from("abc"), st.integers(0, 90)), max_size=60
    )
)
def test_places_never_exceed_their_bounds_and_all_come_back(moves: list[tuple[str, str, int]]) -> None:
    limits = Limits(requests=6, bytes_=100, share=0.5)
    places, taken = Places(limits), []
    for move, who, size in moves:
        if move == "leave" and taken:
            taken.pop(0)[0].__exit__()
            continue
        try:
            place = places.take(size)
        except Refused:
            assert len(taken) >= limits.requests or sum(t[2] for t in taken) + size > limits.bytes_
            continue
        try:
            place.of(who)
        except Refused:
            place.__exit__()
            continue
        taken.append((place, who, size))
        own = [t for t in taken if t[1] == who]
        assert len(own) <= limits.requests * limits.share
        with_bytes = [t[2] for t in own if t[2]]
        assert len(with_bytes) <= 1 or sum(with_bytes) <= limits.bytes_ * limits.share
        assert (places.requests, places.bytes_) == (len(taken), sum(t[2] for t in taken))
    for place, _, _ in taken:
        place.__exit__()
    assert (places.requests, places.bytes_) == (0, 0)


def test_large_bodies_are_worked_on_one_at_a_time_and_small_ones_pass_them() -> None:
    threads, large = Threads(4), b" " * LARGE_BYTES
    go, at_work, most = threading.Event(), [], []

    def work() -> None:
        at_work.append(1)
        most.append(len(at_work))
        assert go.wait(30)
        at_work.pop()

    async def run() -> None:
        waiting = [asyncio.create_task(threads.run_on(large, work)) for _ in range(3)]
        assert await threads.run_on(b"", lambda: "passed") == "passed"
        go.set()
        await asyncio.gather(*waiting)

    asyncio.run(run())
    assert most == [1, 1, 1]
