"""Writing back what a batch of tries led to."""

from collections.abc import Sequence

from adapter.domain.delivery import Pause, Settled
from adapter.outside.store import clock_statements, work
from adapter.outside.store.buffer import know
from adapter.outside.store.rows import values
from adapter.outside.store.sql import Record, Sql, Values
from adapter.outside.store.statements import CHANGED, DELIVERIES, INSERT, SET_PAUSE, WRITE_BACK

_SAYS_ALL = ("accepted", "rejected")
"""Outcomes after which it is known whether any try came to its recipient."""


def settle(sql: Sql, settled: Sequence[Settled], pause: Pause | None) -> Sequence[int]:
    """Outcomes, receipts and the recipient's pause, and the next in every lane that became free.
    The ids of those whose outcome stands.

    A delivery that was moved since it was read keeps its state: a withdrawal of consent or an operator came
    first. One outcome overrules that: what the partner accepted was delivered, also when it was stopped or held on
    its way. Tries and receipts are facts and are always written.
    """
    work.lock(sql, (one.delivery.outgoing.case_id for one in settled))
    ids = [one.delivery.id for one in settled]
    current = {row["id"]: row for row in sql.rows(DELIVERIES, ids=ids)}
    stands = [_stands(current[one.delivery.id], one) for one in settled]
    after = [
        _after(current[one.delivery.id], one, stands=is_so)
        for one, is_so in zip(settled, stands, strict=True)
    ]
    sql.run_each(WRITE_BACK, [{name + "_": value for name, value in one.items()} for one in after])
    receipts = [_receipt(new, one) for new, one in zip(after, settled, strict=True) if one.receipt]
    sql.run_each(INSERT["receipt"], receipts)
    freed = [one for new, one in zip(after, settled, strict=True) if new["place"] == "done"]
    if freed:
        recipients = {one.delivery.outgoing.recipient for one in freed}
        cases = {one.delivery.outgoing.case_id for one in freed}
        at = max(one.at for one in freed)
        work.call_forward(sql, recipients, cases, at)
        sql.run(clock_statements.LOOK_AT_ALL, cases=sorted(cases), at=at)
    if pause:
        _pause(sql, pause)
    return [one.delivery.id for one, is_so in zip(settled, stands, strict=True) if is_so]


def _pause(sql: Sql, pause: Pause) -> None:
    know(sql, {pause.recipient})
    sql.run(SET_PAUSE, to=pause.recipient, failed=pause.failures, until=pause.until)


def _stands(row: Record, one: Settled) -> bool:
    unmoved: bool = row["place"] == one.delivery.place != "done"
    return unmoved or (row["state"] in ("stopped-by-consent", "parked") and one.event == "accepted")


def _after(row: Record, one: Settled, *, stands: bool) -> Values:
    new = {name: row[name] for name in ("id", *CHANGED)}
    new["tries"] += one.tried
    if one.receipt and one.receipt.reference:
        new["reference"] = one.receipt.reference
    elif one.event == "requeue":  # handed in anew: what became of it before is known
        new["reference"] = ""
    if one.tried:  # what came of this try is known; of one before it, only by a real answer
        new["begun"] = None if one.event in _SAYS_ALL else one.delivery.begun
    if stands:
        new |= {"state": one.state, "because": one.because}
    if stands and row["place"] != "done":
        new |= {"place": one.place, "due": one.due}
        if not one.tried:  # a try knows the clock as it was before; who requeues sets it
            new["clock"] = one.delivery.clock
    return new


def _receipt(new: Values, one: Settled) -> Record:
    said = values(one.receipt)
    return {"delivery": new["id"], "number": new["tries"], "at": one.at} | said
