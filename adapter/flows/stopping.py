"""What is queued for a case is ended or held, because it must not go where it was going."""

from collections.abc import Collection
from datetime import datetime

from adapter.domain.case import Case
from adapter.domain.delivery import Settled
from adapter.ports import Transaction


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
