"""What is queued for a case is ended or held, because it must not go where it was going."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from adapter.domain.case import Case
from adapter.domain.consent import Deny, Permit
from adapter.domain.delivery import Settled
from adapter.flows.outbox import need_stopped, under_way
from adapter.flows.parts import Parts
from adapter.ports import Transaction


class Allows(Protocol):
    """What consent says of a recipient (organisation number), a category, and the type of what it is about."""

    def __call__(self, recipient: str, category: str, *, about: str) -> Permit | Deny: ...


def stop_denied(
    tx: Transaction, case: Case, allows: Allows, at: datetime, because: str, parts: Parts
) -> Mapping[str, str]:
    """End what waits and consent does not let go any more, at once, and not only when its turn comes.

    For the audit: the ids of these deliveries, and of those of them that may come to their recipient all the same,
    because they had begun before this commit. Nothing else begins after it (pbrl § 4-1).
    """
    open_ = [d for d in tx.deliveries(case.id) if d.place != "done"]
    said = tx.receipts(case.id) if open_ else {}
    stopped: list[int] = []
    wanted = defaultdict[tuple[str, str], set[str]](set)
    for out in (d.outgoing for d in open_):
        wanted[out.recipient, out.category].add(out.focus.type)
    for (recipient, category), about in sorted(wanted.items()):
        if any(isinstance(allows(recipient, category, about=one), Deny) for one in about):
            ended = tx.stop(case.id, recipient, category, at, because)
            stopped += ended
            if ended and category == "need":
                need_stopped(tx, case.id, ended, at, parts)
    begun = [d.id for d in open_ if d.id in stopped and under_way(d, said.get(d.id, ()), parts)]
    named = {"stopped": sorted(stopped), "under-way": begun}
    return {what: ",".join(str(id_) for id_ in ids) for what, ids in named.items() if ids}


def stop_queued(tx: Transaction, case: Case, recipient: str, at: datetime, because: str) -> None:
    """Nothing that is queued goes to this organisation (number) any more."""
    categories = {
        d.outgoing.category
        for d in tx.deliveries(case.id)
        if d.place != "done" and d.outgoing.recipient == recipient
    }
    for category in sorted(categories):
        tx.stop(case.id, recipient, category, at, because)


def stop_categories(
    tx: Transaction, case: Case, categories: Collection[str], at: datetime, because: str
) -> None:
    """Nothing queued of these categories goes to anybody any more."""
    for category in sorted(categories):
        tx.stop(case.id, "", category, at, because)


def hold_queued(tx: Transaction, case: Case, at: datetime, because: str) -> None:
    """Whatever is queued waits until a person sends it again or leaves it out; what comes later waits behind it."""
    heads = [d for d in tx.deliveries(case.id) if d.place == "head"]
    held = (Settled(d, "expired", "parked", "held", at, because, at, None, tried=False) for d in heads)
    tx.settle([*held], None)
