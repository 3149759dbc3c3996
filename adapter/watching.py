"""One look at the database and the disk, for the watch: what stands ready to be told when somebody asks."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from adapter.api.slow_look import SlowLook
from adapter.api.watch import Measure
from adapter.domain.condition import AWAY, Measured
from adapter.domain.standing import Stuck
from adapter.flows.clocks import clock_ahead
from adapter.flows.parts import Parts
from adapter.flows.stuck import stuck
from adapter.outside.store import Database, StoreFailed
from adapter.ports import Clock, StoreBusy


def looking_for_what_stands_still(parts: Parts, clock: Clock) -> Callable[[], Sequence[Stuck]]:
    """What stands still, asked for once a minute: nobody is called sooner, and counting must not become the load."""
    return SlowLook(lambda: stuck(parts.store.reckoning(), parts.tables.thresholds, clock()))


def measuring(
    store: Database,
    file: Path | None,
    clock: Clock,
    *,
    mailbox: bool = False,
    still: Callable[[], Sequence[Stuck]] | None = None,
) -> Measure:
    """One look at the database, and at the disk where the database is a file; at the mailbox where there is one."""

    def measure() -> Measured:
        try:
            standing, oldest = store.backlog(), store.oldest_due(clock())
            ahead = clock_ahead(store, clock)
            waiting = store.mailbox().counts() if mailbox else {}
            stuck = still() if still else ()
        except (StoreBusy, StoreFailed):
            return AWAY
        free = shutil.disk_usage(file.parent).free if file else None
        there = store.ready(), free, standing, oldest, store.has_room(), ahead
        return Measured(True, *there, mailbox=waiting, stuck=stuck)

    return measure
