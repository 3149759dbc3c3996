"""Which elements of a plan a delivery took along, and which it left out: told from what is kept, without a value."""

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.case import Audit, Version
from adapter.domain.consent import Deny
from adapter.domain.delivery import Delivery, Pinned
from adapter.flows.account import Shown
from adapter.flows.ended_plan import withheld
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.plan_view import access_of, elements_shown


def elements_told(
    delivery: Delivery, audit: Sequence[Audit], versions: Sequence[Version], parts: Parts
) -> tuple[Shown, ...]:
    """By the consents as they stood at its last try; of one that still waits, by those of now. None of what is no plan,
    or was stopped as a whole: why, its state says. `versions` are all those of the case."""
    out, views = delivery.outgoing, parts.tables.views
    if out.category != views.whole:
        return ()
    at = _decided_at(delivery, audit, parts)
    stood = stood_at(versions, at)
    if isinstance(may_have(stood, out.recipient, out.category, at, parts, about=out.focus.type), Deny):
        return ()
    access = access_of(out.recipient, stood, at, parts)
    carried = [
        v for v in versions if Pinned(v.type, v.id, v.number) in out.carries and v.type in views.frames
    ]
    told: list[Shown] = []
    for v in carried:
        kept = withheld(v, stood, at, parts) if v.type == "CarePlan" else None
        told += elements_shown(v.body, access, views) if kept is None else kept
    return tuple(told)


def _decided_at(delivery: Delivery, audit: Sequence[Audit], parts: Parts) -> datetime:
    tries = [a.at for a in audit if a.details.get("delivery") == str(delivery.id)]
    return max(tries) if tries and delivery.place == "done" else parts.clock()


def stood_at(versions: Sequence[Version], at: datetime) -> list[Version]:
    """The versions that were current at a moment. `versions` are in their order."""
    return list({v.reference: v for v in versions if v.at <= at}.values())
