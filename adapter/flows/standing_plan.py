"""One plan per person, whoever owns it (IP-f § 9 second paragraph).

A person may have several cases, reported by several hospitals; only one of them has a plan in force or on hold. A need
that comes while one stands is about its revision, and leads to no plan beside it. A draft is a plan once its unit has
written in it: what the adapter makes of a need is only the place for one.
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

UNDER_WAY = frozenset(
    {
        *("accepted", "needs-information", "decided"),
        *("coordinator-offered", "coordinator-declined", "coordinator-appointed"),
    }
)
"""States of a case in which its unit writes a plan: from when it took the case on, until that ends."""
_STANDS = frozenset({"active", "on-hold"})
_ASKS = "plan-to-revise"


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan in another case of a person: in force, on hold, or a draft that its unit writes."""

    owner: str | None
    plan: Version

    @property
    def stands(self) -> bool:
        """Whether it is in force or on hold."""
        return self.plan.body["status"] in _STANDS


def stands_here(versions: Sequence[Version]) -> bool:
    """Whether a plan is in force or on hold in a case, by its current versions."""
    return any(v.type == "CarePlan" and v.body["status"] in _STANDS for v in versions)


def other_plans(tx: Transaction, case: Case) -> list[Standing]:
    """Those that stand or are written beside a case that is locked; the others are locked too, so that two plans never
    come into force at one moment. Of two flows that wait for each other one gets a Collision, and then repeats.
    """
    others = [tx.case(other.id) for other in _others(tx, case)]
    return _plans(tx, [other for other in others if other])


def standing_plans(tx: Transaction, case: Case) -> list[Standing]:
    """Those that stand now beside a case; locks nothing."""
    return [plan for plan in _plans(tx, _others(tx, case)) if plan.stands]


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


def _plans(tx: Transaction, cases: Sequence[Case]) -> list[Standing]:
    versions = tx.of_cases([case.id for case in cases]) if cases else {}
    return [
        Standing(case.owner, version)
        for case in cases
        for version in versions[case.id]
        if version.type == "CarePlan" and _counts(case, version)
    ]


def _counts(case: Case, plan: Version) -> bool:
    if plan.body["status"] == "draft":
        return plan.author == case.owner and case.state in UNDER_WAY
    return plan.body["status"] in _STANDS
