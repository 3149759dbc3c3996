"""Somebody reports that a person has died, or that such a report was wrong (R-154; hpl § 24).

Whatever is queued for the person stops at once, in all cases, and nobody is told: not the partners, and in no answer.
That is no decision about the person (pjl § 11): nothing ends, nothing is refused, and what stands still can go on. A
person here looks, and either closes the cases (flows/closing.py) or takes them off the list and sends on what was held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain.case import (
    CLOSED,
    DEAD,
    DEATH_TAKEN_BACK,
    DEATHS,
    Audit,
    Case,
    Resource,
    Step,
    Version,
    Waiting,
)
from adapter.flows.closing_reason import is_closing_reason
from adapter.flows.outbox import under_way
from adapter.flows.parts import Parts
from adapter.flows.stopping import hold_queued
from adapter.ports import Transaction

DIED, NOT_DIED = "died", "not-died"
_CYCLE = "stay"


@dataclass(frozen=True, slots=True)
class Report:
    """What `by` (organisation number) says of the person whose keyed hash is `subject`. `source` names its message."""

    subject: str
    dead: bool
    by: str
    at: datetime
    source: str


def said_dead(facts: Mapping[str, str]) -> bool | None:
    """What a FHIR message says by Patient.deceased[x]; None where it says nothing of it."""
    if "patient.deceased_at" in facts:
        return True
    return {"true": True, "false": False}.get(facts.get("patient.deceased", ""))


def said_by_plan(plan: Resource, base: str) -> bool:
    """Whether a plan has ended because the person has died, as its unit says (CL-12)."""
    ended = plan["resourceType"] == "CarePlan" and plan["status"] in ("completed", "revoked")
    return ended and any(_is_of_death(e, base) for e in plan.get("extension", ()))


def taken_back_by_plan(before: Resource, plan: Resource, base: str) -> bool:
    """Whether a unit says that a plan which it ended by death was an error."""
    return said_by_plan(before, base) and plan["status"] == "entered-in-error"


def without_death(carried: Sequence[Version], base: str) -> list[Version]:
    """Of what goes to others than the owner: no plan as it ended by death, and in none that was an error the reason."""
    return [_silent(v, base) for v in carried if not said_by_plan(v.body, base)]


def _silent(version: Version, base: str) -> Version:
    extensions = version.body.get("extension", ())
    left = [e for e in extensions if not _is_of_death(e, base)]
    if version.type != "CarePlan" or len(left) == len(extensions):
        return version
    body = {**version.body, "extension": left}
    return replace(version, body={name: value for name, value in body.items() if value})


def _is_of_death(extension: Resource, base: str) -> bool:
    said = extension.get("valueCoding", {}).get("code")
    return is_closing_reason(extension, base) and said == DIED


def stands(tx: Transaction, subject: str, facts: Mapping[str, str]) -> bool:
    """Whether a person is said to be dead, or was found to be: then a need of that person is for a person here."""
    if said_dead(facts):
        return True
    cases = tx.cases_of_person(subject)
    if not cases:
        return False
    found = tx.of_cases([case.id for case in cases])
    return any(is_found_dead(of) for of in found.values()) or tx.person_waits(subject, DEATHS)


def is_found_dead(versions: Sequence[Version]) -> bool:
    """Whether a person here has confirmed that the one whose case it is has died."""
    return any(v.type == "Patient" and v.body.get("deceasedBoolean") for v in versions)


def reported(tx: Transaction, report: Report, parts: Parts) -> None:
    """Stop everything of the person, or say on the list that the report was taken back. Locks all cases of it."""
    for found in tx.cases_of_person(report.subject):
        case = tx.case(found.id)
        if case is None:
            continue
        what = DIED if report.dead else NOT_DIED
        tx.move(case, [Step(case.id, _CYCLE, what, "", DIED, report.at, report.by, report.source)])
        if report.dead:
            _stop(tx, case, report.at, parts)
        elif not _still_said(case, report.by, parts):
            _take_back(tx, case, report)


def _stop(tx: Transaction, case: Case, at: datetime, parts: Parts) -> None:
    """What begins after this commit is nothing; what had begun is named in the audit, as it may come all the same."""
    heads = [d for d in tx.deliveries(case.id) if d.place == "head"]
    said = tx.receipts(case.id) if heads else {}
    hold_queued(tx, case, at, DEAD)
    begun = [d.id for d in heads if under_way(d, said.get(d.id, ()), parts)]
    ids = {"held": [d.id for d in heads], "under-way": begun}
    details = {what: ",".join(str(id_) for id_ in which) for what, which in ids.items() if which}
    if details:
        tx.record(Audit(at, "adapter", "deliveries-held", case.id, {"because": DEAD, **details}))
    if case.state != CLOSED and not is_found_dead(tx.of_case(case.id)):
        tx.wait_for_person(Waiting(case.id, "conversation", DEAD, at))


def _still_said(case: Case, by: str, parts: Parts) -> bool:
    """Whether somebody else has reported the death, and has not taken that back."""
    last = {
        step.actor: step.event
        for step in parts.store.history_of(case.id)
        if step.lifecycle == _CYCLE and step.event in (DIED, NOT_DIED)
    }
    return DIED in (last | {by: NOT_DIED}).values()


def _take_back(tx: Transaction, case: Case, report: Report) -> None:
    """Nothing goes on by itself: what was held waits for a person. One who is found dead already may be alive."""
    waited = tx.resolve(case.id, report.at, report.by, (DEAD,))
    if waited or case.state == CLOSED or is_found_dead(tx.of_case(case.id)):
        tx.wait_for_person(Waiting(case.id, "conversation", DEATH_TAKEN_BACK, report.at))
    if case.state == "held-for-routing":
        tx.wait_for_person(Waiting(case.id, "routing", DEATH_TAKEN_BACK, report.at))


def list_again(tx: Transaction, case: Case, at: datetime) -> None:
    """Something new has come in a case of a person who is said to be dead: it waits with the rest of that case."""
    if tx.person_waits(case.subject_key, (DEAD,)):
        tx.wait_for_person(Waiting(case.id, "conversation", DEAD, at))
