"""What somebody was asked for and has answered, or not: to take part, to look at a complaint anew (IP-f § 8; pbrl
§ 7-7)."""

from collections.abc import Iterator, Sequence
from typing import Final

from adapter.domain.case import Case, Step, Version
from adapter.domain.deadline import Happened
from adapter.domain.identifiers import derived
from adapter.domain.participation import Participant
from adapter.flows.complaint_read import state_of
from adapter.flows.members import members
from adapter.flows.parts import Parts
from adapter.flows.stated_days import every_version
from adapter.flows.task_kind import is_complaint
from adapter.ports import Transaction

_INVITE: Final = ("participation", "invite")
_UNANSWERED: Final = frozenset({"none", "received"})
"""States of a complaint that whoever decided has done nothing with."""


def of_team(
    tx: Transaction, case: Case, steps: Sequence[Step], versions: Sequence[Version], parts: Parts
) -> Iterator[Happened]:
    """Who was invited to take part and has answered. Only of a case in which somebody was invited are the versions of
    the team read."""
    invites = any((s.lifecycle, s.event) == _INVITE for s in steps)
    team = next((v for v in versions if v.type == "CareTeam"), None)
    if team is None or not invites:
        return
    told = [(v, members(v.body, versions, parts)) for v in every_version(tx, team)]
    yield from _invitations(case, told)


def _invitations(case: Case, told: Sequence[tuple[Version, Sequence[Participant]]]) -> Iterator[Happened]:
    waiting: set[str] = set()
    for version, rows in told:
        now = {_asked(case, row) for row in rows if row.stated == "invited"}
        for event, whom in (("invited", now - waiting), ("invitation-answered", waiting - now)):
            yield from (Happened(event, version.at, version.author, one) for one in sorted(whom))
        waiting = now


def _asked(case: Case, row: Participant) -> str:
    """The number of an organisation; a person is known by an id that tells nothing."""
    return row.organisation or derived(case.id, "invited", row.who)


def complaints(tx: Transaction, versions: Sequence[Version], parts: Parts) -> Iterator[Happened]:
    """Each complaint, and that whoever decided has reversed it, sent it on or dismissed it."""
    for task in (v for v in versions if is_complaint(v, parts.base)):
        told = every_version(tx, task)
        yield Happened("complaint-received", told[0].at, told[0].author, task.reference)
        answer = next((v for v in told if state_of(v.body, parts) not in _UNANSWERED), None)
        if answer:
            yield Happened("complaint-answered", answer.at, answer.author, task.reference)
