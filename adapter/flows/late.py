"""What goes or comes long after its time says so, with its own time: a backlog that is sent again without a word is
read as news (R-161).

A letter keeps its id and its bytes at every try. So it says that it is late only where surely no copy that does not
say so can have come to its recipient; and once it says so, so does each further copy.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from adapter.domain.case import Resource
from adapter.domain.days import first_moment
from adapter.domain.delivery import Delivery, Receipt
from adapter.domain.exchange import conclude
from adapter.domain.message import Envelope
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts

LATE: Final = "late"
CAME_LATE: Final = "came-late"
_GENERATED = {"edi": "MsgHead.MsgInfo.GenDate", "fhir": "Bundle.timestamp", "hand": "form.call.at"}


def leaves_late(delivery: Delivery, now: datetime, parts: Parts) -> bool:
    """Whether a letter says so at this try. One that began before, and of which nobody knows what came, was put
    together as of then, and so is this one.

    Asks the database by itself, and only for what is old: who calls it holds no transaction.
    """
    began = delivery.begun or now
    if began - delivery.outgoing.created_at <= parts.tables.thresholds.late.out:
        return False
    if not delivery.tries:
        return True
    said = (receipt for _, at, receipt in parts.store.receipts_of(delivery.id) if at <= began)
    return all(_surely_not_there(receipt, parts) for receipt in said) or _has_said_so(delivery, parts)


def _surely_not_there(receipt: Receipt, parts: Parts) -> bool:
    because = conclude(parts.tables.answers, receipt).because
    return because in parts.tables.thresholds.late.not_there


def _has_said_so(delivery: Delivery, parts: Parts) -> bool:
    audits = parts.store.audit_of(delivery.outgoing.case_id)
    return any(a.details.get("delivery") == str(delivery.id) and LATE in a.details for a in audits)


def label(delivery: Delivery, parts: Parts) -> Resource:
    """What the MessageHeader of a late message holds beside the rest: a tag, and when its content was decided."""
    decided = delivery.outgoing.created_at.isoformat(timespec="milliseconds")
    url = f"{parts.base}/StructureDefinition/decided-at"
    return {
        "meta": {"tag": [{"system": f"{parts.base}/CodeSystem/message-tag", "code": LATE}]},
        "extension": [{"url": url, "valueInstant": decided}],
    }


def came_late(envelope: Envelope, at: datetime, parts: Parts) -> Iterator[Finding]:
    """What there is to say of a message that was written long before it came. It counts all the same."""
    try:
        written = first_moment(envelope.generated or None)
    except ValueError:
        return
    if written and at - written > parts.tables.thresholds.late.into:
        yield Finding(CAME_LATE, _GENERATED[envelope.door])
