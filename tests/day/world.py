"""The world outside the adapter: its partners, what they do next, and everything the adapter answered to them."""

import asyncio
import heapq
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from .case import Case, changed
from .clock import SharedClock
from .letters import Organisation
from .nodes import Node
from .partners import Arrival, Issuer, Partner

TOGETHER = 16
"""Requests on their way at one time."""
PATIENCE = 60.0
"""Seconds of real time in which what is due must have been carried."""
Deed = Callable[[], Awaitable[None]]
_TYPES = {
    "edi": ("/edi/messages", "application/xml"),
    "fhir": ("/fhir/$process-message", "application/fhir+json"),
}


@dataclass(slots=True)
class Answered:
    """What came back: `status`, `body` and `etag`."""

    status: int
    body: bytes
    etag: str


@dataclass(slots=True)
class World:
    """`due_now` says who has mail that is due by the clock. `foreseen` counts each answer that is no success by its
    reason; `unexplained` has those without one. `_due` is what happens next.
    """

    clock: SharedClock
    hospitals: list[Partner]
    units: list[Partner]
    issuer: Issuer
    told: Callable[[Partner, Arrival], None] = lambda _, __: None
    due_now: Callable[[], Collection[str]] = tuple
    nodes: list[Node] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    by_resource: dict[str, Case] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    foreseen: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    _due: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _number: Any = field(default_factory=count)
    _session: aiohttp.ClientSession | None = None
    _doors: Any = None

    def later(self, at: datetime, deed: Deed) -> None:
        """Do it at that time, or as soon as the clock is past it."""
        heapq.heappush(self._due, (at, next(self._number), deed))

    def after(self, wait: timedelta, deed: Deed) -> None:
        self.later(self.clock() + wait, deed)

    async def open(self, stack: AsyncExitStack, folder: Path) -> Path:
        """Partners listen; the file of the partner table that leads to them."""
        runner = await self.issuer.open()
        stack.push_async_callback(runner.cleanup)
        for partner in (*self.hospitals, *self.units):
            await partner.open()
            stack.push_async_callback(partner.close)
        self._session = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=TOGETHER, keepalive_timeout=1.5),
                timeout=aiohttp.ClientTimeout(60),
            )
        )
        table = folder / "partners.yaml"
        table.write_text(yaml.safe_dump({"partners": list(self._rows())}), "utf-8")
        return table

    def _rows(self) -> Any:
        for kind, partners in (("hospital", self.hospitals), ("municipality", self.units)):
            for partner in partners:
                who = partner.organisation
                yield {
                    "organisation": who.number,
                    "name": who.name,
                    "kind": kind,
                    "services": {who.her: who.name, who.unit: "Koordinerende enhet"},
                    "served": kind == "municipality",
                    "endpoint": f"http://127.0.0.1:{partner.port}/fhir/$process-message",
                }
        services = {"8900009": "IP-ADAPTER (FIKTIV)"}
        yield {
            "organisation": "999900099",
            "name": "IP-ADAPTER (FIKTIV)",
            "kind": "adapter",
            "services": services,
            "served": True,
        }

    async def run(self, until: datetime, every: Callable[[datetime], None], step: timedelta) -> None:
        """Let time pass: in each step what is due is done side by side, then the adapter carries what it has."""
        while self.clock() < until:
            end = min(self.clock() + step, until)
            await self._until(end)
            self.clock.set(end)
            await self._carried()
            every(end)

    async def _carried(self) -> None:
        """Until nothing is due at this moment; what stays due is left unexplained."""
        until = time.monotonic() + PATIENCE
        while due := await asyncio.to_thread(self.due_now):
            if time.monotonic() > until:
                self.unexplained.append(f"{self.clock():%H:%M} due, but not carried: {len(due)} recipients")
                return
            await asyncio.sleep(0.01)

    async def _until(self, end: datetime) -> None:
        gate, tasks = asyncio.Semaphore(TOGETHER), []

        async def one(deed: Deed) -> None:
            async with gate:
                await deed()

        while self._due and self._due[0][0] < end:
            at, _, deed = heapq.heappop(self._due)
            self.clock.set(at)
            tasks.append(asyncio.create_task(one(deed)))
            if len(tasks) % TOGETHER == 0:
                await asyncio.gather(*tasks)
        await asyncio.gather(*tasks)

    async def send(
        self, door: str, body: bytes, by: str, expect: Collection[int] = (200,), why: str = ""
    ) -> Answered:
        """A message at a door, in the name of an organisation (number)."""
        path, media_type = _TYPES[door]
        return await self.call("POST", path, by, body, {"Content-Type": media_type}, expect, why)

    async def call(
        self,
        method: str,
        path: str,
        by: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        expect: Collection[int] = (200, 201),
        why: str = "",
    ) -> Answered:
        """One request. An answer that is none of those expected is left unexplained."""
        assert self._session
        self._doors = self._doors or cycle([node.url for node in self.nodes if node.url])
        url = f"{next(self._doors)}{path}"
        sent = {"Authorization": self.issuer.header(by), **(headers or {})}
        async with self._session.request(method, url, data=body or None, headers=sent) as answer:
            read = await answer.read()
        self.requests += 1
        self.answers[answer.status] += 1
        if answer.status not in expect:
            said = read[:600].decode("utf-8", "replace")
            place = "/".join(path.split("/")[:3])
            self.unexplained.append(f"{self.clock():%H:%M} {method} {place} {answer.status} {why}: {said}")
        elif answer.status >= 300:
            self.foreseen[f"{answer.status} {why}"] += 1
        return Answered(answer.status, read, answer.headers.get("ETag", ""))

    async def step(self, case: Case, name: str, expect: Collection[int] = (), why: str = "") -> int:
        """What a unit does to a case: it reads what stands and puts the next version. The status it got.

        Who crosses with another change is told so (412), reads again, and puts again.
        """
        assert case.owner
        by = case.owner.number
        wanted = case.filled(name, self.clock())
        path, may = f"/fhir/{wanted['resource']}", {200, 201, *expect}
        if "new" in wanted:
            return (await self._put(case, path, by, wanted["new"], "", may, why)).status
        for _ in range(5):
            current = await self.call("GET", path, by, why=f"{name}: {why}", expect=may)
            if current.status != 200:
                return current.status
            crossing = {412} if case.crossed else set[int]()
            body = changed(json.loads(current.body), wanted)
            said = "crossed with another change" if crossing else why
            answer = await self._put(case, path, by, body, current.etag, may | crossing, f"{name}: {said}")
            if answer.status != 412:
                return answer.status
        return 412

    async def _put(
        self, case: Case, path: str, by: str, body: dict[str, Any], etag: str, may: Collection[int], why: str
    ) -> Answered:
        headers = {"Content-Type": "application/fhir+json"} | ({"If-Match": etag} if etag else {})
        content = json.dumps(body, ensure_ascii=False).encode()
        return await self.call("PUT", path, by, content, headers, may, why)

    def partner_of(self, organisation: Organisation) -> Partner:
        everybody = (*self.hospitals, *self.units)
        return next(p for p in everybody if p.organisation.number == organisation.number)
