"""Finds recipients with due mail and lets one postman each carry it, among all processes on the database.

A postman holds its recipient's lock while there is mail; a process that dies drops its locks and another goes on.
After a failure of ours (the database does not take the outcome, a fault) the recipient is left alone, longer each
time: what cannot be written back would be sent again and again.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from adapter.domain.exchange import left_alone
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
        self._failures: dict[str, tuple[int, datetime]] = {}
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
            if recipient not in self._postmen and not self._left_alone(recipient):
                task = asyncio.create_task(self._postman(recipient))
                task.add_done_callback(partial(self._came_back, recipient))
                self._postmen[recipient] = task

    async def _postman(self, recipient: str) -> None:
        if not await asyncio.to_thread(self._round.take, recipient):
            return
        try:
            for _ in range(_ROUNDS):
                if self._stopping or not await asyncio.to_thread(self._round.still_held):
                    break
                if not await deliver_round(recipient, self._transport, self._parts):
                    break
        finally:
            await asyncio.to_thread(self._round.give_back, recipient)

    def _came_back(self, recipient: str, postman: asyncio.Task[None]) -> None:
        """However a postman ends, the next may go; after a failure not before its time."""
        del self._postmen[recipient]
        fault = None if postman.cancelled() else postman.exception()
        if fault is None:
            self._failures.pop(recipient, None)
            return
        failures = self._failures[recipient][0] + 1 if recipient in self._failures else 1
        self._failures[recipient] = failures, self._parts.clock() + left_alone(failures)
        _tell(recipient, fault)

    def _left_alone(self, recipient: str) -> bool:
        return recipient in self._failures and self._parts.clock() < self._failures[recipient][1]


def _tell(recipient: str, fault: BaseException) -> None:
    """A fault of ours is told by its type and place, never by its text."""
    if isinstance(fault, StoreBusy | Collision):
        log.warning("store busy", recipient=recipient)
        return
    place = traceback.extract_tb(fault.__traceback__)[-1]
    log.error("postman failed", fault=type(fault).__name__, place=f"{place.name}:{place.lineno}")
