"""The books of a day: everything received, and what each message led to (interop-rules c: created and never seen)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from adapter.domain.case import Audit
from adapter.domain.days import begins, norwegian_day
from adapter.domain.reconciliation import Balance, Trace, balances
from adapter.flows.parts import Parts

ACTION = "reconciled"
_PAGE = 500


def reconcile(first: date, last: date, parts: Parts) -> Sequence[Balance]:
    """Each day in Norway from the first to the last, and each sender. Reads only. Raises StoreBusy."""
    since, before = begins(first), begins(last + timedelta(days=1))
    stays = frozenset(way.kind for way in parts.tables.ways if way.event == "stay")
    returns = frozenset(way.kind for way in parts.tables.ways if way.event == "returned")
    return balances(_traces(since, before, parts), stays, returns)


def reconcile_yesterday(parts: Parts) -> Sequence[Balance] | None:
    """The day before today in Norway, once: None where it was done already. What came of it stands in the audit."""
    now = parts.clock()
    day = norwegian_day(now) - timedelta(days=1)
    last = parts.store.reckoning().last_audit(ACTION)
    if last is not None and date.fromisoformat(last.details["day"]) >= day:
        return None
    found = reconcile(day, day, parts)
    details = {
        "day": day.isoformat(),
        "received": str(sum(one.received for one in found)),
        "unexplained": str(unexplained(found)),
    }
    with parts.store.transaction() as tx:
        tx.record(Audit(now, "adapter", ACTION, None, details))
    return found


def unexplained(found: Sequence[Balance]) -> int:
    """How many messages have left nothing that explains them."""
    return sum(len(one.unexplained) for one in found)


def _traces(since: datetime, before: datetime, parts: Parts) -> Iterator[Trace]:
    reckoning = parts.store.reckoning()
    after: Trace | None = None
    while page := reckoning.traces(since, before, after, _PAGE):
        yield from page
        after = page[-1]
