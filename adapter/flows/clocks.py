"""Whether the clock of this process and that of the database agree: what is due, and when, hangs on it."""

from datetime import timedelta

from adapter.domain.exchange import MAY_DIFFER
from adapter.ports import Clock, Store


def clock_ahead(store: Store, clock: Clock) -> timedelta:
    """How far this process's clock is ahead of the database's (below zero: behind); nothing if they agree, or if the
    database has no clock of its own. What the question itself takes is not counted. Raises StoreBusy.
    """
    before, there, after = clock(), store.time(), clock()
    if there is None:
        return timedelta()
    ahead = before - there if before > there else min(after - there, timedelta())
    return ahead if abs(ahead) > MAY_DIFFER else timedelta()
