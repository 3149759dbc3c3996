"""A unit has sent a case back: nothing more goes there, what came there is to be purged, and the case goes on.

Where a person at the unit has named the right one, the case goes there at once, in the commit of that word: if the
directory of the day knows the unit, none that has refused the case is meant, the address is not protected and the
consent covers it. In all else a person here chooses. Which of the two it is the hospital is told (fvl § 11 fourth
paragraph). A case that a second unit refuses waits for a person, whoever is named (R-084, R-108).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapter.domain.case import DEATHS, Case, Version, Waiting
from adapter.domain.consent import Permit
from adapter.domain.days import norwegian_day
from adapter.domain.need import Verdict, shielded, stay_of
from adapter.domain.partners import Partner
from adapter.domain.problems import Finding, Refused
from adapter.domain.routing import PROTECTED, Unit
from adapter.domain.steps import rule_of
from adapter.domain.wrong_addressee import Named, right_unit
from adapter.flows.consents import consents_of
from adapter.flows.doors import Opened, Read, read_message
from adapter.flows.last_message import last_message
from adapter.flows.lateness import is_notification
from adapter.flows.notice import Notice
from adapter.flows.outbox import outgoing
from adapter.flows.participants import may_have
from adapter.flows.parts import Parts
from adapter.flows.placing import consent_of_message, place, reachable
from adapter.flows.protection import is_protected
from adapter.flows.purge_asked import asked_to_purge
from adapter.flows.purge_there import Return, ask
from adapter.flows.resources import Place, id_of, is_recorded, written
from adapter.flows.stopping import stop_queued
from adapter.mapping.engine import Facts, flat, rows_of
from adapter.ports import Transaction

UNKNOWN = "wrong-addressee"
"""Why a person chooses where nobody is named."""
_PLACES = ("municipality", "unit")


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a case goes at once, and what the hospital has said of it last: as read, and as facts to write it by."""

    unit: Unit
    opened: Opened
    read: Read
    facts: Mapping[str, str]


def named_in(facts: Facts) -> Named:
    """Whom a Task by its outputs, or a message, names as the right addressee."""
    rows = [flat(row) for row in rows_of(facts, "outputs")]
    named = [row for row in rows if row.get("kind") == "right-addressee"]
    named += [flat(row) for row in rows_of(facts, "right")]
    known = ("right_unit", "right_organisation", "right_municipality")
    units, organisations, municipalities = (
        frozenset(row[fact] for row in named if fact in row) for fact in known
    )
    otherwise = any(not any(fact in row for fact in known) for row in named)
    return Named(units, organisations, municipalities, otherwise)


def sent_back(
    tx: Transaction,
    back: Return,
    named: Named,
    before: Sequence[Version],
    news: Sequence[Version],
    parts: Parts,
) -> None:
    """What follows from a return, in its transaction. `before` are the versions of the case as it was with the unit,
    `news` what tells the hospital of it: the Task first."""
    case, at = back.case, back.at
    stop_queued(tx, case, back.by, at, UNKNOWN)
    way = _whither(tx, back, named, parts)
    if isinstance(way, _Way):  # its letter names who refused, and the case is another's by then
        news = [*news, *_parties(case, before)]
    tx.send([outgoing(case, case.requester, "case-updated", "case-status", news[0], news, at)])
    ask(tx, back, parts)
    if isinstance(way, Finding):
        tx.wait_for_person(Waiting(case.id, "routing", way.problem, at))
        return
    _send_on(tx, back, way, parts)


def tell_where(tx: Transaction, case: Case, source: str, parts: Parts) -> None:
    """The hospital hears which unit has the case now that another has sent back."""
    task = tx.current("Task", id_of(case.id, "task"))
    assert task is not None  # noqa: S101 - every open case has one
    there = _parties(case, tx.of_case(case.id))
    at = parts.clock()
    told = outgoing(
        case, case.requester, "case-updated", "case-status", task, [task, *there], at, ground=source
    )
    tx.send([told])


def who_refused(case: Case, parts: Parts) -> frozenset[str]:
    """The organisations (numbers) that have said that a case is not their own."""
    steps = parts.store.history_of(case.id)
    return frozenset(s.actor for s in steps if (s.lifecycle, s.event) == ("case", "reject-addressee"))


def _whither(tx: Transaction, back: Return, named: Named, parts: Parts) -> _Way | Finding:
    """Where the case goes, or why a person chooses."""
    case, versions = back.case, tx.of_case(back.case.id)
    message = _said_last(case, parts)
    if (person := _why_a_person(tx, back, named, versions, parts)) or message is None:
        return person or Finding(UNKNOWN, "unit")
    opened, read = message
    stay, on = stay_of(read.facts), norwegian_day(back.at)
    if is_protected(versions, parts):
        stated = stay.protection in PROTECTED
        return Finding("protected-address" if stated else "protection-unknown", "stay.protection")
    unit = right_unit(parts.directory, named, stay.birth_date, {back.by}, on)
    if isinstance(unit, Finding):
        return unit
    verdict = reachable(tx, Verdict("route", (), unit), back.at, parts)
    if verdict.unit is None:
        return Finding(verdict.reason, "unit")
    way = _Way(unit, opened, read, _facts_of(read, case, versions))
    return (
        way if _consented(tx, back, way, versions, parts) else Finding("reroute-without-consent", "consent")
    )


def _why_a_person(
    tx: Transaction, back: Return, named: Named, versions: Sequence[Version], parts: Parts
) -> Finding | None:
    """Why a person chooses, whoever is named."""
    others = {*who_refused(back.case, parts), *asked_to_purge(versions, parts)} - {back.by}
    if others:
        return Finding("refused-by-several-units", "unit")
    if not named.somebody or tx.person_waits(back.case.subject_key, DEATHS):
        return Finding(UNKNOWN, "unit")
    return None


def _said_last(case: Case, parts: Parts) -> tuple[Opened, Read] | None:
    """What the hospital has said last of the need, read once more; None where that cannot be done any more."""
    try:
        opened = last_message(case, parts)
        read = read_message(opened, parts)
    except Refused:
        return None
    return None if isinstance(read, Finding) else (opened, read)


def _consented(tx: Transaction, back: Return, way: _Way, versions: Sequence[Version], parts: Parts) -> bool:
    """Whether the consents of the case let the need come to the unit that is named, as they stand once it is sent
    there: one that the hospital reported is to the municipality whose the case is, one that was recorded to whom it
    names. What was once taken back, or is not clear, a machine does not weigh."""
    case, unit = back.case, way.unit
    states = {consent.status for consent in consents_of(versions, parts) if consent.kind == "NOTIFICATION"}
    said = way.facts["consent.status"] == "obtained" and way.facts.get("consent.limits") != "yes"
    if states != {"active"} or not said:
        return False
    consent_id, anew = consent_of_message(tx, case, _notice(back, way, parts), way.facts)
    names = (*_PLACES, *(("consent",) if anew else ()))
    where = Place(rule_of(parts.tables.steps, "case", "route"), unit, _partner(unit.organisation, parts).name)
    made = written(
        case.id, way.facts, _partner(case.requester, parts), where, names, parts, consent_id=consent_id
    )
    bodies = {f"{body['resourceType']}/{body['id']}": body for body in made.values()}
    there = [replace(v, body=bodies[v.reference]) if v.reference in bodies else v for v in versions]
    return isinstance(may_have(there, unit.organisation, "need", back.at, parts), Permit)


def _send_on(tx: Transaction, back: Return, way: _Way, parts: Parts) -> None:
    """To the unit that a person named: its word is the cause of the step, and that person stands in it."""
    verdict = Verdict("route", (), way.unit)
    place(tx, back.case, _notice(back, way, parts), way.facts, verdict, parts, looked_at=False)
    moved = tx.case(back.case.id)
    assert moved is not None  # noqa: S101 - it was just placed
    tell_where(tx, moved, back.source, parts)


def _notice(back: Return, way: _Way, parts: Parts) -> Notice:
    """The message is still the hospital's, the step that of who sent the case back."""
    table = way.read.way.table
    return Notice(
        sender=_partner(back.case.requester, parts),
        actor=back.by,
        source=back.source,
        message_id=way.opened.envelope.message_id,
        mapping=f"{table}-{parts.tables.messages[table].version}",
        event="need-notified",
        at=back.at,
        attachments=way.read.attachments,
    )


def _facts_of(read: Read, case: Case, versions: Sequence[Version]) -> dict[str, str]:
    """What the hospital said, and of the consent what has been recorded since."""
    kept = (v for v in versions if v.type == "Consent" and v.body["status"] == "active")
    recorded = any(is_notification(v.body) and is_recorded(v) for v in kept)
    consent = {"consent.status": "obtained", "consent.limits": "no"} if recorded else {}
    return shielded(read.facts) | consent | {"need.id": case.need}


def _partner(organisation: str, parts: Parts) -> Partner:
    return parts.partners.by_organisation[organisation]


def _parties(case: Case, versions: Sequence[Version]) -> list[Version]:
    ids = [id_of(case.id, name) for name in _PLACES]
    return [v for id_ in ids for v in versions if v.id == id_]
