"""Looks at the database and the disk again and again, so that no request has to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import structlog

from adapter.domain.condition import AWAY, Bounds, Condition, Measured, condition

Measure = Callable[[], Measured]
"""Looks once. May block; a fault in it counts as a database that is away."""

EVERY_SECONDS = 1.0
"""The rest after a look; after one that found no database to write to always, so that its return is seen at once."""
LATE_SECONDS = 5.0
"""A look that takes longer than this counts as no answer while it lasts: unless a flow was served within this time,
which shows that the database answers and only is busy."""
_REST = 20
"""Counting a very long backlog must not become the load: after a look that found all well, it may take one
twentieth of the time."""
MOST_REST_SECONDS = 10.0
"""But no rest is longer: a database that is lost meanwhile is seen after this."""

log = structlog.get_logger("watch")


class Watch:
    """The condition of this process as last measured; before the first look, all is well."""

    def __init__(
        self,
        measure: Measure,
        bounds: Bounds,
        *,
        maintenance: bool = False,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._measure, self._bounds, self._maintenance = measure, bounds, maintenance
        self._seconds, self._sleep = seconds, sleep
        # Neither flows nor postmen are before it in line: late, it would be the cause of what it reports.
        self._thread = ThreadPoolExecutor(1, "watch")
        self._began: float | None = None
        self._served: float | None = None
        self._stopping = False
        self.measured = Measured()
        self._found = self._judged()

    @property
    def condition(self) -> Condition:
        """What holds now. Costs next to nothing."""
        if self._began is not None and self._late(self._began) and not self._serves():
            self._began, self.measured = None, AWAY
            self._found = self._judged()
        return self._found

    def served(self) -> None:
        """A flow has just done what it was asked for, with the database. Costs next to nothing."""
        self._served = self._seconds()

    @property
    def stopping(self) -> bool:
        """Whether the process was told to end."""
        return self._stopping

    def stop(self) -> None:
        """From now on the process is ending."""
        self._stopping = True
        self._found = self._judged()

    async def look(self) -> None:
        """Measure once, in a thread of its own, and judge anew; a change of mode or reasons is one log line."""
        self._began = began = self._seconds()
        looking = asyncio.get_running_loop().run_in_executor(self._thread, self._measure)
        (found,) = await asyncio.gather(looking, return_exceptions=True)
        if isinstance(found, BaseException):
            log.error("measuring failed", error=type(found).__name__)
            found = AWAY
        if not found.takes_writes and found.has_room and self._late(began) and self._serves():
            # A look that found no database at all counted nothing: what was counted last still stands.
            figures = found if found.answers else self.measured
            found = replace(figures, answers=True, writable=True, busy=True)
        self._began, self.measured, before = None, found, self._found
        self._found = self._judged()
        if (before.mode, before.reasons) != (self._found.mode, self._found.reasons):
            log.warning("condition", mode=self._found.mode, reasons=list(self._found.reasons))

    async def keep(self) -> None:
        """Look, rest, and look again, until cancelled."""
        with suppress(asyncio.CancelledError):
            while True:
                began = self._seconds()
                await self.look()
                await self._sleep(self._rest_after(self._seconds() - began))

    def _rest_after(self, took: float) -> float:
        if self.measured.busy or not self.measured.takes_writes:
            return EVERY_SECONDS
        return min(max(EVERY_SECONDS, _REST * took), MOST_REST_SECONDS)

    def _late(self, began: float) -> bool:
        return self._seconds() - began > LATE_SECONDS

    def _serves(self) -> bool:
        return self._served is not None and not self._late(self._served)

    def _judged(self) -> Condition:
        return condition(self.measured, self._bounds, maintenance=self._maintenance, stopping=self._stopping)
