"""Does everything that must hold of a live database hold? Looked at as it stood at one moment; nobody waits for it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from adapter.domain.identifiers import derived
from adapter.domain.record import CaseRecord
from adapter.flows import invariants, sent
from adapter.flows.clocks_kept import clocks
from adapter.flows.invariants import Check, Violation, of_message
from adapter.flows.parts import Parts
from adapter.ports import Keeping, Snapshot

_PAGE = 100
OF_A_CASE: tuple[Check, ...] = (
    invariants.messages,
    invariants.ids,
    invariants.versions,
    invariants.history,
    invariants.lists,
    clocks,
    sent.lanes,
    sent.places,
    sent.receipts,
    sent.evidence,
)


def verify(
    keeping: Keeping,
    parts: Parts,
    sample: int | None,
    progress: Callable[[int, int], None],
    audited_since: datetime | None = None,
) -> Iterator[Violation]:
    """Every violation of every case, or of a sample of them, and of what belongs to no case.

    A sample is as many cases behind a point that follows from the day: ids are hashes, so these are any cases, and
    another day others. `progress` is told how many cases are done, of how many. `audited_since` (UTC): no audit of a
    purge before it is asked for, because the audit is kept no longer than that; None: it is kept for ever.
    """
    with keeping.snapshot() as snapshot:
        if sample is None:
            yield from _of_no_case(snapshot, parts)
        total = min(snapshot.count(), sample if sample is not None else snapshot.count())
        start = "" if sample is None else derived("verify", parts.clock().date().isoformat())
        records = islice(_records(snapshot, start, wrap=sample is not None), total)
        for done, record in enumerate(records, 1):
            yield from of_case(record, parts, audited_since)
            progress(done, total)


def of_case(record: CaseRecord, parts: Parts, audited_since: datetime | None = None) -> Iterator[Violation]:
    """What does not hold of one case."""
    if record.tombstone:
        yield from invariants.messages(record, parts)
        yield from invariants.gone(record, audited_since)
        return
    for check in OF_A_CASE:
        yield from check(record, parts)


def _of_no_case(snapshot: Snapshot, parts: Parts) -> Iterator[Violation]:
    for table, id_ in snapshot.orphans():
        yield Violation("row-has-its-parent", f"{table} {id_}")
    after = ""
    while page := snapshot.refused(after, _PAGE):
        for message in page:
            yield from of_message(message, parts)
        after = page[-1].id


def _records(snapshot: Snapshot, start: str, *, wrap: bool) -> Iterator[CaseRecord]:
    """From a point on to the last, and then, if asked to, from the first on."""
    for first in (start, "") if wrap else (start,):
        after = first
        while page := snapshot.case_ids(after, _PAGE):
            yield from snapshot.records(page)
            after = page[-1]
