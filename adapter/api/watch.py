"""Looks at the database and the disk about once a second, so that no request has to."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from adapter.domain.condition import AWAY, Bounds, Condition, Measured, condition

Measure = Callable[[], Measured]
"""Looks once. May block; a fault in it counts as a database that is away."""

EVERY_SECONDS = 1.0
LATE_SECONDS = 5.0
"""A look that takes longer than this counts as no answer while it lasts."""
_REST = 20
"""A look may take one twentieth of the time: counting a very long backlog must not become the load."""

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
    ) -> None:
        self._measure, self._bounds, self._maintenance, self._seconds = measure, bounds, maintenance, seconds
        self._began: float | None = None
        self._stopping = False
        self.measured = Measured()
        self._found = self._judged()

    @property
    def condition(self) -> Condition:
        """What holds now. Costs next to nothing."""
        if self._began is not None and self._seconds() - self._began > LATE_SECONDS:
            self._began, self.measured = None, AWAY
            self._found = self._judged()
        return self._found

    @property
    def stopping(self) -> bool:
        """Whether the process was told to end."""
        return self._stopping

    def stop(self) -> None:
        """From now on the process is ending."""
        self._stopping = True
        self._found = self._judged()

    async def look(self) -> None:
        """Measure once, in a thread, and judge anew; a change of mode or reasons is one log line."""
        self._began = self._seconds()
        (found,) = await asyncio.gather(asyncio.to_thread(self._measure), return_exceptions=True)
        if isinstance(found, BaseException):
            log.error("measuring failed", error=type(found).__name__)
            found = AWAY
        self._began, self.measured, before = None, found, self._found
        self._found = self._judged()
        if (before.mode, before.reasons) != (self._found.mode, self._found.reasons):
            log.warning("condition", mode=self._found.mode, reasons=list(self._found.reasons))

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        with suppress(asyncio.CancelledError):
            while True:
                began = self._seconds()
                await self.look()
                await asyncio.sleep(max(EVERY_SECONDS, _REST * (self._seconds() - began)))

    def _judged(self) -> Condition:
        return condition(self.measured, self._bounds, maintenance=self._maintenance, stopping=self._stopping)
