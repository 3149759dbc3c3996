"""Once a day, and when a process starts: what the calendar alone has changed is told, and the books of the days before
are made up.
"""

import asyncio
from datetime import date

import structlog

from adapter.domain.days import norwegian_day
from adapter.flows.clocks import clock_ahead
from adapter.flows.lapse_news import look
from adapter.flows.parts import Parts
from adapter.flows.reconciliation import make_up_books, unexplained
from adapter.ports import Collision, StoreBusy

_LOOK_EVERY = 60.0
"""Seconds between looks at the calendar."""

log = structlog.get_logger("daily")


class Daily:
    """Runs until told to stop. Any number of processes may, as each thing is told once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stop = asyncio.Event()
        self._looked: date | None = None

    def stop(self) -> None:
        """Finish the page of cases in hand. From the loop's own thread."""
        self._stop.set()

    async def run(self) -> None:
        """Look at every case on each new day in Norway; a look that the database did not let end begins anew."""
        while not self._stop.is_set():
            today = norwegian_day(self._parts.clock())
            if today != self._looked and await self._looks():
                self._looked = today
            try:
                await asyncio.wait_for(self._stop.wait(), _LOOK_EVERY)
            except TimeoutError:
                continue

    async def _looks(self) -> bool:
        """Whether all was looked at. Who is off itself cannot say that a day has come."""
        try:
            if await asyncio.to_thread(clock_ahead, self._parts.store, self._parts.clock):
                return False
            after = await asyncio.to_thread(look, "", self._parts)
            while after and not self._stop.is_set():
                after = await asyncio.to_thread(look, after, self._parts)
            if not after:
                await asyncio.to_thread(_reconcile, self._parts)
        except (StoreBusy, Collision):
            log.warning("store busy")
            return False
        return not after


def _reconcile(parts: Parts) -> None:
    """What was received since the last day made up, held against what it led to; one log line, by whoever is first."""
    found = make_up_books(parts)
    if found is None:
        return
    received, amiss = sum(one.received for one in found), unexplained(found)
    (log.error if amiss else log.info)("reconciled", received=received, unexplained=amiss)
