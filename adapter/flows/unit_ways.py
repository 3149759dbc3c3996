"""What a person may do where nothing reaches the coordinating unit of a case: ring it, or turn elsewhere (R-161)."""

from adapter.domain.case import Case
from adapter.domain.days import norwegian_day
from adapter.domain.need import stay_of
from adapter.domain.problems import Finding, Refused
from adapter.domain.register import AMISS
from adapter.domain.routing import Routed, Unit, by_her_id, route
from adapter.domain.way_round import WayRound, way_round
from adapter.flows.doors import read_message
from adapter.flows.last_message import last_message
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.mapping.days_off import is_holiday

CLOSED = frozenset({"unit-of-no-municipality", "unit-by-telephone", "address-not-in-partner-table", *AMISS})
"""Why a case waits though its unit is known."""


def beside_waiting(case_id: str, reason: str, parts: Parts) -> WayRound | None:
    """For a case that waits because its unit cannot be reached: the ways to the unit its message leads to now."""
    case = _case(case_id, parts) if reason in CLOSED else None
    if case is None or case.state != "held-for-routing":
        return None
    return _ways(_unit_meant(case, parts), parts)


def beside_delivery(case_id: str, recipient: str, parts: Parts) -> WayRound | None:
    """For a delivery that stands still: the ways to the unit of the case, where that is whom it is for."""
    case = _case(case_id, parts)
    if case is None or case.owner != recipient or not case.unit:
        return None
    return _ways(by_her_id(parts.directory, case.unit, norwegian_day(parts.clock())), parts)


def _case(case_id: str, parts: Parts) -> Case | None:
    with parts.store.transaction() as tx:
        found = tx.glance("Task", id_of(case_id, "task"))
    return found[1] if found else None


def _unit_meant(case: Case, parts: Parts) -> Unit | None:
    try:
        opened = last_message(case, parts)
        read = read_message(opened, parts)
    except Refused:
        return None
    if isinstance(read, Finding):
        return None
    found = route(parts.directory, stay_of(read.facts), opened.addressed, norwegian_day(parts.clock()))
    return found.unit if isinstance(found, Routed) else None


def _ways(unit: Unit | None, parts: Parts) -> WayRound | None:
    return way_round(unit, parts.directory, parts.clock(), is_holiday) if unit else None
