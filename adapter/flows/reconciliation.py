"""The books of a day: everything received, and what each message led to (interop-rules c: created and never seen)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from adapter.domain.case import Audit
from adapter.domain.days import begins, norwegian_day
from adapter.domain.reconciliation import Balance, Trace, balances
from adapter.flows.parts import Parts
from adapter.ports import Reckoning

ACTION = "reconciled"
_PAGE = 500


def reconcile(first: date, last: date, parts: Parts) -> Sequence[Balance]:
    """Each day in Norway from the first to the last, and each sender. Reads only. Raises StoreBusy."""
    since, before = begins(first), begins(last + timedelta(days=1))
    stays = frozenset(way.kind for way in parts.tables.ways if way.event == "stay")
    returns = frozenset(way.kind for way in parts.tables.ways if way.event == "returned")
    return balances(_received(first, last, parts), _traces(since, before, parts), stays, returns)


def make_up_books(parts: Parts) -> Sequence[Balance] | None:
    """Each day in Norway since the last one that was made up, or since the first message, until yesterday; None where
    nothing was left to do. What came of each stands in the audit.
    """
    yesterday = norwegian_day(parts.clock()) - timedelta(days=1)
    made, first = made_up(parts.store.reckoning()), parts.store.reckoning().first_received()
    begun = max(made) + timedelta(days=1) if made else norwegian_day(first) if first else yesterday
    days = [begun + timedelta(days=number) for number in range((yesterday - begun).days + 1)]
    found = [_made_up(day, {}, "adapter", parts) for day in days]
    return [one for balances_ in found for one in balances_] if days else None


def seen(day: date, by: str, why: str, parts: Parts) -> Sequence[Balance]:
    """A person has seen to the messages of a day that left no trace: it is made up anew, and is no alarm any more."""
    return _made_up(day, {"why": why}, by, parts)


def made_up(reckoning: Reckoning) -> Mapping[date, Audit]:
    """The days that were made up, each by the latest row of the audit on it."""
    return {date.fromisoformat(row.details["day"]): row for row in reckoning.audits(ACTION)}


def not_seen_to(made: Mapping[date, Audit]) -> Sequence[Audit]:
    """The days whose books do not balance, and that nobody has seen to."""
    return [row for row in made.values() if int(row.details["unexplained"]) and "why" not in row.details]


def _made_up(day: date, why: Mapping[str, str], by: str, parts: Parts) -> Sequence[Balance]:
    found = reconcile(day, day, parts)
    details = {
        "day": day.isoformat(),
        "received": str(sum(one.received for one in found)),
        "unexplained": str(unexplained(found)),
        **why,
    }
    with parts.store.transaction() as tx:
        tx.record(Audit(parts.clock(), by, ACTION, None, details))
    return found


def unexplained(found: Sequence[Balance]) -> int:
    """How many messages have left nothing that explains them, or were not looked at."""
    return sum(one.amiss for one in found)


def _received(first: date, last: date, parts: Parts) -> dict[tuple[date, str], int]:
    reckoning = parts.store.reckoning()
    found: dict[tuple[date, str], int] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        of_day = reckoning.received(begins(day), begins(day + timedelta(days=1)))
        found |= {(day, sender): count for sender, count in of_day.items()}
    return found


def _traces(since: datetime, before: datetime, parts: Parts) -> Iterator[Trace]:
    reckoning = parts.store.reckoning()
    after: Trace | None = None
    while page := reckoning.traces(since, before, after, _PAGE):
        yield from page
        after = page[-1]
