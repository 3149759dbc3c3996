"""A case is written and comes to its place: to a unit, or to the list of a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain.case import Case, Step, Version, Waiting
from adapter.domain.identifiers import derived
from adapter.domain.need import Verdict
from adapter.domain.problems import Finding, Refused
from adapter.domain.steps import rule_of
from adapter.domain.way_round import why_nothing_is_sent
from adapter.flows.address_known import why_not
from adapter.flows.attachments import documents, standing
from adapter.flows.notice import Notice
from adapter.flows.outbox import notes_owed, outgoing
from adapter.flows.parts import Parts
from adapter.flows.purge_withdrawn import withdraw_asked
from adapter.flows.resources import Place, id_of, is_recorded, keep_changed, provenance, written
from adapter.flows.standing_plan import ask_to_revise, standing_plans, without_draft
from adapter.flows.taken_up import is_place_for_plan, is_units, returns_of
from adapter.ports import Transaction

OF_THE_NEED = ("patient", "hospital", "practitioner", "requester", "need")
WHOLE = (*OF_THE_NEED, "municipality", "unit", "task", "plan", "team", "consent")


@dataclass(frozen=True, slots=True)
class Taken:
    """The case a message led to, if there is one, and what there is to say about it that stops nothing."""

    case_id: str | None
    findings: tuple[Finding, ...] = ()


def place(
    tx: Transaction,
    case: Case,
    notice: Notice,
    facts: Mapping[str, str],
    verdict: Verdict,
    parts: Parts,
    *,
    looked_at: bool = True,
) -> Taken:
    """Write the whole case as the verdict says, tell who is owed it, and move it to or from the lists.

    `looked_at`: what it is on lists for is seen to by this, as the hospital or a person here says anew where it stands.
    """
    verdict = reachable(tx, verdict, notice.at, parts)
    where = Place(
        rule_of(parts.tables.steps, "case", verdict.event), verdict.unit, _owner_name(verdict, parts)
    )
    plans = standing_plans(tx, case)
    facts = {**facts, **without_draft(plans, verdict.unit.organisation if verdict.unit else None)}
    kept = write_whole(tx, case, notice, facts, where, parts)
    after = _moved(tx, case, verdict, notice, parts)
    told = [*kept, *traced(tx, case, kept, verdict.event, notice, parts)]
    if after.owner and verdict.event == "route":
        _send(tx, after, told, notice, parts, anew=case.state != "new", returned=not looked_at)
    if any(f.problem == "consent-not-stated" for f in verdict.findings):
        _ask(tx, after, told, notice.at)
    if looked_at:
        tx.resolve(case.id, notice.at, notice.actor)
    if verdict.list:
        tx.wait_for_person(Waiting(case.id, verdict.list, verdict.reason, notice.at))
    if verdict.event == "route":
        ask_to_revise(tx, after, plans, notice.at, parts)
    return Taken(case.id, verdict.findings)


def write_whole(
    tx: Transaction, case: Case, notice: Notice, facts: Mapping[str, str], where: Place, parts: Parts
) -> list[Version]:
    """Every resource of the case as the message has it; but no consent that somebody has recorded since, and no plan or
    team in which the unit has written."""
    consent_id, write_it = consent_of_message(tx, case, notice, facts)
    stands = _in_which_somebody_wrote(tx, case, where)
    names = [name for name in WHOLE if name not in stands and (write_it or name != "consent")]
    made = written(case.id, facts, notice.sender, where, names, parts, consent_id=consent_id)
    sender, written_at = notice.sender.organisation, facts["need.authored"]
    files = documents(case, notice.attachments, sender, written_at, parts)
    changed = [*made.values(), *files]
    kept = keep_changed(
        tx, changed, case=case, author=notice.sender.organisation, source=notice.source, at=notice.at
    )
    kept += standing(tx, case, kept)
    consent = tx.current("Consent", consent_id)
    return kept if write_it or consent is None else [*kept, consent]


def _in_which_somebody_wrote(tx: Transaction, case: Case, where: Place) -> list[str]:
    """The team only while the unit stays: another one must be in it."""
    plan, team = (
        tx.current("CarePlan", id_of(case.id, "plan")),
        tx.current("CareTeam", id_of(case.id, "team")),
    )
    stays = where.unit is not None and where.unit.organisation == case.owner
    stands = ["plan"] if plan and not is_place_for_plan(plan, case) else []
    of_need = team is None or (team.author == case.requester and not is_units(team, case))
    return [*stands, "team"] if stays and not of_need else stands


def consent_of_message(
    tx: Transaction, case: Case, notice: Notice, facts: Mapping[str, str]
) -> tuple[str, bool]:
    """The id of the consent the case rests on, and whether this message writes it.

    What has been recorded by an update stands. What was taken back stays so: consent given anew is a new consent.
    """
    first = id_of(case.id, "consent")
    standing = tx.current("Consent", first)
    if standing is None:
        return first, True
    if standing.body["status"] not in ("active", "proposed"):
        anew = facts["consent.status"] == "obtained"
        return (derived(case.id, "consent", notice.message_id), True) if anew else (first, False)
    return first, not is_recorded(standing)


def traced(
    tx: Transaction, case: Case, kept: Sequence[Version], step: str, notice: Notice, parts: Parts
) -> Sequence[Version]:
    """The Provenance of the versions that this message made, if it made any."""
    made = [version for version in kept if version.source == notice.source]
    if not made:
        return []
    origin = provenance(
        made,
        key=notice.source + step,
        event=notice.event,
        author=notice.sender.organisation,
        source=notice.message_id,
        mapping=notice.mapping,
        at=notice.at,
        parts=parts,
    )
    return keep_changed(tx, [origin], case=case, author="adapter", source=notice.source, at=notice.at)


def reachable(tx: Transaction, verdict: Verdict, at: datetime, parts: Parts) -> Verdict:
    """A unit of no municipality, that a person rings, whose organisation has no channel, or whose address the register
    says is no longer its own, is no address: a person must see to it."""
    unit = verdict.unit
    if unit is None:
        return verdict
    missing = why_nothing_is_sent(unit, parts.partners) or why_not(tx, unit, at, parts)
    if missing is None:
        return verdict
    return Verdict("hold-for-routing", (*verdict.findings, missing), None, "routing", missing.problem)


def _send(
    tx: Transaction,
    case: Case,
    told: Sequence[Version],
    notice: Notice,
    parts: Parts,
    *,
    anew: bool,
    returned: bool,
) -> None:
    """`anew`: the case has been somewhere before, with this very unit perhaps, or has waited. `returned`: what brings
    it here is that another unit sends it back just now."""
    if anew:
        withdraw_asked(tx, case, notice.source, notice.at, parts)
    send_need(tx, case, told, notice)
    if anew:
        returns = returns_of(case, parts) | ({notice.source} if returned else set())
        tx.send(notes_owed(case, tx.of_case(case.id), returns, notice.at))


def send_need(tx: Transaction, case: Case, told: Sequence[Version], notice: Notice) -> None:
    """The whole case to the unit that owns it, once for each time it is sent there."""
    need = next(v for v in told if v.type == "ServiceRequest")
    task = next(v for v in told if v.type == "Task")
    ground = f"{task.reference}/{task.number}/{notice.message_id}"
    out = outgoing(case, case.owner or "", "need-notified", "need", need, told, notice.at, ground=ground)
    tx.send([out])


def _ask(tx: Transaction, case: Case, told: Sequence[Version], at: datetime) -> None:
    """A sender that has not stated the consent is asked, in its own case."""
    task = next(v for v in told if v.type == "Task")
    tx.send([outgoing(case, case.requester, "case-updated", "question-to-sender", task, [task], at)])


def _owner_name(verdict: Verdict, parts: Parts) -> str:
    return parts.partners.by_organisation[verdict.unit.organisation].name if verdict.unit else ""


def _moved(tx: Transaction, case: Case, verdict: Verdict, notice: Notice, parts: Parts) -> Case:
    state = parts.tables.lifecycles["case"].after(case.state, verdict.event)
    if state is None:
        raise Refused(Finding("case-over", "need"))
    unit = verdict.unit
    after = replace(
        case,
        state=state,
        owner=unit.organisation if unit else case.owner,
        unit=unit.her_id if unit else case.unit,
    )
    step = Step(case.id, "case", verdict.event, case.state, state, notice.at, notice.actor, notice.source)
    tx.move(after, [step])
    return after
