"""Finds recipients with due mail and lets one postman each carry it, among all processes on the database.

A postman holds its recipient's lock while there is mail; a process that dies drops its locks and another goes on.
After a failure of ours (the database does not take the outcome, a fault) the recipient is left alone, longer each
time: what cannot be written back would be sent again and again.
"""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from adapter.domain.exchange import is_left_alone
from adapter.flows.clocks import clock_ahead
from adapter.flows.deliver import deliver_round
from adapter.flows.false_waits import end_false_waits
from adapter.flows.parts import Parts
from adapter.ports import Collision, PostRound, StoreBusy, Transport

POSTMEN = 32
"""Recipients served at once by a process. Many, because each silent one keeps a postman for a whole time-out; few
enough that their batches (`ENOUGH_BYTES` and one letter each, 16 connections) fit into one process.
"""
POSTMENS_THREADS = 16
"""In which postmen ask the database: as many as read and write at the same time; who waits for an answer needs none."""
_ROUNDS = 10
"""Batches before a postman gives its recipient back, so that no recipient holds a lock for ever."""
_BREATH = 0.02
"""Seconds between looks at least: mail comes in by thousands a second, and most is for who has a postman already."""
_SIGN_OF_LIFE = 5.0
"""Seconds between signs of life to who keeps the locks: a process that gives none for half a minute loses them."""
_DOUBT_EVERY = timedelta(minutes=10)
"""How often pauses and due times are held against the clock; also at the start, and when it was set back. Only if it is
the database's: what is right for one that is off would be wrong for all.
"""
_TELL_EVERY = timedelta(minutes=1)
"""How often the same trouble is told again while it lasts."""

P = ParamSpec("P")
T = TypeVar("T")

_NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger("worker")


class Worker:
    """Runs until told to stop.

    It looks when mail was queued by anybody and when a postman leaves mail behind; `look_every` (seconds) is for what
    falls due by time, and for a call that was not heard. `finish_within`: seconds that postmen have at the end.
    """

    def __init__(
        self,
        parts: Parts,
        transport: Transport,
        round_: PostRound,
        look_every: float,
        finish_within: float = 20.0,
    ) -> None:
        self._parts, self._transport, self._round = parts, transport, round_
        self._look_every, self._finish_within = look_every, finish_within
        self._postmen: dict[str, asyncio.Task[bool]] = {}
        self._failures: dict[str, tuple[int, datetime]] = {}
        self._served: dict[str, int] = {}
        self._sent_out = 0
        self._doubted = self._timed = self._told_busy = _NEVER
        self._passed_over = False
        self._stopping = False
        # Apart, so that a slow database on which all postmen wait keeps back neither the next look nor the sign of
        # life, without which the locks would be lost.
        self._threads = ThreadPoolExecutor(POSTMENS_THREADS, "postmen")
        self._watch, self._alive = ThreadPoolExecutor(1, "watch"), ThreadPoolExecutor(1, "alive")

    def stop(self) -> None:
        """Finish what is in flight, take nothing new. From the loop's own thread."""
        self._stopping = True
        self._round.wake()

    def on_the_way(self) -> list[asyncio.Task[bool]]:
        """The postmen that are out now."""
        return list(self._postmen.values())

    async def run(self) -> None:
        """Look, send, look again, until stopped; then wait for the postmen on their way, but not for ever."""
        alive = asyncio.create_task(self._give_signs_of_life())
        try:
            while not self._stopping:
                await asyncio.gather(self.look(), asyncio.sleep(_BREATH))
                await _in(self._watch, self._round.wait, self._look_every)
            await self._finish()
        finally:
            alive.cancel()
            for threads in (self._threads, self._watch, self._alive):
                threads.shutdown(wait=False)

    async def _give_signs_of_life(self) -> None:
        """Also while every postman waits for an answer: only who stands still is to lose what it holds."""
        while True:
            await asyncio.sleep(_SIGN_OF_LIFE)
            await _in(self._alive, self._round.still_held)

    async def look(self) -> None:
        """Send a postman to every recipient with due mail that has none of ours on the way, as far as there are any."""
        now = self._parts.clock()
        try:
            due = await _in(self._watch, self._ask, now)
        except (StoreBusy, Collision):
            if _is_past(self._told_busy, _TELL_EVERY, now):
                log.warning("store busy")
                self._told_busy = now
            return
        self._told_busy = _NEVER
        self._forget_failures(due)
        for recipient in self._in_turn(due):
            if recipient in self._postmen or len(self._postmen) >= POSTMEN:
                self._passed_over = True
            elif not self._left_alone(recipient):
                self._send_out(recipient)

    def _ask(self, now: datetime) -> Sequence[str]:
        """Who has mail that is due; before that, every minute, whether this clock may say so."""
        if _is_past(self._timed, _TELL_EVERY, now):
            self._hold_against_clock(now)
            self._timed = now
        return self._parts.store.due_recipients(now)

    def _hold_against_clock(self, now: datetime) -> None:
        """Who is off itself cannot say of any time that it was written by a clock that was."""
        ahead = clock_ahead(self._parts.store, self._parts.clock)
        if ahead:
            log.warning("clock is not the database's", seconds_ahead=round(ahead.total_seconds()))
        elif _is_past(self._doubted, _DOUBT_EVERY, now):
            end_false_waits(now, self._parts)
            self._doubted = now

    def _forget_failures(self, due: Sequence[str]) -> None:
        """Of who has no mail any more, whoever carried it: while any is known, each batch asks for a trial write."""
        known = {*due, *self._postmen}
        self._failures = {name: failed for name, failed in self._failures.items() if name in known}

    def _in_turn(self, due: Sequence[str]) -> list[str]:
        """Who was served longest ago is first, so that none waits for ever when there are more than postmen."""
        return sorted(due, key=lambda recipient: self._served.get(recipient, 0))

    def _send_out(self, recipient: str) -> None:
        self._sent_out += 1
        self._served[recipient] = self._sent_out
        task = asyncio.create_task(self._postman(recipient))
        task.add_done_callback(partial(self._came_back, recipient))
        self._postmen[recipient] = task

    async def _postman(self, recipient: str) -> bool:
        """Whether there may be mail left for the next one."""
        if not await _in(self._threads, self._round.take, recipient):
            return False
        try:
            for _ in range(_ROUNDS):
                if self._stopping or not await _in(self._threads, self._round.still_held):
                    return False
                await self._require_room_for_outcomes()
                if not await deliver_round(recipient, self._transport, self._parts, self._threads):
                    return False
            return True
        finally:
            await _in(self._threads, self._round.give_back, recipient)

    async def _require_room_for_outcomes(self) -> None:
        """After an outcome that was not written back nothing is sent unless a write would go through: with a full
        disk each batch would go again and again.
        """
        if self._failures and not await _in(self._threads, self._parts.store.ready):
            raise StoreBusy

    def _came_back(self, recipient: str, postman: asyncio.Task[bool]) -> None:
        """However a postman ends, the next may go; after a failure not before its time."""
        del self._postmen[recipient]
        fault = None if postman.cancelled() else postman.exception()
        if fault is None:
            self._failures.pop(recipient, None)
        else:
            failures = self._failures[recipient][0] + 1 if recipient in self._failures else 1
            self._failures[recipient] = failures, self._parts.clock()
            _tell(recipient, fault)
        mail_left = fault is None and not postman.cancelled() and postman.result()
        if mail_left or self._passed_over:
            self._passed_over = False
            self._round.wake()

    def _left_alone(self, recipient: str) -> bool:
        failures, since = self._failures.get(recipient, (0, self._parts.clock()))
        return is_left_alone(failures, since, self._parts.clock())

    async def _finish(self) -> None:
        """Who is not back in time is called off: what they carried stays unsettled and goes again with the same ids."""
        postmen = self.on_the_way()
        if postmen:
            _, late = await asyncio.wait(postmen, timeout=self._finish_within)
            for postman in late:
                postman.cancel()
            if late:
                log.warning("postmen called off", number=len(late))
            await asyncio.gather(*postmen, return_exceptions=True)


async def _in(threads: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, partial(call, *args, **kwargs))


def _is_past(since: datetime, wait: timedelta, now: datetime) -> bool:
    """Also when the clock was set back since then."""
    return not timedelta() <= now - since < wait


def _tell(recipient: str, fault: BaseException) -> None:
    """A fault of ours is told by its type and place, never by its text."""
    if isinstance(fault, StoreBusy | Collision):
        log.warning("store busy", recipient=recipient)
        return
    place = traceback.extract_tb(fault.__traceback__)[-1]
    log.error("postman failed", fault=type(fault).__name__, place=f"{place.name}:{place.lineno}")
