"""Writing back what a batch of tries led to."""

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from adapter.domain.delivery import Pause, Settled
from adapter.outside.store import work
from adapter.outside.store.rows import values
from adapter.outside.store.sql import Record, Sql, Values
from adapter.outside.store.tables import delivery, receipt, recipient

_CHANGED = ("state", "place", "due", "clock", "tries", "because")
_WRITE_BACK = (
    update(delivery)
    .where(delivery.c.id == bindparam("id_"))
    .values({name: bindparam(name + "_") for name in _CHANGED})
)


def settle(sql: Sql, settled: Sequence[Settled], pause: Pause | None) -> None:
    """Outcomes, receipts and the recipient's pause, and the next in every lane that became free.

    A delivery that was moved since it was read keeps its state: a withdrawal of consent or an operator came
    first. One outcome overrules that: what the partner accepted was delivered, also when it was stopped on
    its way. Tries and receipts are facts and are always written.
    """
    recipients = {one.delivery.outgoing.recipient for one in settled}
    work.lock(sql, recipients | ({pause.recipient} if pause else set()))
    ids = [one.delivery.id for one in settled]
    current = {row["id"]: row for row in sql.rows(select(delivery).where(delivery.c.id.in_(ids)))}
    after = [_after(current[one.delivery.id], one) for one in settled]
    sql.run_each(_WRITE_BACK, [{name + "_": value for name, value in one.items()} for one in after])
    receipts = [_receipt(new, one) for new, one in zip(after, settled, strict=True) if one.receipt]
    sql.run_each(insert(receipt), receipts)
    freed = [one for new, one in zip(after, settled, strict=True) if new["place"] == "done"]
    if freed:
        cases = {one.delivery.outgoing.case_id for one in freed}
        work.call_forward(sql, recipients, cases, max(one.at for one in freed))
    if pause:
        mine = recipient.c.organisation == pause.recipient
        sql.run(update(recipient).where(mine).values(failures=pause.failures, paused_until=pause.until))


def _after(row: Record, one: Settled) -> Values:
    new = {name: row[name] for name in ("id", *_CHANGED)}
    new["tries"] += one.tried
    if row["place"] == one.delivery.place != "done":
        new |= {"state": one.state, "place": one.place, "due": one.due, "because": one.because}
        if (row["place"], one.place) == ("held", "head"):
            new["clock"] = one.at  # sent again by a person: the time until parking begins anew
    elif (row["state"], one.event) == ("stopped-by-consent", "accepted"):
        new |= {"state": one.state, "because": one.because}
    return new


def _receipt(new: Values, one: Settled) -> Values:
    said = values(one.receipt)
    return {"delivery": new["id"], "number": new["tries"], "at": one.at} | said
