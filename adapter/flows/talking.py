"""What is said about a case that is known: whose case it is, and how it is kept.

A message within a case is taken from its requester, its owner and those who take part; nobody else learns that there is
one (hpl § 21). What it says is kept as a Communication of the case, in the sender's own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.case import CLOSED, Case, Version
from adapter.domain.doors import NAMED_BY
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding, Refused
from adapter.flows.attachments import documents
from adapter.flows.doors import Opened, Read
from adapter.flows.notice import Notice, notice_of, require_person_of
from adapter.flows.participants import has_returned
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import has_sent_back
from adapter.flows.resources import ENH, id_of, instant, keep_changed, require_valid
from adapter.mapping.engine import Fact, flat, rows_of
from adapter.mapping.writing import write
from adapter.ports import Transaction

_OVER = ("cancelled", "dismissed", CLOSED)
_AT_THE_RECEIVER = "24"
"""Volven 9034: the contact whom the sender wishes for at the receiver."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message about a case, ready to be acted on. `sender` and `other` are organisation numbers.

    `other` is who is to know of it: the owner, or, where the owner speaks, the requester; "" where nobody is.
    """

    case: Case
    opened: Opened
    facts: Mapping[str, str]
    notice: Notice
    sender: str
    other: str


def said(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Said:
    """The case, locked, and who speaks to whom. Raises Refused: conversation-unknown, other-person, case-over."""
    case, where = tx.case(opened.known) if opened.known else None, NAMED_BY[opened.envelope.door]
    if case is None or not case.subject_key:
        raise Refused(Finding("conversation-unknown", where))
    require_person_of(tx, case, read, parts)
    returns_it = read.facts.get("fault.kind") == "wrong-addressee"
    gone = has_sent_back(tx.of_case(case.id), case.owner, opened.sender, parts)
    if (gone or has_returned(case, opened.sender)) and not returns_it:
        raise Refused(Finding("conversation-unknown", where))
    if case.state in _OVER:
        raise Refused(Finding("case-over", where))
    return said_of(case, opened, read, at, parts)


def said_of(case: Case, opened: Opened, read: Read, at: datetime, parts: Parts) -> Said:
    """The same of a case that was found in another way."""
    sender = opened.sender
    routed = case.owner if case.state != "wrong-addressee" else None
    other = case.requester if sender == case.owner else (routed or "")
    notice = notice_of(opened, read, "case-updated", at, parts)
    return Said(case, opened, _words(read), notice, sender, other)


def _words(read: Read) -> dict[str, str]:
    """The facts; of a message that is no dialog what is written freely in it, and its own time."""
    facts = dict(read.facts)
    written = "\n".join(" ".join(text.split()) for _, text in read.reading.texts)
    if "note.text" not in facts and written:
        facts["note.text"] = written
    if "need.authored" in facts:
        facts.setdefault("note.sent", facts["need.authored"])
    return facts | _writer(read)


def _writer(read: Read) -> dict[str, str]:
    """The first person named on the sender's side."""
    people = [flat(person) for person in rows_of(read.reading.facts, "people")]
    there = (p for p in people if p.pop("role", "") != _AT_THE_RECEIVER)
    return next((person for person in there if person), {})


def keep_note(
    tx: Transaction, told: Said, kind: str, parts: Parts, more: Mapping[str, str] | None = None
) -> Version:
    """The Communication of what was said; `kind`: question, answer, addition or information."""
    case, notice = told.case, told.notice
    facts: dict[str, Fact] = {
        **told.facts,
        **_parties(told, parts),
        "note.id": notice.message_id.lower(),
        "note.kind": kind,
        "note.received": instant(notice.at),
        "ref.patient": f"Patient/{id_of(case.id, 'patient')}",
        "ref.task": f"Task/{id_of(case.id, 'task')}",
        **(more or {}),
    }
    if question := _answered(tx, told):
        facts["ref.question"] = question
    resource = write(parts.tables.resources["communication"], facts, parts.tables.codes)
    assert resource is not None  # noqa: S101 - the table has no `when`
    made = {"resourceType": "Communication", "id": note_id(case, notice.message_id), **resource}
    require_valid("communication", made)
    author, source = told.sender, notice.source
    return keep_changed(tx, [made], case=case, author=author, source=source, at=notice.at)[0]


def keep_files(tx: Transaction, told: Said, parts: Parts) -> list[Version]:
    """What came along with what was said."""
    case, notice = told.case, told.notice
    made = documents(case, notice.attachments, told.sender, told.facts["note.sent"], parts)
    return keep_changed(tx, made, case=case, author=told.sender, source=notice.source, at=notice.at)


def note_id(case: Case, message_id: str) -> str:
    return derived(case.id, "note", message_id.lower())


def _answered(tx: Transaction, told: Said) -> str | None:
    """The Communication that this one answers: by the message that brought it here, or by ours that passed it on."""
    parent = told.opened.envelope.parent
    for id_ in (note_id(told.case, parent), parent):
        version = tx.current("Communication", id_)
        if version and version.case_id == told.case.id:
            return version.reference
    passed = (d.outgoing for d in tx.deliveries(told.case.id) if d.outgoing.message_id == parent.lower())
    return next((f"{o.focus.type}/{o.focus.id}" for o in passed if o.focus.type == "Communication"), None)


def _parties(told: Said, parts: Parts) -> dict[str, str]:
    facts = {"sender.organisation": told.sender, "sender.name": told.notice.sender.name}
    other = parts.partners.by_organisation.get(told.other)
    if other:
        facts |= {
            "recipient.system": ENH,
            "recipient.organisation": other.organisation,
            "recipient.name": other.name,
        }
    return facts | _author(told)


def _author(told: Said) -> dict[str, str]:
    """Who wrote it, where the message names somebody: a PractitionerRole inside the Communication."""
    names = [told.facts[name] for name in ("author.given", "author.family") if name in told.facts]
    if not names and "author.hpr" not in told.facts:
        return {}
    facts = {
        "author.type": "PractitionerRole",
        "author.id": "author",
        "author.organisation_system": ENH,
        "author.organisation": told.sender,
        "ref.author": "#author",
    }
    if names:
        facts["author.name"] = " ".join(names)
    if "author.hpr" in told.facts:
        facts["author.hpr_system"] = "urn:oid:2.16.578.1.12.4.1.4.4"
    return facts
