"""Finds recipients with due mail and lets one postman each carry it, among all processes on the database.

A postman holds its recipient's lock while there is mail; a process that dies drops its locks and another goes on.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import structlog

from adapter.flows.deliver import deliver_round
from adapter.flows.parts import Parts
from adapter.ports import Collision, PostRound, StoreBusy, Transport

_ROUNDS = 10
"""Batches before a postman gives its recipient back, so that no recipient holds a lock for ever."""

log = structlog.get_logger("worker")


class Worker:
    """Runs until told to stop. `pause` waits between looks (seconds); tests give their own."""

    def __init__(
        self,
        parts: Parts,
        transport: Transport,
        round_: PostRound,
        look_every: float,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._parts, self._transport, self._round = parts, transport, round_
        self._look_every, self._pause = look_every, pause
        self._postmen: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def stop(self) -> None:
        """Finish what is in flight, take nothing new."""
        self._stopping = True

    def on_the_way(self) -> list[asyncio.Task[None]]:
        """The postmen that are out now."""
        return list(self._postmen.values())

    async def run(self) -> None:
        """Look, send, look again, until stopped; then wait for the postmen on their way."""
        while not self._stopping:
            await self.look()
            await self._pause(self._look_every)
        await asyncio.gather(*self.on_the_way(), return_exceptions=True)

    async def look(self) -> None:
        """Send a postman to every recipient with due mail that has none of ours on the way."""
        store = self._parts.store
        try:
            due = await asyncio.to_thread(store.due_recipients, self._parts.clock())
        except StoreBusy:
            log.warning("store busy")
            return
        for recipient in due:
            if recipient not in self._postmen:
                task = asyncio.create_task(self._postman(recipient))
                task.add_done_callback(_tell_failure)
                self._postmen[recipient] = task

    async def _postman(self, recipient: str) -> None:
        taken = False
        try:
            taken = await asyncio.to_thread(self._round.take, recipient)
            for _ in range(_ROUNDS if taken else 0):
                if self._stopping or not self._round.still_held():
                    break
                if not await deliver_round(recipient, self._transport, self._parts):
                    break
        except (StoreBusy, Collision):
            log.warning("store busy", recipient=recipient)
        finally:
            if taken:
                await asyncio.to_thread(self._round.give_back, recipient)
            del self._postmen[recipient]


def _tell_failure(task: asyncio.Task[None]) -> None:
    """A fault of ours ends one round of one postman: it is told by type and place, and tried again at the next look."""
    fault = None if task.cancelled() else task.exception()
    if fault is not None:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        log.error("postman failed", fault=type(fault).__name__, place=f"{place.name}:{place.lineno}")
