"""A person has got another identity number: a D-number or an emergency number gives way to a national one (R-159).

That two numbers are one person's nobody here can know, so a person says it. The cases stay as they are, under the new
number from now on: one plan per person, and a report of death, reach all of them. The old number stands in the earlier
versions of Patient, and in messages as they came; what still comes under it is about the same person.

A number that has cases already is another person's, or makes one of two: a person says so in so many words. Given the
old number again, what this moved goes back, with what has come under that number since, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain import person
from adapter.domain.case import Audit, Case, FormerKey, Resource, Step, Waiting
from adapter.domain.identifiers import derived, subject_key
from adapter.domain.need import identity_findings
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of, instant, keep_changed
from adapter.ports import Collision, Transaction

_SYSTEM_OF = {kind: system for system, kind in person.SYSTEMS.items()}
_STANDS = ("active", "on-hold")
_TWO_PLANS = "plans-of-one-person"


@dataclass(frozen=True, slots=True)
class _Said:
    """Who says it, of the person of which case, and why."""

    case_id: str
    by: str
    why: str
    at: datetime


def renumber(case_id: str, number: str, by: str, why: str, parts: Parts, *, same_person: bool = False) -> int:
    """Put every case of the person of this case under the new number; how many there were.

    `same_person`: whoever has cases under that number is this person. Given twice, it is one command. Raises Refused:
    not-found, number-has-cases, wrong-check-digit, real-person-in-test or synthetic-person-in-production.
    """
    known = person.classify(number)
    if known is None:
        raise Refused(Finding("wrong-check-digit", "person"))
    if amiss := identity_findings({f"patient.{known.kind}": number}, {}, parts.environment):
        raise Refused(*(Finding(f.problem, "person") for f in amiss))
    identifier = {"system": _SYSTEM_OF[known.kind], "value": number}
    said = _Said(case_id, by, why, parts.clock())
    try:
        return _renumber(said, identifier, parts, same_person=same_person)
    except Collision:  # somebody held two of the cases in another order
        return _renumber(said, identifier, parts, same_person=same_person)


def _renumber(said: _Said, identifier: Resource, parts: Parts, *, same_person: bool) -> int:
    new = subject_key(parts.secret, identifier["value"])
    with parts.store.transaction() as tx:
        glance = tx.glance("Task", id_of(said.case_id, "task"))
        if glance is None:
            raise Refused(Finding("not-found", "case"))
        old = glance[1].subject_key
        if old == new:
            return 0
        known = tx.former_keys([case.id for case in tx.cases_of_person(old)])
        back = {former.case_id: former.at for former in known if former.subject_key == new}
        new = new if back else tx.known_as(new)  # it may have given way to a third number since
        theirs = tx.cases_of_person(new)
        if theirs and not (back or same_person):
            raise Refused(Finding("number-has-cases", "person"))
        ids = {case.id for case in (*theirs, *tx.cases_of_person(old))}
        cases = [case for case in (tx.case(id_) for id_ in sorted(ids)) if case]
        moved = [c for c in cases if c.subject_key == old and (c.id in back or not back)]
        for case in moved:
            _move(tx, case, new, identifier, said)
            if back:
                tx.forget_former_keys(case.id, back[case.id])
            else:
                tx.keep_former_key(FormerKey(old, case.id, said.at))
        ids = {case.id for case in moved}
        together = [case for case in cases if case.subject_key == new or case.id in ids]
        _list_two_plans(tx, together, said)
        if back:
            _list_two_plans(tx, [case for case in cases if case not in together], said)
    return len(moved)


def _move(tx: Transaction, case: Case, new: str, identifier: Resource, said: _Said) -> None:
    source = derived("renumbered", case.id, instant(said.at))
    patient = tx.current("Patient", id_of(case.id, "patient"))
    bodies = [_with(patient.body, identifier)] if patient else []
    keep_changed(tx, bodies, case=case, author="adapter", source=source, at=said.at)
    step = Step(case.id, "person", "renumber", "", "renumbered", said.at, f"operator:{said.by}", source)
    tx.move(replace(case, subject_key=new), [step])
    tx.record(Audit(said.at, said.by, "person-renumbered", case.id, {"why": said.why}))


def _with(patient: Resource, identifier: Resource) -> Resource:
    """The number in place of the one that stood there; other identifiers stay."""
    others = [i for i in patient.get("identifier", ()) if i.get("system") not in person.SYSTEMS]
    return {**patient, "identifier": [identifier, *others]}


def _list_two_plans(tx: Transaction, cases: Sequence[Case], said: _Said) -> None:
    """Two plans in force that turn out to be one person's are for people to make one of (IP-f § 9), and those that do
    not any more are not.
    """
    found = tx.of_cases([case.id for case in cases])
    with_plan = {
        id_
        for id_, versions in found.items()
        if any(v.type == "CarePlan" and v.body["status"] in _STANDS for v in versions)
    }
    for case in cases:
        if case.id in with_plan and len(with_plan) > 1:
            tx.wait_for_person(Waiting(case.id, "conversation", _TWO_PLANS, said.at))
        else:
            tx.resolve(case.id, said.at, f"operator:{said.by}", (_TWO_PLANS,))
