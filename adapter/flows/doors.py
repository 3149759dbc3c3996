"""A message at one of the two doors: opened, checked for who and where, and read into facts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.domain import person
from adapter.domain.attachments import Attachment
from adapter.domain.detection import Detected
from adapter.domain.doors import Event, Way, event_of, way_of
from adapter.domain.message import Caller, Door, Envelope, Party
from adapter.domain.need import NUMBERS, strictest
from adapter.domain.partners import Partner
from adapter.domain.problems import Finding, Refused
from adapter.flows.attachments import brought_along
from adapter.flows.conversation import identified, known_case
from adapter.flows.parts import Parts
from adapter.flows.reported_consent import ReportedConsent, reported_consent
from adapter.flows.reported_giver import giver_doubt
from adapter.flows.stated_places import differing_places, one_place_each
from adapter.flows.wording import existence, worded
from adapter.mapping.engine import Reading, Root, flat, read
from adapter.mapping.paths import find
from adapter.mapping.roles import roots_of, roots_of_hodemelding
from adapter.mapping.rows import ReadingTable
from adapter.wire import edi, form, message
from adapter.wire.schema import Schemas
from adapter.wire.tree import Tree

_SENDER = {
    "edi": "MsgHead.MsgInfo.Sender",
    "fhir": "Bundle.entry[0].resource.sender",
    "hand": "form.hospital.organisation",
}
_RECEIVER = {
    "edi": "MsgHead.MsgInfo.Receiver",
    "fhir": "Bundle.entry[0].resource.destination",
    "hand": "form.receiver.her-id",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that could be opened. `sender` is the partner's organisation number.

    `known` is the id of the case that it continues, as of when it was opened. `by` is the person here who entered it.
    """

    envelope: Envelope
    tree: Tree
    sender: str
    addressed: tuple[str, ...]
    known: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What a message says: flat facts, where each fact and part stood, and whether it states the need."""

    way: Way
    reading: Reading
    facts: Mapping[str, str]
    origin: Mapping[str, str]
    outcome: str
    findings: tuple[Finding, ...]
    attachments: tuple[Attachment, ...] = ()


def open_message(
    door: Door, raw: bytes, caller: Caller, parts: Parts, schemas: Schemas | None = None
) -> Opened:
    """Open a message and check its parties. Raises Unreadable (format) or NotTrusted (who sends).

    With `schemas` its structure is checked too: of one that is kept it was, by those of that day.
    """
    if door == "edi":
        envelope, tree = edi.open_message(
            raw, max_bytes=parts.max_bytes, max_depth=parts.max_depth, schemas=schemas
        )
    elif door == "hand":
        envelope, tree = form.open_form(raw)
    else:
        envelope, tree = message.open_message(
            raw, max_bytes=parts.max_bytes, max_depth=parts.max_depth, event_system=parts.event_system
        )
    sender = trusted_sender(envelope, caller, parts)
    envelope = identified(envelope, sender)
    return Opened(
        replace(envelope, sender=_named(envelope.sender, parts.partners.by_organisation[sender])),
        tree,
        sender,
        _addressed(envelope, parts),
        known_case(envelope, sender, parts),
    )


class NotTrusted(Refused):
    """The sender is not who it says, or nobody we know: nothing is kept under its name."""

    def __init__(self, finding: Finding, envelope: Envelope) -> None:
        super().__init__(finding)
        self.envelope = envelope


def trusted_sender(envelope: Envelope, caller: Caller, parts: Parts) -> str:
    """The organisation number of the partner that sent, proven by its token. Raises NotTrusted."""
    where = _SENDER[envelope.door]
    partner = parts.partners.by_its_organisation(envelope.sender)
    if partner is None:
        raise NotTrusted(Finding("unknown-sender", where), envelope)
    if partner.organisation != caller.organisation:
        raise NotTrusted(Finding("sender-is-not-caller", where), envelope)
    return partner.organisation


def gate(opened: Opened, raw: bytes, at: datetime, parts: Parts) -> list[Finding]:
    """Is the message for us, of the environment we are, and signed by its sender where that is asked for?

    The signature is judged here and never again: its certificate may be over when the message is read once more.
    """
    findings = []
    receiver = opened.envelope.receiver
    where = _RECEIVER[opened.envelope.door]
    partner = parts.partners.of(receiver)
    if receiver != Party() and (partner is None or not partner.served):
        findings.append(Finding("receiver-not-ours", where))
    if opened.envelope.test and parts.environment == "production":
        findings.append(Finding("test-message-in-production", "MsgHead.MsgInfo.ProcessingStatus"))
    if opened.envelope.door == "edi" and parts.judge_signature:
        findings.extend(parts.judge_signature(raw, opened.sender, at))
    return findings


def read_message(opened: Opened, parts: Parts) -> Read | Finding:
    """The facts of a message, or why its kind is not taken."""
    way = way_of(parts.tables.ways, opened.envelope, known=opened.known is not None)
    if isinstance(way, Finding):
        return way
    table = parts.tables.messages[way.table]
    whole, consent, lost = _roots(opened, table)
    roots = consent.roots
    reading = read(table, way.column, roots, whole, parts.tables.codes)
    brought = brought_along(roots, reading, parts.tables.attachments)
    found = worded(way, reading, brought, parts)
    coded = {**flat(reading.facts), **consent.facts}
    facts = {**found.facts, **coded}
    origin = {**_places(roots), **found.origin, **reading.origin, **consent.origin}
    if found.outcome == "uncertain":
        origin["need.words"] = found.where
    if way.table == "need" or "consent.status" in facts:
        _on_consent(facts, origin, found, coded)
    places = one_place_each(table, way.column, roots, facts) if way.table == "need" else []
    if way.table == "need":
        _complete(facts)
        _on_giver(opened, consent, facts, origin, parts)
    if opened.envelope.door == "edi" and "need.id" in facts:
        facts["need.id"] = opened.envelope.message_id
    if opened.envelope.door == "hand":
        facts["need.id"] = opened.envelope.conversation
    if "message.status" in facts and opened.envelope.conversation:
        facts["need.id"] = opened.envelope.conversation
        origin["need.id"] = "MsgHead.MsgInfo.ConversationRef.RefToConversation"
    status, known = facts.get("message.status"), opened.known is not None
    way = replace(way, event=event_of(way, status, found.outcome, known=known))
    if way.event in ("need-cancelled", "returned", "stay"):
        brought = brought.kept_back()
    findings = (
        *lost,
        *consent.findings,
        *reading.findings,
        *_several_numbers(table, way.column, roots),
        *places,
        *_birth_date(facts, origin),
        *existence(reading),
        *brought.findings,
        *_not_ours(found, way.event),
        *_unknown_service(opened, parts),
    )
    return Read(way, reading, facts, origin, found.outcome, findings, brought.taken)


def _roots(opened: Opened, table: ReadingTable) -> tuple[Root, ReportedConsent, tuple[Finding, ...]]:
    if opened.envelope.door == "edi":
        parts_of_it = roots_of_hodemelding(opened.tree)
        return parts_of_it["MsgHead"], ReportedConsent(parts_of_it, {}, {}), ()
    if opened.envelope.door == "hand":
        whole = Root(form.ROOT, opened.tree)
        return whole, ReportedConsent({form.ROOT: whole}, {}, {}), ()
    roots, lost = roots_of(opened.tree, table.roles)
    return Root("Bundle", opened.tree), reported_consent(opened.tree, roots, table.roles), lost


def _on_consent(
    facts: dict[str, str], origin: dict[str, str], found: Detected, coded: Mapping[str, str]
) -> None:
    """The strictest counts, of the words and of each document's code; what the words say is known beside it."""
    words, codes = found.facts.get("consent.status"), coded.get("consent.status", "").split("\n")
    if words:
        facts["consent.words"] = words
    facts["consent.status"] = strictest(words, *codes)
    if facts["consent.status"] == words:
        origin["consent.status"] = found.origin["consent.status"]


def _on_giver(
    opened: Opened,
    consent: ReportedConsent,
    facts: dict[str, str],
    origin: dict[str, str],
    parts: Parts,
) -> None:
    """A consent by who is not shown to have the right to give it is as good as one with limits: a person looks."""
    doubt = giver_doubt(opened.tree, consent, parts) if opened.envelope.door == "fhir" else None
    if doubt is not None:
        facts["consent.limits"], facts["consent.giver_doubt"] = "yes", "yes"
        origin["consent.giver_doubt"] = doubt


def _complete(facts: dict[str, str]) -> None:
    """What else a need must say: the criteria, and a first name first."""
    facts.setdefault("need.long_term", "unclear")
    facts.setdefault("need.coordinated", "unclear")
    if "patient.middle" in facts and "patient.given" not in facts:
        facts["patient.given"] = facts.pop("patient.middle")


def _birth_date(facts: Mapping[str, str], origin: Mapping[str, str]) -> list[Finding]:
    """A birth date that the identity number does not bear out: perhaps another person is meant."""
    stated = facts.get("patient.birth_date")
    numbers = (person.classify(facts[name]) for name in NUMBERS if name in facts)
    born = next((known.born for known in numbers if known), None)
    if stated is None or born is None or born.isoformat() == stated:
        return []
    return [Finding("birth-date-differs", origin["patient.birth_date"])]


def _places(roots: Mapping[str, Root]) -> dict[str, str]:
    """Where the parts of a message stand: each resource by its role. A Hodemelding has one place of a person, and names
    the need by a message: the one that it refers to, or itself.
    """
    if form.ROOT in roots:
        return {name: f"{form.ROOT}.{name}" for name in ("patient", "need", "consent")}
    if "MsgHead" not in roots:
        return {name: root.place for name, root in roots.items()}
    head = roots["MsgHead"]
    info = f"{head.place}.MsgInfo"
    refers = find(head.tree, "MsgInfo.ConversationRef", head.place)
    return {
        "sender": f"{info}.Sender",
        "patient": f"{info}.Patient",
        "need": f"{info}.{'ConversationRef' if refers else 'MsgId'}",
    }


def _named(party: Party, partner: Partner) -> Party:
    """The party with the organisation number and name of the partner table where the message leaves them out."""
    return replace(party, organisation=partner.organisation, name=party.name or partner.name)


def _addressed(envelope: Envelope, parts: Parts) -> tuple[str, ...]:
    """HER-ids of the receiver; those of all its services where it is a municipality and none of its units is named."""
    her_ids = tuple(reversed(envelope.receiver.her_ids))
    partner = parts.partners.of(envelope.receiver)
    named = any(unit.her_id in her_ids for unit in parts.directory.units)
    if named or partner is None or partner.kind != "municipality":
        return her_ids
    return tuple(partner.services)


def _several_numbers(table: ReadingTable, column: str, roots: Mapping[str, Root]) -> list[Finding]:
    """Identity numbers of one kind that differ: a table reads the first, but who is meant?"""
    places = (place for name in NUMBERS for place in differing_places(table, column, roots, name))
    return [Finding("identity-disagrees", place) for place in places]


def _not_ours(found: Detected, event: Event) -> list[Finding]:
    begins = event in ("need-notified", "need-corrected")
    return (
        [Finding("not-about-individual-plan", found.where)]
        if begins and found.outcome == "not-concerned"
        else []
    )


def _unknown_service(opened: Opened, parts: Parts) -> list[Finding]:
    known = parts.partners.of(opened.envelope.sender) is not None
    return [] if known else [Finding("sender-service-unknown", _SENDER[opened.envelope.door])]
