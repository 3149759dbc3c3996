"""The head of a Norwegian XML message: Hodemelding (MsgHead) v1.2.

Elements are read by name, not by position: senders in use write some in another order than the schema says.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from lxml import etree

from adapter.domain.identifiers import uuid_of
from adapter.domain.message import Acknowledge, Envelope, Party
from adapter.domain.problems import Finding, Refused
from adapter.wire import xml
from adapter.wire.schema import Schemas
from adapter.wire.tree import Tree
from adapter.wire.unreadable import Unreadable

NAMESPACE: Final = "http://www.kith.no/xmlstds/msghead/2006-05-24"
VERSION: Final = "v1.2 2006-05-24"
FREE_TEXT: Final = frozenset(
    {"Sporsmal", "TekstNotatInnhold"}
)  # anyType in Dialogmelding 1.1: may hold XHTML

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_APPREC = "{http://www.kith.no/xmlstds/apprec/"
_ORGANISATION_IDS = ("", "2.16.578.1.12.4.1.1.9051")  # some leave the code list out
_NUMBER = MappingProxyType({"HER": re.compile(r"[0-9]{1,10}"), "ENH": re.compile(r"[0-9]{9}")})
_ACK: Mapping[str, Acknowledge] = MappingProxyType(
    {"": "always", "J": "always", "N": "never", "F": "on-error"}
)
_LONGEST_ID = 100  # xs:string in the standard, a GUID in practice; some systems have ids of their own
_ZONE = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_MOMENT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}(:[0-9]{{2}}){{2}}(\.[0-9]+)?{_ZONE}")
_OURS = f"{{{NAMESPACE}}}"
_CONTENT = f"{_OURS}Content"
_STRANGERS = 20  # enough to see what is wrong; a hostile message must not blow up the answer


class _At(NamedTuple):
    """An element of the head with its place; what is wrong below it is noted in `findings`."""

    element: etree._Element
    place: str
    findings: list[Finding]

    def note(self, problem: str, step: str) -> None:
        self.findings.append(Finding(problem, f"{self.place}.{step}"))

    def child(self, name: str, *, required: bool = True) -> "_At | None":
        found = [*self.element.iterchildren(f"{_OURS}{name}")]
        if len(found) > 1:
            self.note("malformed-value", f"{name}[1]")
        if found:
            return _At(found[0], f"{self.place}.{name}", self.findings)
        if required and self.element.find(f"{{*}}{name}") is None:
            self.note("missing-element", name)
        return None

    def text(self, name: str) -> str:
        child = self.child(name)
        text = (child.element.text or "").strip() if child else ""
        if child and not text:
            self.note("missing-element", name)
        return text

    def code(self, name: str, *, required: bool = False) -> tuple[str, str]:
        """@V and @DN of a coded element."""
        child = self.child(name, required=required)
        value, display = ((child.element.get(a) or "").strip() for a in ("V", "DN")) if child else ("", "")
        if child and required and not value:
            child.note("missing-element", "@V")
        return value, display


def open_message(
    raw: bytes, *, max_bytes: int, max_depth: int, schemas: Schemas | None = None
) -> tuple[Envelope, Tree]:
    """The envelope of a MsgHead 1.2 message, and the whole message as a tree of the root's children.

    `generated` is GenDate as written: where it has no zone it is Norwegian time. Raises Unreadable with
    every finding of the head, at places such as `MsgHead.MsgInfo.GenDate`; its `envelope` is set when
    message id, type, time and both parties could be read, which is what an AppRec must name.
    """
    try:
        root = xml.parse(raw, max_bytes=max_bytes, max_depth=max_depth)
    except Refused as refused:
        raise Unreadable(*refused.findings) from None
    _check_root(root)
    strangers = islice(_strangers(root, "MsgHead"), _STRANGERS) if _holds_strangers(root) else ()
    head = _At(root, "MsgHead", list(strangers))
    info = head.child("MsgInfo")
    payload = _payload(head)
    envelope = _envelope(info, payload, raw) if info else None
    _check_document(head)
    if schemas:
        told = {finding.where for finding in head.findings}
        head.findings.extend(f for f in schemas.findings(root, payload) if f.where not in told)
    if head.findings or envelope is None:
        raise Unreadable(*head.findings, envelope=envelope if envelope and _addressable(envelope) else None)
    return envelope, xml.tree(root, FREE_TEXT)


def _check_root(root: etree._Element) -> None:
    if str(root.tag).startswith(_APPREC):
        raise Unreadable(Finding("wrong-door", "AppRec"))
    if root.tag != f"{{{NAMESPACE}}}MsgHead":
        raise Unreadable(Finding("wrong-namespace", "MsgHead"))


def _holds_strangers(element: etree._Element) -> bool:
    """Whether there is anything for `_strangers` to say, which there hardly ever is: asking first takes a tenth."""
    for child in element:
        tag = child.tag
        if not tag.startswith(_OURS):
            if tag != _SIGNATURE:
                return True
        elif tag != _CONTENT and _holds_strangers(child):
            return True
    return False


def _strangers(element: etree._Element, place: str) -> Iterator[Finding]:
    """Elements of the head outside its namespace; content and signature have namespaces of their own."""
    seen: Counter[str] = Counter()
    for child in element:
        name = xml.local(child)
        here = f"{place}.{name}" + (f"[{seen[name]}]" if seen[name] else "")
        seen[name] += 1
        if not child.tag.startswith(_OURS):
            if child.tag != _SIGNATURE:
                yield Finding("wrong-namespace", here)
        elif child.tag != _CONTENT:
            yield from _strangers(child, here)


def _envelope(info: _At, payload: str, raw: bytes) -> Envelope:
    kind, kind_display = info.code("Type", required=True)
    version = info.text("MIGversion")
    if version and version != VERSION:
        info.note("malformed-value", "MIGversion")
    generated, message_id = _moment(info), _message_id(info)
    ack, _ = info.code("Ack")
    if ack not in _ACK:
        info.note("unknown-code", "Ack.@V")
    parent, conversation = _conversation(info)
    return Envelope(
        door="edi",
        message_id=message_id,
        envelope_id=message_id,
        kind=kind,
        kind_display=kind_display,
        payload=payload,
        sender=_party(info.child("Sender")),
        receiver=_party(info.child("Receiver")),
        generated=generated,
        digest=_digest(raw, message_id),
        test=info.code("ProcessingStatus")[0] == "D",
        acknowledge=_ACK.get(ack, "always"),
        parent=parent,
        conversation=conversation,
    )


def _digest(raw: bytes, message_id: str) -> str:
    """SHA-256 (hex) of the message, the same however its sender spells its UUID."""
    uuid = uuid_of(message_id)
    if uuid and uuid != message_id:
        raw = raw.replace(message_id.encode(), uuid.encode())
    return hashlib.sha256(raw).hexdigest()


def _message_id(info: _At) -> str:
    """MsgId, any text that can be shown in a line."""
    child = info.child("MsgId")
    message_id = (child.element.text or "").strip() if child else ""
    if child and not (message_id.isprintable() and 0 < len(message_id) <= _LONGEST_ID):
        info.note("malformed-message-id", "MsgId")
    return message_id


def _conversation(info: _At) -> tuple[str, str]:
    """RefToParent and RefToConversation; a message that begins a conversation has neither, or has them empty."""
    reference = info.child("ConversationRef", required=False)
    if reference is None:
        return "", ""
    named = (reference.child(name) for name in ("RefToParent", "RefToConversation"))
    parent, conversation = ((child.element.text or "").strip() if child else "" for child in named)
    return parent, conversation


def _moment(info: _At) -> str:
    """GenDate where it is an xs:dateTime (an AppRec could not repeat anything else), otherwise ""."""
    text = info.text("GenDate")
    try:
        if text and _MOMENT.fullmatch(text) and datetime.fromisoformat(text):
            return text
    except ValueError:  # a form without such a day or hour
        pass
    if text:
        info.note("malformed-value", "GenDate")
    return ""


def _party(side: _At | None) -> Party:
    level = side.child("Organisation") if side else None
    if level is None:
        return Party()
    outermost = innermost = level
    her_ids, organisation, noted = list[str](), "", len(level.findings)
    while level:
        innermost = level
        for kind, number in _numbers(level):
            if kind == "HER":
                her_ids.append(number)
            else:
                organisation = number
        level = level.child("Organisation", required=False)
    if not her_ids and not organisation and len(outermost.findings) == noted:
        outermost.note("missing-element", "Ident")
    service = _organisation_name(innermost) if innermost is not outermost else ""
    return Party(organisation, tuple(her_ids), _organisation_name(outermost), service)


def _organisation_name(level: _At) -> str:
    return (level.element.findtext(f"{{{NAMESPACE}}}OrganisationName") or "").strip()


def _numbers(level: _At) -> Iterator[tuple[str, str]]:
    """HER-ids and organisation numbers of one level (Volven 9051); other kinds stay in the tree."""
    for position, element in enumerate(level.element.iterchildren(f"{_OURS}Ident")):
        step = f"Ident[{position}]" if position else "Ident"
        ident = _At(element, f"{level.place}.{step}", level.findings)
        kind = next(element.iterchildren(f"{_OURS}TypeId"), None)
        form = _NUMBER.get(kind.get("V", "")) if kind is not None else None
        if kind is None or form is None or kind.get("S", "") not in _ORGANISATION_IDS:
            continue
        number = ident.text("Id")
        if form.fullmatch(number):
            yield kind.get("V", ""), number
        elif number:
            ident.note("malformed-value", "Id")


def _check_document(head: _At) -> None:
    documents = head.element.findall(f"{{{NAMESPACE}}}Document")
    if not documents:
        head.note("missing-element", "Document")
    elif all(document.find(f"{{{NAMESPACE}}}RefDoc") is None for document in documents):
        head.note("missing-element", "Document.RefDoc")


def _payload(head: _At) -> str:
    """The namespace of the content that is no attachment, wherever among the documents it stands.

    mapping/roles.py finds the same one in the tree.
    """
    step = f"{{{NAMESPACE}}}"
    documents = head.element.findall(f"{step}Document/{step}RefDoc")
    told = [d for d in documents if (kind := d.find(f"{step}MsgType")) is not None and kind.get("V") == "XML"]
    contents = (d.find(f"{step}Content/*") for d in (*told, *documents))
    first = next((content for content in contents if content is not None), None)
    return (etree.QName(first).namespace or "") if first is not None else ""


def _addressable(envelope: Envelope) -> bool:
    parties = (envelope.sender, envelope.receiver)
    named = all(party.organisation or party.her_ids for party in parties)
    return bool(named and envelope.message_id and envelope.kind and envelope.generated)
