"""An address register inside the test's own process that does as it is told, and what a look at it works with."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from api_client import make_parts, open_database

from adapter.domain.register import Certificate, Events, Party
from adapter.flows.register import Looked, Looking, addresses, look_at_all, look_at_news
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import RegisterService

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@dataclass
class InMemory:
    """A register whose entries are those of our tables. `wrong`: raised instead of an answer, by HER-id or call."""

    parties: dict[str, Party]
    told: list[tuple[int, str]] = field(default_factory=list)
    wrong: dict[str, ServiceAway | ServiceRefuses] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    page: int = 2

    async def party(self, her_id: str) -> Party | None:
        self.asked.append(her_id)
        self._maybe(her_id)
        return self.parties.get(her_id)

    async def certificates(self, her_id: str) -> Sequence[Certificate]:
        raise AssertionError

    async def latest(self) -> int:
        self._maybe("latest")
        return max((number for number, _ in self.told), default=0)

    async def events(self, after: int) -> Events:
        self._maybe("events")
        behind = [one for one in sorted(self.told) if one[0] > after]
        found = behind[: self.page]
        last = found[-1][0] if found else after
        return Events(tuple(her_id for _, her_id in found), last, len(found) == self.page)

    def _maybe(self, call: str) -> None:
        if call in self.wrong:
            raise self.wrong[call]


class Watched:
    """The register, a database and a clock. `ours` are the addresses of the tables."""

    def __init__(self, folder: Path) -> None:
        self.now, self.store = NOW, open_database(folder)
        self.parts = make_parts(self.store, clock=lambda: self.now)
        self.kept = self.store.register()
        self.ours = addresses(self.parts, NOW)
        self.service = InMemory(
            {a.her_id: Party(a.her_id, a.kind, a.organisation) for a in self.ours.values()}
        )
        self.looking = Looking(self.service, self.kept, self.parts)

    def all(self) -> Looked:
        return asyncio.run(look_at_all(self.looking))

    def news(self) -> Looked:
        return asyncio.run(look_at_news(self.looking))

    def states(self) -> dict[str, str]:
        return {entry.her_id: entry.state for entry in self.kept.entries() if entry.state != "active"}

    def gone(self, her_id: str, number: int) -> None:
        self.service.parties[her_id] = replace(self.service.parties[her_id], until=self.now)
        self.service.told.append((number, her_id))


_CONTRACT: type[RegisterService] = InMemory
