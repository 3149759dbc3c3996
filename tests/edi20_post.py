"""A mailbox over a real database, at a message service inside the test's own process that does as it is told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from api_client import NOW, make_parts, open_database
from cases import FIXTURES

from adapter.domain.delivery import Letter
from adapter.domain.mailbox import AppRecGiven, Fetched, Notice, Page, Sent, Slip
from adapter.flows.mailbox import Post, read_again, read_on, see_to
from adapter.mapping import partners
from adapter.ports import ServiceRefuses
from adapter.service_ports import MessageService

NEED = (FIXTURES / "notify" / "xml-need-is-routed" / "in.xml").read_bytes()
MSG_ID = b"a0000000-0000-4000-8000-000000000001"
HOSPITAL, DOOR = "8900011", "8900022"
XML_PARTNERS = FIXTURES / "letter" / "through-the-message-service" / "partners.yaml"


@dataclass
class InMemory:
    """Messages by id: who sent it, its bytes. `wrong`: raised instead of an answer, in order, by name of the call."""

    messages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    apprecs: set[str] = field(default_factory=set)
    announced: list[Notice] = field(default_factory=list)
    appreced: list[tuple[str, AppRecGiven]] = field(default_factory=list)
    called_downloaded: list[str] = field(default_factory=list)
    slips: dict[str, Slip] = field(default_factory=dict)
    states: dict[str, Sent] = field(default_factory=dict)
    wrong: dict[str, list[BaseException | None]] = field(default_factory=dict)
    known: bool | None = None

    def announce(self, id_: str, raw: bytes, position: int, sender: str = HOSPITAL) -> None:
        self.messages[id_] = sender, raw
        self.announced.append(Notice(id_, DOOR, "message", position))

    def _maybe(self, call: str) -> None:
        wrong = self.wrong.get(call)
        if wrong and (error := wrong.pop(0)):
            raise error

    async def configure(self) -> None:
        self._maybe("configure")

    async def notices(self, after: int) -> Page:
        self._maybe("notices")
        found = tuple(n for n in self.announced if n.position > after)
        return Page(found, max([after, *(n.position for n in found)]), full=False)

    async def standing(self, after: int) -> Sequence[Notice]:
        return (await self.notices(after)).notices

    async def slip(self, message: str, her_id: str) -> Slip:
        self._maybe("slip")
        if message in self.slips:
            return self.slips[message]
        if message not in self.messages:
            raise ServiceRefuses(404)
        return Slip(message, self.messages[message][0], (her_id,), "", apprec=message in self.apprecs)

    async def document(self, message: str) -> bytes:
        self._maybe("document")
        return self.messages[message][1]

    async def downloaded(self, message: str, her_id: str) -> None:
        self._maybe("downloaded")
        self.called_downloaded.append(message)

    async def send(self, letter: Letter) -> str:
        raise AssertionError

    async def state(self, message: str, receiver: str) -> Sent | None:
        self._maybe("state")
        return self.states.get(message)

    async def post_apprec(self, message: str, given: AppRecGiven) -> None:
        self.appreced.append((message, given))
        self._maybe("post_apprec")

    async def apprec_of(self, message: str, her_id: str) -> bool | None:
        self._maybe("apprec_of")
        return any(one == message for one, _ in self.appreced) if self.known is None else self.known


class Office:
    """The service, the database and the flows between them. `pass_` moves the clock."""

    def __init__(self, folder: Path, **parts: Any) -> None:
        self.service, self.store, self.now = InMemory(), open_database(folder), NOW
        self.parts = make_parts(self.store, clock=lambda: self.now, **parts)
        self.mailbox = self.store.mailbox()
        self.post = Post("edi20", self.service, self.mailbox, self.parts)

    def pass_(self, **much: float) -> None:
        self.now += timedelta(**much)

    def read(self) -> Page:
        return asyncio.run(read_on(self.post))

    def read_again(self, look_back: timedelta) -> None:
        asyncio.run(read_again(self.post, look_back))

    def see(self) -> Sequence[Fetched]:
        return asyncio.run(see_to(self.post))

    def until_done(self) -> list[Fetched]:
        """Rounds, a minute apart, until nothing more is due for a day."""
        seen: list[Fetched] = []
        for _ in range(200):
            batch = self.see()
            seen += batch
            self.pass_(minutes=1 if batch else 60)
        return seen

    def standing(self) -> dict[str, int]:
        return self.mailbox.counts()


def numbered(number: int, raw: bytes = NEED) -> bytes:
    """The same need as another message, of another person's case."""
    return raw.replace(MSG_ID, b"a0000000-0000-4000-8000-%012d" % number)


def by_the_service() -> Mapping[str, Any]:
    """Parts in which the municipality takes its letters by the message service."""
    return {"partners": partners.load(XML_PARTNERS, synthetic=True)}


_CONTRACT: type[MessageService] = InMemory
