"""What the deadlines of a case are counted from: its steps, and what else is known to have happened in it.

All of it is read anew at each look, from what is kept; the names of the facts are those of mapping/deadlines.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapter.domain.case import DEATHS, OVER, Case, Step, Version, Waiting
from adapter.domain.days import begins
from adapter.domain.deadline import Happened, Rule
from adapter.domain.decision import Decision, time_limit
from adapter.domain.delivery import Delivery, Receipt
from adapter.domain.exchange import conclude
from adapter.flows import asked_of_others, stated_days
from adapter.flows.contact_doctor import STAY, of_stays
from adapter.flows.death import DIED, NOT_DIED, is_found_dead
from adapter.flows.decision import decision_in
from adapter.flows.decisions_made import Made, decisions_made, task_versions
from adapter.flows.hand_over_asked import TAKEN_OVER
from adapter.flows.interim import INTERIM, interim_in
from adapter.flows.parts import Parts
from adapter.mapping.days_off import is_day_off
from adapter.ports import Transaction

OF_CLOCKS: Final = "deadline"
"""The list on which a person here finds what is overdue; no clock runs for that list itself."""
_DECIDES: Final = frozenset({"decide", "refuse", "conclude", "appoint"})
_GRANTS: Final = frozenset({"plan-and-coordinator", "coordinator-only", "child-coordinator"})
"""Outcomes (CL-10) by which a coordinator is to be appointed (hol §§ 7-2, 7-2 a)."""
_COMES: Final = frozenset({"route", "hand-over"})
"""Steps by which a case comes to a unit."""
_ONE_OF_SEVERAL: Final = "purge-there"
"""The life cycle whose steps rest on the one thing of several that they are about."""


def rules_of(case: Case, parts: Parts) -> Sequence[Rule]:
    """The rules that hold between the two organisations of a case."""
    return parts.tables.deadlines.between(case.requester, case.owner)


def owes_coordinator(decision: Decision) -> bool:
    """Whether a coordinator is still to be appointed, as far as is said: who names no outcome may grant one."""
    return not decision.outcome or decision.outcome in _GRANTS


def happened(tx: Transaction, case: Case, parts: Parts) -> list[Happened]:
    """All that may begin or end a deadline, of a case that is locked; what belongs to one moment in the order in which
    it counts."""
    steps, versions, now = parts.store.history_of(case.id), tx.of_case(case.id), parts.clock()
    found = [
        Happened("received", case.opened_at, case.requester),
        # Before the steps: what ends a case at the same moment ends what waits for a stay, too.
        *(one for one in of_stays(tx, case, steps, versions, now, parts) if not _was_over(steps, one.at)),
        *_given_and_done(steps, _delivered(tx.deliveries(case.id), steps, parts)),
        *_decided(tx, case, steps, versions, parts),
        *_written(versions, parts),
        *asked_of_others.of_team(tx, case, steps, versions, parts),
        *asked_of_others.complaints(tx, versions, parts),
        *stated_days.revisions(tx, versions, parts),
        *stated_days.consents(tx, versions, now, parts),
        *stated_days.birthdays(case, versions, now, parts),
        *_listed(tx.waits(case.id)),
    ]
    return found + list(_death(tx, case, steps, versions, found))


def _delivered(deliveries: Iterable[Delivery], steps: Sequence[Step], parts: Parts) -> Iterator[Happened]:
    """That a unit has the case: once for each time that it came to it. What the hospital corrects is the same enquiry,
    and its time runs (fvl § 11 a)."""
    first: dict[tuple[str, int], datetime] = {}
    for one in deliveries:
        out = one.outgoing
        if one.state == "accepted" and (out.category == "need" or out.event == TAKEN_OVER):
            time = sum(_comes(step) and step.at <= out.created_at for step in steps)
            came = _came(one, steps, parts)
            first[out.recipient, time] = min(came, first.get((out.recipient, time), came))
    for (to, _), came in first.items():
        if not _was_over(steps, came):
            yield Happened("delivered", came, to)


def _comes(step: Step) -> bool:
    return step.lifecycle == "case" and step.event in _COMES


def _came(one: Delivery, steps: Sequence[Step], parts: Parts) -> datetime:
    """When it came. Who has acted on it had it, also where its receipt came later."""
    to, sent = one.outgoing.recipient, one.outgoing.created_at
    acted = [step.at for step in steps if step.actor == to and step.at >= sent]
    said = [at for _, at, receipt in parts.store.receipts_of(one.id) if _accepts(to, receipt, parts)]
    return min([*acted, *said[:1]], default=sent)


def _was_over(steps: Sequence[Step], at: datetime) -> bool:
    """Whether the case was over when something came: of a need that was taken back before, nothing is waited for."""
    of_case = [step.after for step in steps if step.lifecycle == "case" and step.at < at]
    return bool(of_case) and of_case[-1] in OVER


def _given_and_done(steps: Sequence[Step], delivered: Iterable[Happened]) -> Iterator[Happened]:
    """The steps and what was delivered. What a unit does at one moment with what it got comes after it; that a unit
    sends it back comes before it is with the next."""
    arrivals = list(delivered)
    acted = {(step.at, step.actor) for step in steps}
    before = [one for one in arrivals if (one.at, one.by) in acted]
    yield from before
    yield from _steps(steps)
    yield from (one for one in arrivals if one not in before)


def _accepts(recipient: str, receipt: Receipt, parts: Parts) -> bool:
    partner = parts.partners.by_organisation.get(recipient)
    expected = partner is None or partner.receipts
    return conclude(parts.tables.answers, receipt, receipts=expected).conclusion == "accepted"


def _steps(steps: Iterable[Step]) -> Iterator[Happened]:
    for step in (s for s in steps if s.lifecycle != STAY):
        about = step.because if step.lifecycle == _ONE_OF_SEVERAL else ""
        yield Happened(f"{step.lifecycle}:{step.event}", step.at, step.actor, about)


def _decided(
    tx: Transaction, case: Case, steps: Sequence[Step], versions: Sequence[Version], parts: Parts
) -> Iterator[Happened]:
    """What the unit has granted, when the party knew of a decision, and when the unit expects to answer. Only of a case
    in which any of that was said are the versions of its Task read."""
    events = {step.event for step in steps if step.lifecycle == "case"}
    if not events & {*_DECIDES, INTERIM}:
        return
    tasks = task_versions(tx, case.id, versions)
    for made in decisions_made(tasks, parts):
        if made.decision.outcome in _GRANTS:
            yield Happened("granted", made.at, made.by)
        yield from _known(made, tasks, parts)
    replies = {step.because for step in steps if (step.lifecycle, step.event) == ("case", INTERIM)}
    for task in tasks:
        expected = interim_in(task.body, parts).expected_on if task.source in replies else None
        if expected:
            yield Happened("expected-on", task.at, task.author, "", expected)


def _known(made: Made, tasks: Sequence[Version], parts: Parts) -> Iterator[Happened]:
    """That the party knows of a decision, as soon as it is told; and until when it may complain, where that can be
    counted."""
    if made.decision.known_on is None:
        return
    of_it = (t for t in tasks if made.first <= t.number <= made.last and decision_in(t.body, parts).known_on)
    told = next(of_it, tasks[-1])
    yield Happened("party-knows", told.at, told.author)
    limit = time_limit(made.decision, parts.tables.decisions, is_day_off)
    if limit.last_day:
        yield Happened("known-on", told.at, told.author, "", limit.last_day)
        over = begins(limit.last_day + timedelta(days=1))
        if over <= parts.clock():
            yield Happened("complaint-time-over", max(over, told.at), "adapter")


def _written(versions: Iterable[Version], parts: Parts) -> Iterator[Happened]:
    """That a municipality has written something about the case: somebody there has it, and sees to it."""
    for note in (v for v in versions if v.type == "Communication"):
        author = parts.partners.by_organisation.get(note.author)
        if author and author.kind == "municipality":
            yield Happened("unit-wrote", note.at, note.author)


def _listed(waits: Iterable[Waiting]) -> Iterator[Happened]:
    for one in waits:
        if one.list != OF_CLOCKS:
            about = f"{one.list}:{one.reason}"
            yield Happened("listed", one.since, "adapter", about)
            if one.resolved_at:
                yield Happened("seen", one.resolved_at, one.resolved_by, about)


def _death(
    tx: Transaction,
    case: Case,
    steps: Sequence[Step],
    versions: Sequence[Version],
    others: Sequence[Happened],
) -> Iterator[Happened]:
    """That the person is said to be dead, or was found to be (R-154): as long as that stands, so also at whatever
    happens from then on, and nothing begins by it."""
    if not (is_found_dead(versions) or tx.person_waits(case.subject_key, DEATHS)):
        return
    told = _told_dead(steps)
    found = next((v.at for v in versions if is_found_dead([v])), case.opened_at)
    since, by = (told.at, told.actor) if told else (found, "adapter")
    yield from (Happened("death", at, by) for at in {since, *(o.at for o in others if o.at > since)})


def _told_dead(steps: Iterable[Step]) -> Step | None:
    """The report since which somebody has said so; where all have taken it back, of the last time that anybody did."""
    told, say = None, set[str]()
    for step in (s for s in steps if s.lifecycle == STAY):
        if step.event == DIED:
            told = told if say else step
            say.add(step.actor)
        elif step.event == NOT_DIED:
            say.discard(step.actor)
    return told
