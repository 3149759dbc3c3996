"""What always holds of the deliveries of a case: lanes, places, receipts, and the evidence of each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from adapter.domain.case import Audit
from adapter.domain.delivery import Delivery
from adapter.domain.exchange import conclude
from adapter.domain.record import CaseRecord
from adapter.flows.invariants import Violation
from adapter.flows.parts import Parts

_PLACES = {
    "queued": ("head", "behind"),
    "waiting": ("head", "behind"),
    "sent": ("head",),
    "rejected": ("held",),
    "parked": ("held",),
    "accepted": ("done",),
    "stopped-by-consent": ("done",),
    "skipped": ("done",),
}

_BY_ITSELF = "receipt"


def lanes(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Who waits in a lane waits behind exactly one, the oldest."""
    by_recipient: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in record.deliveries:
        if delivery.place != "done":
            by_recipient[delivery.outgoing.recipient].append(delivery)
    for waiting in by_recipient.values():
        fronts = [d.id for d in waiting if d.place != "behind"]
        if fronts != [waiting[0].id]:
            yield Violation("lane-has-its-oldest-in-front", f"delivery {waiting[0].id}")


def places(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """The place fits the state, and what is to be sent is there."""
    there = {(v.type, v.id, v.number) for v in record.versions}
    for delivery in record.deliveries:
        if delivery.place not in _PLACES.get(delivery.state, ()):
            yield Violation("place-fits-state", f"delivery {delivery.id}")
        pins = (delivery.outgoing.focus, *delivery.outgoing.carries)
        if any((p.type, p.id, p.number) not in there for p in pins):
            yield Violation("what-is-sent-is-there", f"delivery {delivery.id}")


def receipts(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Every try has one, numbered from 1; those that came by themselves are more."""
    for delivery in record.deliveries:
        heard = record.receipts.get(delivery.id, ())
        numbers = [number for number, _, receipt in heard if receipt.transport != _BY_ITSELF]
        if numbers != list(range(1, delivery.tries + 1)):
            yield Violation("receipts-count-the-tries", f"delivery {delivery.id}")


def evidence(record: CaseRecord, parts: Parts) -> Iterator[Violation]:
    """Every try is audited; what was accepted was confirmed, on consents where some are needed; what a person left out
    or consent stopped says why."""
    told: dict[str, list[Audit]] = defaultdict(list)
    for audit in record.audit:
        if audit.action.startswith("delivery-"):
            told[audit.details.get("delivery", "")].append(audit)
    for delivery in record.deliveries:
        of_it = told[str(delivery.id)]
        if sum(a.action == "delivery-tried" for a in of_it) != delivery.tries:
            yield Violation("try-is-audited", f"delivery {delivery.id}")
        if delivery.state == "accepted" and not _proven(delivery, record, of_it, parts):
            yield Violation("accepted-is-proven", f"delivery {delivery.id}")
        if delivery.state == "skipped" and not any(a.action == "delivery-skip" for a in of_it):
            yield Violation("skipped-by-a-person", f"delivery {delivery.id}")
        if delivery.state == "stopped-by-consent" and not delivery.because:
            yield Violation("stopped-for-a-reason", f"delivery {delivery.id}")


def _proven(delivery: Delivery, record: CaseRecord, told: Sequence[Audit], parts: Parts) -> bool:
    """A receipt that says so, and an audit row of that try, which names the consents it rests on.

    A receipt that came by itself may be about any try, or about one of a process that died before it wrote of it.
    """
    heard = [receipt for _, _, receipt in record.receipts.get(delivery.id, ())]
    # Whether its receipts were waited for then, the audit says: the two have words of their own for what was carried.
    rules = [(r, conclude(parts.tables.answers, r, receipts=False)) for r in heard]
    by_itself = any(rule.conclusion == "accepted" and r.transport == _BY_ITSELF for r, rule in rules)
    if by_itself and not delivery.tries:
        return True
    confirmed = {rule.because for _, rule in rules if rule.conclusion == "accepted"}
    category = parts.tables.categories.get(delivery.outgoing.category)
    needed = category is None or category.consent_needed
    tried = [a for a in told if a.action == "delivery-tried" and (a.details.get("consents") or not needed)]
    return bool(tried) if by_itself else any(_because(a) in confirmed for a in tried)


def _because(audit: Audit) -> str:
    return audit.details.get("because", "").partition(":")[0]  # behind it stand the codes of a receipt
