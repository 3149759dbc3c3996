"""Whose message a step comes of, and whether it is about the person of the case."""

from dataclasses import dataclass
from datetime import datetime

from adapter.domain.attachments import Attachment
from adapter.domain.case import Case
from adapter.domain.identifiers import derived, subject_key
from adapter.domain.need import NUMBERS
from adapter.domain.partners import Partner
from adapter.domain.problems import Finding, Refused
from adapter.flows.doors import Opened, Read
from adapter.flows.parts import Parts
from adapter.ports import Transaction


@dataclass(frozen=True, slots=True)
class Notice:
    """What every step of this story needs to know: whose message, who acts on it, and when.

    `actor` is the sender, or the person who released a case that waited. `source` names what caused the step.
    `attachments` came along with the message.
    """

    sender: Partner
    actor: str
    source: str
    message_id: str
    mapping: str
    event: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()


def notice_of(opened: Opened, read: Read, event: str, at: datetime, parts: Parts) -> Notice:
    """Of a message at a door, whose sender acts itself. `event` is what its Provenance calls what happened."""
    return Notice(
        sender=parts.partners.by_organisation[opened.sender],
        actor=opened.sender,
        source=derived("received", opened.envelope.door, opened.sender, opened.envelope.message_id),
        message_id=opened.envelope.message_id,
        mapping=f"{read.way.table}-{parts.tables.messages[read.way.table].version}",
        event=event,
        at=at,
        attachments=read.attachments,
    )


def person_of(tx: Transaction, number: str, parts: Parts) -> str:
    """The key of the person with this identity number, also where the number has given way to another (R-159)."""
    return tx.known_as(subject_key(parts.secret, number))


def require_person_of(tx: Transaction, case: Case, read: Read, parts: Parts) -> None:
    """Whoever is named in a message about a case is the person of the case. Raises Refused(other-person)."""
    numbers = [read.facts[name] for name in NUMBERS if name in read.facts]
    if any(person_of(tx, number, parts) != case.subject_key for number in numbers):
        raise Refused(Finding("other-person", "patient"))
