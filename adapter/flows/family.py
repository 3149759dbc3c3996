"""A child that a family expected is born: its need is a case of its own, and the family keeps one child coordinator.

Before the birth the case is about the mother, as a child that is not born has no identity (hol § 7-2 a; R-031). The
need of each child names that of the mother (ServiceRequest.basedOn), which ties the cases together. Nothing moves from
one to the other, and the mother's goes on until a person ends it: what was consented to was for her case.
"""

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.case import Case, Step, Version, Waiting
from adapter.domain.identifiers import case_id
from adapter.domain.need import CHILD_COORDINATOR
from adapter.domain.participation import Participant, child_coordinator
from adapter.domain.problems import Finding
from adapter.flows.contacts import codes
from adapter.flows.members import members, team_of
from adapter.flows.notice import Notice
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.ports import Transaction

_CYCLE, _BORN = "family", "born"
BORN = "child-has-own-case"
_UUID_SYSTEM = "urn:ietf:rfc:3986"


def tie(tx: Transaction, child: Case, expected: str, notice: Notice, parts: Parts) -> Finding | None:
    """Tie the case of a child to that of the need `expected` (UUID), which a person is told of; what is amiss where the
    sender has no such need of another person, about a child coordinator."""
    unknown = Finding("expected-need-unknown", "need.expected")
    mother = tx.case(case_id(child.requester, expected))
    if mother is None or mother.subject_key in ("", child.subject_key):
        return unknown
    need = tx.current("ServiceRequest", id_of(mother.id, "need"))
    if need is None or CHILD_COORDINATOR not in codes(
        [need.body.get("code", {})], f"{parts.base}/CodeSystem/need-kind"
    ):
        return unknown
    tx.move(mother, [Step(mother.id, _CYCLE, _BORN, "", _BORN, notice.at, notice.actor, child.id)])
    tx.wait_for_person(Waiting(mother.id, "conversation", BORN, notice.at))
    return None


def other_child_coordinators(
    tx: Transaction, case: Case, versions: Sequence[Version], at: datetime, parts: Parts
) -> list[Participant]:
    """Who is child coordinator now in the other cases of the family; locks nothing."""
    mother = _mother(case, versions)
    tied = [s.because for s in parts.store.history_of(mother) if s.lifecycle == _CYCLE]
    others = {mother, *tied} - {case.id}
    found = tx.of_cases(others) if tied or mother != case.id else {}
    teams = [(team_of(of), of) for of in found.values()]
    rows = [child_coordinator(members(team.body, of, parts, in_full=True), at) for team, of in teams if team]
    return [row for row in rows if row]


def _mother(case: Case, versions: Sequence[Version]) -> str:
    """The case that the need of a case names as that of the mother; itself where it names none."""
    need = next((v.body for v in versions if v.id == id_of(case.id, "need")), {})
    named = (ref.get("identifier", {}) for ref in need.get("basedOn", ()))
    uuids = (i.get("value", "").removeprefix("urn:uuid:") for i in named if i.get("system") == _UUID_SYSTEM)
    return next((case_id(case.requester, uuid) for uuid in uuids if uuid), case.id)
