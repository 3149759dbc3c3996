"""Looks after the mailbox that a message service keeps for us: one process at a time, among all on the database.

Whatever goes wrong, it looks again, later each time; nothing ends it but being told to stop.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from adapter.domain.mailbox import Fetched
from adapter.flows.mailbox import Post, read_again, read_on, see_to
from adapter.ports import Collision, PostRound, ServiceAway, ServiceRefuses, StoreBusy

LOOK_BACK = timedelta(hours=1)
"""How late a notification may appear behind what was read already, and be heard of at the next look back."""
LOOK_BACK_AT_START = timedelta(hours=72)
LONGEST_REST = timedelta(minutes=5)
_BATCHES = 50
"""Before the mailbox is given back, so that no process has it for ever."""
_NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger("mailman")


class Mailman:
    """Runs until told to stop. `look_every` and `look_back_every`: between looks at what is new, and at what came late.

    `finish_within`: seconds that a batch has at the end; called off, its messages are fetched once more.
    """

    def __init__(
        self,
        post: Post,
        round_: PostRound,
        look_every: timedelta,
        look_back_every: timedelta,
        finish_within: float = 20.0,
    ) -> None:
        self._post, self._round = post, round_
        self._look_every, self._look_back_every = look_every, look_back_every
        self._finish_within = finish_within
        self._stopping = asyncio.Event()
        self._configured = False
        self._looked_back = _NEVER
        self._failures = 0

    def stop(self) -> None:
        """Finish the batch in hand, take nothing new. From the loop's own thread."""
        self._stopping.set()

    async def run(self) -> None:
        """Look, and look again, until stopped."""
        while not self._stopping.is_set():
            rest = await self._turn()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest.total_seconds())

    async def _turn(self) -> timedelta:
        """One look, and how long to rest after it. What is in hand when the end comes has a while to be finished."""
        look = asyncio.create_task(self.look())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({look, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not look.done():
            await asyncio.wait({look}, timeout=self._finish_within)
        stopping.cancel()
        look.cancel()
        (fault,) = await asyncio.gather(look, return_exceptions=True)
        self._failures = self._failures + 1 if isinstance(fault, BaseException) else 0
        if not isinstance(fault, BaseException) or isinstance(fault, asyncio.CancelledError):
            return self._look_every
        self._tell(fault)
        asked = fault.retry_after if isinstance(fault, ServiceAway) else None
        longer = min(self._look_every * (1 << min(self._failures, 8)), LONGEST_REST)
        return max(longer, timedelta(seconds=min(asked or 0, 3600)), self._look_every)

    async def look(self) -> None:
        """Take the mailbox, if nobody has it; read what is new, and see to what is due. Raises what stops it."""
        post = self._post
        if not await post.ask(self._round.take, post.name):
            return
        try:
            if not await post.ask(post.parts.store.ready):
                raise StoreBusy  # what cannot be kept is not fetched
            await self._read()
            for _ in range(_BATCHES):
                if self._stopping.is_set() or not await post.ask(self._round.still_held):
                    return
                if not _told(await see_to(post)):
                    return
        finally:
            await asyncio.shield(post.ask(self._round.give_back, post.name))

    async def _read(self) -> None:
        if not self._configured:
            await self._post.service.configure()
            self._configured = True
        while True:
            page = await read_on(self._post)
            unknown = sum(notice.kind == "unknown" for notice in page.notices)
            unreadable = page.unread + sum(notice.kind == "unreadable" for notice in page.notices)
            if unknown or unreadable:
                log.warning("notifications passed over", unknown_type=unknown, unreadable=unreadable)
            if not page.full or self._stopping.is_set():
                break
        now = self._post.parts.clock()
        if not timedelta() <= now - self._looked_back < self._look_back_every:
            await read_again(self._post, LOOK_BACK_AT_START if self._looked_back == _NEVER else LOOK_BACK)
            self._looked_back = now

    def _tell(self, fault: BaseException) -> None:
        """By its type and place, never by its text."""
        match fault:
            case ServiceAway():
                log.warning("message service away", because=fault.because, http=fault.http)
            case ServiceRefuses():
                self._configured = False  # somebody may have removed what was configured
                log.warning("message service refuses", http=fault.http)
            case StoreBusy() | Collision():
                log.warning("store busy")
            case _:
                place = traceback.extract_tb(fault.__traceback__)[-1]
                log.error("mailman failed", fault=type(fault).__name__, place=f"{place.name}:{place.lineno}")


def _told(seen: Sequence[Fetched]) -> bool:
    """Whether there was anything; what waits for a person now is told, by its reasons."""
    parked = Counter(one.because for one in seen if one.state == "parked")
    for because, number in sorted(parked.items()):
        log.warning("messages wait for a person", because=because, number=number)
    return bool(seen)
