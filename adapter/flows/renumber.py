"""A person has got another identity number: a D-number or an emergency number gives way to a national one (R-159).

That two numbers are one person's nobody here can know, so a person says it. The cases stay as they are, under the new
number from now on: one plan per person, and a report of death, reach all of them. The old number stands in the earlier
versions of Patient, and in messages as they came.
"""

from collections.abc import Sequence
from dataclasses import replace

from adapter.domain import person
from adapter.domain.case import Audit, Case, Resource, Step, Waiting
from adapter.domain.identifiers import derived, subject_key
from adapter.domain.need import identity_findings
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of, instant, keep_changed
from adapter.ports import Collision, Transaction

_SYSTEMS = {
    "fnr": "urn:oid:2.16.578.1.12.4.1.4.1",
    "dnr": "urn:oid:2.16.578.1.12.4.1.4.2",
    "fhn": "urn:oid:2.16.578.1.12.4.1.4.3",
}
_STANDS = ("active", "on-hold")


def renumber(case_id: str, number: str, by: str, why: str, parts: Parts) -> int:
    """Put every case of the person of this case under the new number; how many there were.

    Given twice, it is one command. Raises Refused: not-found, wrong-check-digit, real-person-in-test or
    synthetic-person-in-production.
    """
    known = person.classify(number)
    if known is None:
        raise Refused(Finding("wrong-check-digit", "person"))
    if amiss := identity_findings({f"patient.{known.kind}": number}, {}, parts.environment):
        raise Refused(*(Finding(f.problem, "person") for f in amiss))
    identifier = {"system": _SYSTEMS[known.kind], "value": number}
    try:
        return _renumber(case_id, identifier, by, why, parts)
    except Collision:  # somebody held two of the cases in another order
        return _renumber(case_id, identifier, by, why, parts)


def _renumber(case_id: str, identifier: Resource, by: str, why: str, parts: Parts) -> int:
    now, new = parts.clock(), subject_key(parts.secret, identifier["value"])
    with parts.store.transaction() as tx:
        glance = tx.glance("Task", id_of(case_id, "task"))
        if glance is None:
            raise Refused(Finding("not-found", "case"))
        old = glance[1].subject_key
        if old == new:
            return 0
        theirs = {c.id: c for key in (old, new) for c in tx.cases_of_person(key)}
        cases = [case for case in (tx.case(id_) for id_ in sorted(theirs)) if case]
        moved = [case for case in cases if case.subject_key == old]
        for case in moved:
            source = derived("renumbered", case.id, instant(now))
            patient = tx.current("Patient", id_of(case.id, "patient"))
            bodies = [_with(patient.body, identifier)] if patient else []
            keep_changed(tx, bodies, case=case, author="adapter", source=source, at=now)
            step = Step(case.id, "person", "renumber", "", "renumbered", now, f"operator:{by}", source)
            tx.move(replace(case, subject_key=new), [step])
            tx.record(Audit(now, by, "person-renumbered", case.id, {"why": why}))
        _list_two_plans(tx, cases, parts)
    return len(moved)


def _with(patient: Resource, identifier: Resource) -> Resource:
    """The number in place of the one that stood there; other identifiers stay."""
    others = [i for i in patient.get("identifier", ()) if i.get("system") not in _SYSTEMS.values()]
    return {**patient, "identifier": [identifier, *others]}


def _list_two_plans(tx: Transaction, cases: Sequence[Case], parts: Parts) -> None:
    """Two plans in force that turn out to be one person's are for people to make one of (IP-f § 9)."""
    found = tx.of_cases([case.id for case in cases])
    with_plan = [
        id_
        for id_, versions in found.items()
        if any(v.type == "CarePlan" and v.body["status"] in _STANDS for v in versions)
    ]
    for id_ in with_plan if len(with_plan) > 1 else ():
        tx.wait_for_person(Waiting(id_, "conversation", "plans-of-one-person", parts.clock()))
