"""One plan per person, whoever owns it (IP-f § 9 second paragraph).

A person may have several cases, reported by several hospitals; only one of them has a plan in force or on hold. A need
that comes while one stands is about its revision, and leads to no plan beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import Case, Version, Waiting
from adapter.domain.identifiers import derived
from adapter.flows.outbox import note_to
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH, id_of, instant, keep_changed, require_valid
from adapter.mapping.engine import Fact
from adapter.mapping.writing import write
from adapter.ports import Transaction

_STANDS = frozenset({"active", "on-hold"})
_ASKS = "plan-to-revise"


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan in force or on hold in another case of a person."""

    owner: str | None
    plan: Version


def other_plans(tx: Transaction, case: Case) -> list[Standing]:
    """Those that stand beside a case that is locked; the others are locked too, so that two plans never come into
    force at one moment. Two flows that wait for each other are a Collision for one of them, which then repeats.
    """
    others = _others(tx, case)
    for other in others:
        tx.case(other.id)
    return _standing(tx, others)


def standing_plans(tx: Transaction, case: Case) -> list[Standing]:
    """Those that stand now beside a case; locks nothing."""
    return _standing(tx, _others(tx, case))


def without_draft(plans: Sequence[Standing], owner: str | None) -> Mapping[str, str]:
    """The fact that a need makes no draft of a plan: it has come to whom the plan in force belongs, or to nobody yet.

    Another municipality starts from a draft of its own. It does not learn of the other plan here: that somebody has
    one is confidential (hpl § 21), and a person agrees on the handing over.
    """
    own = [standing.plan for standing in plans if owner in (None, standing.owner)]
    return {"plan.to_revise": own[0].reference} if own else {}


def ask_to_revise(tx: Transaction, case: Case, plans: Sequence[Standing], at: datetime, parts: Parts) -> None:
    """Ask the unit that has got the need to revise the plan it has. One of another owner is for a person here."""
    own = [standing.plan for standing in plans if standing.owner == case.owner]
    if own:
        tx.send([note_to(case, case.owner or "", _question(tx, case, own[0], at, parts), at)])
    elif plans:
        tx.wait_for_person(Waiting(case.id, "conversation", "plan-in-force-elsewhere", at))


def _question(tx: Transaction, case: Case, plan: Version, at: datetime, parts: Parts) -> Version:
    """What only the unit gets: the hospital is told of a plan by people, when they have decided."""
    home, owner = (parts.partners.by_organisation[o] for o in (parts.home, case.owner or ""))
    id_ = derived(case.id, _ASKS, plan.reference)
    facts: dict[str, Fact] = {
        "note.id": id_,
        "note.kind": _ASKS,
        "note.text": parts.tables.problems[_ASKS].text[owner.language],
        "note.sent": instant(at),
        "ref.patient": f"Patient/{id_of(case.id, 'patient')}",
        "ref.task": f"Task/{id_of(case.id, 'task')}",
        "ref.plan_to_revise": plan.reference,
        "recipient.system": ENH,
        "recipient.organisation": owner.organisation,
        "recipient.name": owner.name,
        "sender.organisation": home.organisation,
        "sender.name": home.name,
    }
    written = write(parts.tables.resources["communication"], facts, parts.tables.codes)
    resource = {"resourceType": "Communication", "id": id_, **(written or {})}
    require_valid(_ASKS, resource)
    (kept,) = keep_changed(tx, [resource], case=case, author=parts.home, source=id_, at=at)
    return kept


def _others(tx: Transaction, case: Case) -> list[Case]:
    """In the order of their ids. A case that was purged is nobody's any more."""
    return [other for other in tx.cases_of_person(case.subject_key) if other.id != case.id]


def _standing(tx: Transaction, cases: Sequence[Case]) -> list[Standing]:
    versions = tx.of_cases([case.id for case in cases]) if cases else {}
    return [
        Standing(case.owner, version)
        for case in cases
        for version in versions[case.id]
        if version.type == "CarePlan" and version.body["status"] in _STANDS
    ]
