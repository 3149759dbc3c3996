"""Whom the hand-overs of a case ask, read from their Tasks: that unit may answer, and knows that there is a case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapter.domain.case import Case, Resource, Version
from adapter.domain.consent import Permit
from adapter.domain.days import norwegian_day
from adapter.domain.delivery import Delivery
from adapter.domain.hand_over import OVER, HandOver
from adapter.domain.routing import Unit, by_her_id
from adapter.domain.way_round import why_nothing_is_sent
from adapter.flows.consents import permit
from adapter.flows.outbox import may_have_got
from adapter.flows.parts import Parts
from adapter.flows.task_kind import HAND_OVER, task_kind, tasks_told_of
from adapter.mapping.engine import Facts, Root, flat, read
from adapter.ports import Transaction

ANSWER: Final = "hand-over-answer"
"""The category of what becomes of a proposal, as told to the unit that made it."""
TAKEN_OVER: Final = "case-handed-over"
"""The message event by which a unit gets a case that it has accepted."""
WITHDRAWN: Final = ("withdraw", "requested", "cancelled")
"""What happens to a hand-over that waits when it ends without an answer: event, state before and after."""


def hand_over_of(facts: Facts) -> HandOver:
    """A proposal by the facts of mappings/messages/hand-over-update.yaml."""
    said = flat(facts)
    return HandOver(said.get("status", ""), said.get("plan", ""), said.get("unit", ""))


def waiting(versions: Sequence[Version], parts: Parts) -> list[tuple[Version, HandOver]]:
    """The hand-overs of a case that nobody has answered."""
    asked = [v for v in versions if v.type == "Task" and v.body["status"] == "requested"]
    return [(v, _read(v.body, parts)) for v in asked if task_kind(v.body, parts.base) == HAND_OVER]


def without_answer(task: Version) -> Resource:
    """The Task of a hand-over that ends unanswered; its step is `WITHDRAWN`."""
    return task.body | {"status": WITHDRAWN[-1]}


def receiver(hand_over: HandOver, at: datetime, parts: Parts) -> Unit | None:
    """The unit that is asked; None where none in use has its HER-id, or that one keeps no plan here: it would have to
    take FHIR."""
    unit = by_her_id(parts.directory, hand_over.unit, norwegian_day(at))
    if unit is None or why_nothing_is_sent(unit, parts.partners):
        return None
    return unit if parts.partners.by_organisation[unit.organisation].channel == "fhir" else None


def organisations_asked(versions: Sequence[Version], at: datetime, parts: Parts) -> frozenset[str]:
    """Whose units are asked now (organisation numbers)."""
    units = (receiver(hand_over, at, parts) for _, hand_over in waiting(versions, parts))
    return frozenset(unit.organisation for unit in units if unit)


def is_asked(tx: Transaction, task: Version | None, organisation: str, at: datetime, parts: Parts) -> bool:
    """Whether a Task is a hand-over that asks this organisation, and it may have heard of it: who has not is told
    nothing of the case (hpl § 21)."""
    if task is None or task.type != "Task" or task_kind(task.body, parts.base) != HAND_OVER:
        return False
    unit = receiver(_read(task.body, parts), at, parts)
    if unit is None or unit.organisation != organisation:
        return False
    return may_have_got(tx.deliveries(task.case_id), tx.receipts(task.case_id), organisation, parts)


def may_read_proposal(
    version: Version, versions: Sequence[Version], organisation: str, at: datetime, parts: Parts
) -> bool:
    """Whether it is a hand-over that this organisation is asked about now, and the person still consents to that."""
    asked = (h for v, h in waiting(versions, parts) if v == version)
    units = (receiver(hand_over, at, parts) for hand_over in asked)
    here = any(unit and unit.organisation == organisation for unit in units)
    return here and isinstance(permit(versions, organisation, HAND_OVER, at, parts), Permit)


def between_others(
    tx: Transaction, version: Version, case: Case, organisation: str, at: datetime, parts: Parts
) -> bool:
    """Whether it is, or is the Provenance of, a hand-over that nobody has accepted, between two other units than this
    organisation's: who asked whom, and whether that one would, is theirs alone."""
    return any(_between_others(task, case, organisation, at, parts) for task in tasks_told_of(tx, version))


def _between_others(task: Version, case: Case, organisation: str, at: datetime, parts: Parts) -> bool:
    if task_kind(task.body, parts.base) != HAND_OVER or task.body["status"] == "accepted":
        return False
    asked = receiver(_read(task.body, parts), at, parts)
    return organisation not in (task.author, case.owner, asked and asked.organisation)


def is_of_before(version: Version, organisation: str, deliveries: Sequence[Delivery]) -> bool:
    """Whether a version is older than when this organisation took the case over: it has that as far as consent goes, as
    anybody who takes part, and not because the case is its own."""
    since = [
        d.outgoing.created_at
        for d in deliveries
        if d.outgoing.event == TAKEN_OVER and d.outgoing.recipient == organisation
    ]
    ended = version.type == "CarePlan" and version.body["status"] in OVER
    return bool(since) and (version.at < max(since) or (ended and version.at == max(since)))


def _read(task: Resource, parts: Parts) -> HandOver:
    root, nothing = Root("Task", task), Root("Task", {})
    table = parts.tables.messages["hand-over-update"]
    return hand_over_of(read(table, "fhir", {"Task": root}, nothing, parts.tables.codes).facts)
