"""A caller that says that this is an emergency gets nothing by it: there is no such access here for anybody.

That an objection may be set aside for weighty reasons is for a person to weigh (hpl § 29, pbrl § 5-3; R-050), and who
calls here is a machine. What it tried is kept, and where it was a case that there is, a person sees it.
"""

from typing import Final

from adapter.domain.case import Audit, Waiting
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.ports import StoreBusy

NOT_SERVED: Final = "emergency-not-served"


def refuse_emergency(caller: Caller, type_: str, id_: str, parts: Parts) -> Answer:
    """403, whether there is such a resource or not. What is recorded of one that there is not is its type alone: its
    id is the caller's word."""
    now = parts.clock()
    try:
        with parts.store.transaction() as tx:
            glance = tx.glance(type_, id_)
            case = tx.case(glance[1].id) if glance else None
            named = glance[0].reference if glance else type_
            details = {"resource": named, "purpose": ",".join(sorted(caller.emergencies))}
            tx.record(
                Audit(now, caller.organisation, "emergency-refused", case.id if case else None, details)
            )
            if case:
                tx.wait_for_person(Waiting(case.id, "conversation", NOT_SERVED, now))
    except StoreBusy:
        return parts.refusal(Finding("store-busy"))
    return parts.refusal(Finding(NOT_SERVED, type_))
