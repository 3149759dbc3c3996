"""Asks the address register: for every address once a night, and in between for what it says has changed; one process
at a time, among all on the database. Whatever goes wrong, what is known stays, and it asks again, later each time.
"""

import asyncio
import traceback
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import structlog

from adapter.flows.register import SERVICE, Looked, Looking, look_at_all, look_at_news, whole_is_due
from adapter.ports import Collision, PostRound, ServiceAway, ServiceRefuses, StoreBusy

LONGEST_REST = timedelta(hours=1)

log = structlog.get_logger("registrar")


class Registrar:
    """Runs until told to stop. `look_every`: between looks at what has changed."""

    def __init__(self, looking: Looking, round_: PostRound, look_every: timedelta) -> None:
        self._looking, self._round, self._look_every = looking, round_, look_every
        self._stopping = asyncio.Event()
        self._failures = 0

    def stop(self) -> None:
        """Ask nothing more. From the loop's own thread."""
        self._stopping.set()

    async def run(self) -> None:
        """Look, and look again, until stopped. A look that is called off has kept nothing, or all it had learned."""
        while not self._stopping.is_set():
            rest = await self._turn()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest.total_seconds())

    async def _turn(self) -> timedelta:
        """One look, and how long to rest after it."""
        look = asyncio.create_task(self.look())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({look, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        look.cancel()
        (fault,) = await asyncio.gather(look, return_exceptions=True)
        if not isinstance(fault, BaseException) or isinstance(fault, asyncio.CancelledError):
            self._failures = 0
            return self._look_every
        self._failures += 1
        _tell(fault)
        asked = fault.retry_after if isinstance(fault, ServiceAway) else None
        longer = min(self._look_every * (1 << min(self._failures, 8)), max(LONGEST_REST, self._look_every))
        return max(longer, timedelta(seconds=min(asked or 0, 3600)))

    async def look(self) -> None:
        """Take the register, if nobody has it, and ask what is to be asked now. Raises what stops it."""
        looking = self._looking
        if not await looking.ask(self._round.take, SERVICE):
            return
        try:
            feed = await looking.ask(looking.register.feed, SERVICE)
            whole = whole_is_due(feed, looking.parts.clock())
            _told(await (look_at_all(looking) if whole else look_at_news(looking)))
        finally:
            await asyncio.shield(looking.ask(self._round.give_back, SERVICE))


def _told(looked: Looked) -> None:
    """What a person should look at, by its kind."""
    if looked.unread:
        log.warning("register's answers not understood", number=looked.unread)
    for state, number in sorted(Counter(entry.state for entry in looked.new).items()):
        log.warning("addresses to look at", state=state, number=number)


def _tell(fault: BaseException) -> None:
    """By its type and place, never by its text."""
    match fault:
        case ServiceAway():
            log.warning("register away", because=fault.because, http=fault.http)
        case ServiceRefuses():
            log.warning("register refuses", http=fault.http)
        case StoreBusy() | Collision():
            log.warning("store busy")
        case _:
            place = traceback.extract_tb(fault.__traceback__)[-1]
            log.error("registrar failed", fault=type(fault).__name__, place=f"{place.name}:{place.lineno}")
