"""What does not go now because of the person it is about, or of the address it goes to: each waits for a person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from adapter.domain.case import DEAD, DEATHS
from adapter.domain.delivery import Delivery
from adapter.flows.address_known import closed_to
from adapter.flows.parts import Parts
from adapter.ports import Transaction


def kept_back(
    tx: Transaction, heads: Sequence[Delivery], case_ids: Collection[str], now: datetime, parts: Parts
) -> Mapping[int, str]:
    """Of those of a batch, all of these cases, the ids of which nothing goes, and why.

    Nothing goes of one who is said to be dead until somebody has looked (R-154), and no need to an address that the
    register says is gone (R-103): what has been decided to be sent there waits as well as what is decided now.
    """
    silenced = tx.persons_wait(case_ids, DEATHS)
    needs = {one.outgoing.case_id for one in heads if one.outgoing.category == "need"}
    closed = closed_to(tx, needs, now, parts) if needs else {}
    found = {}
    for one in heads:
        out = one.outgoing
        gone = closed.get((out.case_id, out.recipient)) if out.category == "need" else None
        if because := DEAD if out.case_id in silenced else gone:
            found[one.id] = because
    return found
