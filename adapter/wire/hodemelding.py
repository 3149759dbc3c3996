"""Writes a Norwegian XML message: Hodemelding (MsgHead) 1.2 around a dialog message, in the order of its XSD."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from lxml import etree

from adapter.domain.days import OSLO
from adapter.wire.characters import sound
from adapter.wire.dialogmelding import Code, Dialog, Number, element
from adapter.wire.edi import NAMESPACE, VERSION

BASE64: Final = "http://www.kith.no/xmlstds/base64container"
_STEP = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an address: an organisation, or a service of one."""

    name: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """The person a message is about. No address: none of our letters needs one, and some are protected (R-150)."""

    family: str
    middle: str
    given: str
    born: date | None
    sex: Code | None
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that comes along; `issued` is when it was made, where that is known."""

    name: str
    media_type: str
    content: bytes
    issued: datetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What stands around the payload. `written` carries its zone; `sender` and `receiver` outermost level first.

    `parent` and `conversation` are MsgIds, both "" in the first message of a conversation. `kind` is of Volven 8279,
    `acknowledge` of 7304, `payload` and `attached` of 8114, `consent` of 9064, None where nothing is said of it.
    """

    kind: Code
    message_id: str
    written: datetime
    test: bool
    acknowledge: Code
    parent: str
    conversation: str
    sender: Sequence[Level]
    receiver: Sequence[Level]
    subject: Subject
    payload: Code
    attached: Code
    consent: Code | None = None


def write(head: Head, dialog: Dialog, attachments: Sequence[Attachment] = ()) -> bytes:
    """The message as UTF-8, which says so. The same input gives the same bytes."""
    root = etree.Element(f"{_STEP}MsgHead", nsmap=_default(NAMESPACE))
    _info(_child(root, "MsgInfo"), head)
    content = _document(root, head.payload, _instant(head.written), head.consent)
    _child(content, "Content").append(element(dialog))
    for attachment in attachments:
        _attach(root, attachment, head.attached)
    etree.indent(root, space=" ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _info(info: etree._Element, head: Head) -> None:
    _code(info, "Type", head.kind)
    _text(info, "MIGversion", VERSION)
    _text(info, "GenDate", _instant(head.written))
    _text(info, "MsgId", head.message_id)
    if head.test:
        _code(info, "ProcessingStatus", Code("D", "Debugging"))
    _code(info, "Ack", head.acknowledge)
    if head.conversation:
        reference = _child(info, "ConversationRef")
        _text(reference, "RefToParent", head.parent)
        _text(reference, "RefToConversation", head.conversation)
    _address(_child(info, "Sender"), head.sender)
    _address(_child(info, "Receiver"), head.receiver)
    _subject(_child(info, "Patient"), head.subject)


def _default(namespace: str) -> Any:
    """As default namespace, which the stubs of lxml do not know."""
    return {None: namespace}


def _instant(moment: datetime) -> str:
    """Norwegian time with its offset: receivers take a time without one for Norwegian time."""
    return moment.astimezone(OSLO).isoformat(timespec="seconds")


def _address(side: etree._Element, levels: Sequence[Level]) -> None:
    for level in levels:
        side = _child(side, "Organisation")
        _text(side, "OrganisationName", level.name)
        for number in level.numbers:
            _ident(side, number)


def _subject(patient: etree._Element, subject: Subject) -> None:
    _text(patient, "FamilyName", subject.family)
    _text(patient, "MiddleName", subject.middle)
    _text(patient, "GivenName", subject.given)
    _text(patient, "DateOfBirth", subject.born.isoformat() if subject.born else "")
    if subject.sex:
        _code(patient, "Sex", subject.sex)
    for number in subject.numbers:
        _ident(patient, number)


def _document(root: etree._Element, kind: Code, issued: str, consent: Code | None = None) -> etree._Element:
    document = _child(root, "Document")
    if consent:
        _code(document, "Consent", consent)
    reference = _child(document, "RefDoc")
    if issued:
        _child(reference, "IssueDate").set("V", issued)
    _code(reference, "MsgType", kind)
    return reference


def _attach(root: etree._Element, attachment: Attachment, kind: Code) -> None:
    reference = _document(root, kind, _instant(attachment.issued) if attachment.issued else "")
    _text(reference, "MimeType", attachment.media_type)
    _text(reference, "Description", attachment.name)
    container = etree.SubElement(
        _child(reference, "Content"), f"{{{BASE64}}}Base64Container", nsmap=_default(BASE64)
    )
    container.text = base64.b64encode(attachment.content).decode("ascii")


def _ident(parent: etree._Element, number: Number) -> None:
    ident = _child(parent, "Ident")
    _text(ident, "Id", number.value)
    _code(ident, "TypeId", number.kind)


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{_STEP}{name}")


def _text(parent: etree._Element, name: str, text: str) -> None:
    if text:
        _child(parent, name).text = sound(text)


def _code(parent: etree._Element, name: str, code: Code) -> None:
    element = _child(parent, name)
    element.set("V", sound(code.value))
    element.set("DN", sound(code.text))
    if code.list:
        element.set("S", code.list)
