"""How far a case has come, and who owes what since when: for whoever must see that it does not stand still (F1).

Delivered, opened and acted upon are three different things. It names organisations, steps and clocks, and nothing of a
person; a day that could tell when somebody was born is left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from adapter.domain.case import Case, Step, Version
from adapter.domain.deadline import Deadline, Happened, Rule, State
from adapter.domain.delivery import Delivery
from adapter.domain.participation import Participant
from adapter.domain.problems import Finding, Refused
from adapter.flows.clock_facts import happened, owes_coordinator
from adapter.flows.contacts import codes
from adapter.flows.decisions_made import decisions_made, standing, task_versions
from adapter.flows.interim import INTERIM, interim_in
from adapter.flows.members import members, team_of
from adapter.flows.participants import has_returned
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.ports import Transaction

HERE: Final = "a-person-here"
_ACTED = ("accept", "ask", "interim", "decide", "refuse", "conclude", "offer", "decline-offer", "appoint")
_MILESTONES = {
    "delivered": {"delivered"},
    "opened": {"case:open", "case:hand-over", *(f"case:{event}" for event in _ACTED)},
    "acted-upon": {"unit-wrote", "case:hand-over", *(f"case:{event}" for event in _ACTED)},
    "decided": {"case:decide", "case:refuse", "case:conclude"},
    "coordinator-offered": {"case:offer"},
    "coordinator-appointed": {"case:appoint"},
    "plan-in-force": {"plan:activate"},
}
"""What a case comes past, each by the first of these that happened since it came to the unit that has it. Who accepts
a hand-over has opened the case, and acted upon it."""
COMES: Final = frozenset({"route", "hand-over"})
"""Events by which a case comes to the unit that has it: what was done elsewhere before is not this unit's."""
_NEXT = {
    **dict.fromkeys(("routed", "received"), ("owner", "open")),
    "opened": ("owner", "accept"),
    "accepted": ("owner", "decide"),
    "needs-information": ("requester", "answer"),
    "held-for-consent": ("requester", "state-the-consent"),
    **dict.fromkeys(("decided", "coordinator-offered"), ("owner", "appoint")),
}
"""Who takes the next step of a case that goes on, by its state."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A milestone, when the case first came past it (UTC), and by whom: an organisation number, or `adapter`."""

    milestone: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline. `waits_for`: whom it reminds. `since` and `due` are None where they could tell a birthday; `due` is
    the first moment (UTC) at which it is too late."""

    rule: str
    state: State
    waits_for: tuple[str, ...]
    since: datetime | None
    due: datetime | None
    stopped_by: str
    because: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What is waited for: `by` whom (an organisation number, or `a-person-here`), and since when (UTC)."""

    by: str
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TakesPart:
    """An organisation of the team, in which roles, and how far its participation has come."""

    organisation: str
    roles: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A case as it is followed. `expected_on` is the day in Norway that the last interim reply has named."""

    case: str
    state: str
    since: datetime
    requester: str
    owner: str | None
    unit: str | None
    passed: tuple[Passed, ...]
    expected_on: date | None
    owed: tuple[Owed, ...]
    clocks: tuple[Clock, ...]
    team: tuple[TakesPart, ...]


def followed(case_id: str, parts: Parts) -> Followed:
    """Raises Refused(not-found)."""
    at = parts.clock()
    with parts.store.transaction() as tx:
        case = tx.case(case_id)
        if case is None or not case.subject_key:
            raise Refused(Finding("not-found", "case"))
        versions, facts = tx.of_case(case.id), happened(tx, case, parts)
        steps = parts.store.history_of(case.id)
        moved = [step for step in steps if step.lifecycle == "case" and step.before != step.after]
        since = moved[-1].at if moved else case.opened_at
        return Followed(
            case=case.id,
            state=case.state,
            since=since,
            requester=case.requester,
            owner=case.owner,
            unit=case.unit,
            passed=tuple(_passed(facts, steps)),
            expected_on=_expected(case, versions, parts),
            owed=tuple(_owed(tx, case, since, versions, parts)),
            clocks=tuple(_clock(one, case, parts) for one in tx.deadlines(case.id)),
            team=tuple(_team(versions, at, parts)),
        )


def _expected(case: Case, versions: Sequence[Version], parts: Parts) -> date | None:
    """The day that the last interim reply names, as long as one can be given: what is decided waits for none."""
    task = next((v.body for v in versions if v.id == id_of(case.id, "task")), None)
    open_ = parts.tables.lifecycles["case"].after(case.state, INTERIM) is not None
    return interim_in(task, parts).expected_on if task and open_ else None


def _passed(facts: Iterable[Happened], steps: Sequence[Step]) -> Iterator[Passed]:
    came = [step.at for step in steps if step.lifecycle == "case" and step.event in COMES]
    here = sorted((one for one in facts if came and one.at >= came[-1]), key=lambda one: one.at)
    for milestone, events in _MILESTONES.items():
        first = next((one for one in here if one.event in events), None)
        if first:
            yield Passed(milestone, first.at, first.by)


def _owed(
    tx: Transaction, case: Case, since: datetime, versions: Sequence[Version], parts: Parts
) -> Iterator[Owed]:
    role, step = _NEXT.get(case.state, ("", ""))
    if step == "appoint" and not owes_coordinator(
        standing(decisions_made(task_versions(tx, case.id, versions), parts))
    ):
        role = ""
    by = case.requester if role == "requester" else case.owner
    if role and by and not (role == "owner" and has_returned(case, by)):
        yield Owed(by, step, since)
    for note in _unanswered(versions, parts.base):
        other = case.requester if note.author == case.owner else case.owner
        if other and (other, "answer") != (by, step):
            yield Owed(other, "answer", note.at)
    team = team_of(versions)
    for row in _rows(versions, parts):
        if team and row.stated == "invited" and row.organisation:
            yield Owed(row.organisation, "answer-the-invitation", team.at)
    yield from _standing(tx, case)


def _standing(tx: Transaction, case: Case) -> Iterator[Owed]:
    """What waits for a person here, or for the receipt of who was sent something."""
    for one in tx.waits(case.id):
        if one.resolved_at is None:
            yield Owed(HERE, f"{one.list}: {one.reason}", one.since)
    for delivery in tx.deliveries(case.id):
        if delivery.place != "done":
            yield Owed(*_of_delivery(delivery), delivery.outgoing.created_at)


def _unanswered(versions: Sequence[Version], base: str) -> Iterator[Version]:
    """Questions within the case that nothing says it answers."""
    notes = [v for v in versions if v.type == "Communication"]
    answered = {r.get("reference", "") for v in notes for r in v.body.get("inResponseTo", ())}
    for note in notes:
        kinds = codes(note.body.get("category", ()), f"{base}/CodeSystem/note-kind")
        if "question" in kinds and note.reference not in answered:
            yield note


def _of_delivery(delivery: Delivery) -> tuple[str, str]:
    if delivery.place == "held":
        return HERE, f"delivery {delivery.id}: {delivery.because}"
    return delivery.outgoing.recipient, "receipt"


def _clock(one: Deadline, case: Case, parts: Parts) -> Clock:
    rule = parts.tables.deadlines.of(one.rule)
    hidden = rule.dayless
    return Clock(
        rule=one.rule,
        state=one.state,
        waits_for=tuple(waits_for(rule, one, case, parts)),
        since=None if hidden else one.started_at,
        due=None if hidden else one.due_at,
        stopped_by=one.by,
        because=rule.because,
    )


def waits_for(rule: Rule, one: Deadline, case: Case, parts: Parts) -> Iterator[str]:
    """The organisations (numbers) that a clock of a case reminds, as far as they are known to us."""
    numbers = {"owner": case.owner, "requester": case.requester}
    for role in rule.remind:
        whom = numbers.get(role, one.about if one.about in parts.partners.by_organisation else None)
        if whom:
            yield whom


def _rows(versions: Sequence[Version], parts: Parts) -> Sequence[Participant]:
    team = team_of(versions)
    return members(team.body, versions, parts, in_full=True) if team else []


def _team(versions: Sequence[Version], at: datetime, parts: Parts) -> Iterator[TakesPart]:
    for row in _rows(versions, parts):
        if row.organisation:
            yield TakesPart(row.organisation, tuple(sorted(row.roles)), row.state(at))
