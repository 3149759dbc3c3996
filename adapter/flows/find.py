"""Operators look for cases. To look for a person is an act of its own: it has a reason, and it is audited."""

from collections.abc import Sequence
from dataclasses import replace

from adapter.domain import person
from adapter.domain.case import Audit
from adapter.domain.problems import Finding, Refused
from adapter.domain.record import Found, Question
from adapter.flows.notice import person_of
from adapter.flows.parts import Parts
from adapter.ports import Keeping


def find(question: Question, keeping: Keeping, parts: Parts) -> Sequence[Found]:
    """One page of cases. Raises Refused for a state that no case can have."""
    known = parts.tables.lifecycles["case"].cells
    if any(state not in known for state in question.states):
        raise Refused(Finding("step-unknown", "state"))
    if question.since and not question.states:
        # Named, they let the index on state and time find what has moved, however many have not.
        question = replace(question, states=tuple(known))
    return keeping.find(question)


def find_person(
    question: Question, number: str, by: str, why: str, keeping: Keeping, parts: Parts
) -> Sequence[Found]:
    """The cases of the person with this identity number, which goes no further than its keyed hash.

    Each case that is found has an audit row of it; one that finds nothing has one without a case (pjl § 22, § 25).
    Raises Refused(wrong-check-digit).
    """
    if person.classify(number) is None:
        raise Refused(Finding("wrong-check-digit", "person"))
    with parts.store.transaction() as tx:
        key = person_of(tx, number, parts)
    found = find(replace(question, subject_key=key), keeping, parts)
    now, details = parts.clock(), {"why": why, "by": "person"}
    told: list[str | None] = [f.id for f in found] or [None]
    keeping.record([Audit(now, by, "case-found", id_, details) for id_ in told])
    return found
