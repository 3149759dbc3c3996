"""What is kept no longer goes, class by class, in small transactions (mappings/retention.yaml).

It may run at any time, any number at once, and again after it was cut off: what is gone is gone, the rest is still due.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.domain.retention import Batch, Class, Removal, Retention
from adapter.ports import Clock, Keeping

ORDER: tuple[Class, ...] = ("payload", "superseded", "case", "answers", "refused", "audit")
"""Parts before the whole, and what is left of a case after it."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one transaction removed of a class: messages or cases, and rows."""

    name: Class
    items: int
    rows: int


def tidy(
    keeping: Keeping, retention: Retention, clock: Clock, by: str, *, limit: int, dry_run: bool
) -> Iterator[Tidied]:
    """Remove what is due now, at most `limit` messages or cases a transaction; a dry run only counts what is due.

    Raises StoreBusy or Collision: what was told before is done, the rest is still due.
    """
    now = clock()
    for name in ORDER:
        rule = retention.rules[name]
        if rule.keep is None:
            continue
        removal = Removal(rule, rule.keep.before(now), retention.over, retention.settled)
        batch = Batch(0, 0, None)
        while True:
            if dry_run:
                batch = keeping.due(removal, batch, limit)
            else:
                batch = keeping.remove(removal, batch, limit, clock(), by)
            yield Tidied(name, batch.items, batch.rows)
            if batch.last is None:
                break
