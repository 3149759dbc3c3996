"""Has the clocks of cases looked at when something changed or a deadline turns: by one process among all.

What cannot be looked at, for a fault of ours, is told and left alone for a while; it keeps nobody else waiting.
"""

import asyncio
import traceback
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from adapter.flows.clock_round import keep_clocks_of
from adapter.flows.clocks import clock_ahead
from adapter.flows.parts import Parts
from adapter.ports import Collision, PostRound, StoreBusy

_NAME = "clocks"
_LOOK_EVERY = 2.0
"""Seconds between looks: what happens to a case within them is looked at once."""
_PAGE = 100
_PAGES = 50
"""Before the clocks are given back, so that no process has them for ever."""
_DOUBT_EVERY = timedelta(minutes=1)
_LEFT_ALONE = timedelta(minutes=10)
_NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger("timekeeper")


class Timekeeper:
    """Runs until told to stop. Any number of processes may: whoever takes the clocks looks, for a while."""

    def __init__(self, parts: Parts, round_: PostRound) -> None:
        self._parts, self._round = parts, round_
        self._stop = asyncio.Event()
        self._failed: dict[str, datetime] = {}
        self._trusted = _NEVER

    def stop(self) -> None:
        """Finish the case in hand. From the loop's own thread."""
        self._stop.set()

    async def run(self) -> None:
        """Look, and look again, until stopped."""
        while not self._stop.is_set():
            try:
                await self.look()
            except (StoreBusy, Collision):
                log.warning("store busy")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _LOOK_EVERY)

    async def look(self) -> None:
        """Everything that is due now, unless another process sees to it. Raises StoreBusy."""
        if not await asyncio.to_thread(self._round.take, _NAME):
            return
        try:
            for _ in range(_PAGES):
                if not await asyncio.to_thread(self._may_look):
                    return
                due = await asyncio.to_thread(self._due)
                await self._see_to(due)
                if len(due) < _PAGE:
                    return
        finally:
            await asyncio.shield(asyncio.to_thread(self._round.give_back, _NAME))

    def _may_look(self) -> bool:
        """Who is off itself cannot say that a day has come."""
        now = self._parts.clock()
        if self._stop.is_set() or not self._round.still_held():
            return False
        if timedelta() <= now - self._trusted < _DOUBT_EVERY:
            return True
        if clock_ahead(self._parts.store, self._parts.clock):
            return False
        self._trusted = now
        return True

    def _due(self) -> list[str]:
        now = self._parts.clock()
        self._failed = {id_: at for id_, at in self._failed.items() if timedelta() <= now - at < _LEFT_ALONE}
        due = self._parts.store.clocks_due(now, _PAGE + len(self._failed))
        return [id_ for id_ in due if id_ not in self._failed][:_PAGE]

    async def _see_to(self, due: Iterable[str]) -> None:
        for case_id in due:
            if self._stop.is_set():
                return
            look = asyncio.create_task(asyncio.to_thread(keep_clocks_of, case_id, self._parts))
            (fault,) = await asyncio.gather(look, return_exceptions=True)
            if isinstance(fault, StoreBusy | Collision):
                raise fault
            if isinstance(fault, BaseException):
                self._leave_alone(case_id, fault)

    def _leave_alone(self, case_id: str, fault: BaseException) -> None:
        """A fault of ours is told by its type and place, never by its text."""
        self._failed[case_id] = self._parts.clock()
        place = traceback.extract_tb(fault.__traceback__)[-1]
        log.error(
            "clocks not kept", case=case_id, fault=type(fault).__name__, place=f"{place.name}:{place.lineno}"
        )
