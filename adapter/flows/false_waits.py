"""What only a clock that stood wrong can have written."""

from datetime import datetime

from adapter.domain.case import Audit
from adapter.flows.parts import Parts


def end_false_waits(now: datetime, parts: Parts) -> None:
    """End what only a clock that stood wrong can have written: pauses of recipients, and times at which mail is due.
    They would wait for years.
    """
    with parts.store.transaction() as tx:
        if hastened := tx.hasten(parts.schedule.latest_meant(now), now):
            details = {"number": str(hastened), "because": "clock-stood-wrong"}
            tx.record(Audit(now, "adapter", "deliveries-hastened", None, details))
    for recipient in parts.partners.by_organisation:
        if parts.schedule.nobody_meant(parts.store.pause_of(recipient), now):
            with parts.store.transaction() as tx:
                tx.unpause(recipient)
                details = {"recipient": recipient, "because": "clock-stood-wrong"}
                tx.record(Audit(now, "adapter", "pause-ended", None, details))
