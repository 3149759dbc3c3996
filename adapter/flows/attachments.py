"""What comes along with a Hodemelding beside its content: kept as it is for the unit, or left to a person.

Nobody may believe that something was passed on that was not, and nothing is: the message itself is kept whole.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapter.domain.attachments import Attachment, AttachmentRules
from adapter.domain.case import Case, Resource, Version
from adapter.domain.identifiers import derived
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH, id_of, require_valid
from adapter.mapping.engine import Facts, Reading, Root, flat
from adapter.mapping.paths import Found, find
from adapter.mapping.roles import contents_of
from adapter.mapping.writing import write
from adapter.ports import Transaction

KIND = "DocumentReference"
_NO_WORDS = ("contentAttachment", "contentReference")


@dataclass(frozen=True, slots=True)
class Brought:
    """What came along: the attachments taken, the places of what is not, and the words of those that are text."""

    taken: tuple[Attachment, ...] = ()
    left: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()

    def kept_back(self) -> "Brought":
        """The same where the message leads to nothing that it could go along with."""
        return Brought((), (*self.left, *(attachment.place for attachment in self.taken)), self.words)

    @property
    def findings(self) -> tuple[Finding, ...]:
        passed_on = (Finding("attachment-passed-on", attachment.place) for attachment in self.taken)
        return (*passed_on, *(Finding("attachment-not-taken", place) for place in self.left))


def brought_along(roots: Mapping[str, Root], reading: Reading, rules: AttachmentRules) -> Brought:
    """All that stands beside the content (root `payload`) of a Hodemelding. Of what a Communication has beside its
    words nothing is taken."""
    if "MsgHead" not in roots:
        return Brought(left=tuple(_beside_words(roots["note"]))) if "note" in roots else Brought()
    tree, payload = roots["MsgHead"].tree, roots.get("payload")
    taken: list[Attachment] = []
    for document, facts in _offered(tree, reading):
        attachment = _taken(document, flat(facts), rules) if len(taken) < rules.most else None
        if attachment:
            taken.append(attachment)
    words = ((f"{a.place}.RefDoc[0].Content[0]", a.content.decode()) for a in taken if _is_text(a, rules))
    return Brought(tuple(taken), tuple(_left(tree, payload, {a.place for a in taken})), tuple(words))


def _beside_words(note: Root) -> Iterable[str]:
    return (f.place for name in _NO_WORDS for f in find(note.tree, f"payload.{name}", note.place))


def _offered(tree: object, reading: Reading) -> Iterable[tuple[Found, Facts]]:
    """The documents that say they are attachments, with what the table reads of each."""
    facts = reading.facts.get("attachments", ())
    documents = find(tree, "Document[RefDoc.MsgType.@V=A]", "MsgHead")
    return zip(documents, facts, strict=True) if facts and not isinstance(facts, str) else ()


def _taken(document: Found, facts: Mapping[str, str], rules: AttachmentRules) -> Attachment | None:
    contents = [c for held in find(document.value, "RefDoc.Content", "") for c in contents_of(held)]
    if len(contents) != 1 or find(document.value, "RefDoc.FileReference", ""):
        return None
    content = _decoded(facts.get("attachment.data", ""))
    if content is None or len(content) > rules.largest:
        return None
    kind = rules.type_of(content, facts.get("attachment.type", ""))
    return Attachment(document.place, kind.name, facts.get("attachment.title", ""), content) if kind else None


def _decoded(text: str) -> bytes | None:
    """The bytes of xs:base64Binary, which may be broken into lines; None where it is none, or empty."""
    try:
        return base64.b64decode("".join(text.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _is_text(attachment: Attachment, rules: AttachmentRules) -> bool:
    return any(kind.words for kind in rules.types if kind.name == attachment.type)


def _left(tree: object, payload: Root | None, taken: set[str]) -> Iterable[str]:
    """References to files elsewhere, a second content beside the first, and documents that are not taken."""
    own = payload.place.partition(".RefDoc")[0] if payload else ""
    yield from (file.place for file in find(tree, "Document.RefDoc.FileReference", "MsgHead"))
    for content in find(tree, "Document.RefDoc.Content", "MsgHead"):
        if content.place.startswith(f"{own}."):
            yield from (c.place for c in contents_of(content) if payload and c.place != payload.place)
    documents = find(tree, "Document", "MsgHead")
    yield from (d.place for d in documents if d.place != own and d.place not in taken)


def documents(
    case: Case, attachments: Iterable[Attachment], sender: str, written: str, parts: Parts
) -> list[Resource]:
    """Each attachment as a DocumentReference of the case, the same one whenever the same content comes again.

    `sender` (organisation number) brought it, in a message of the time `written` (FHIR instant).
    """
    made = (_document(case, attachment, sender, written, parts) for attachment in attachments)
    return [*{resource["id"]: resource for resource in made}.values()]


def _document(case: Case, attachment: Attachment, sender: str, written: str, parts: Parts) -> Resource:
    content = attachment.content
    facts = {
        "ref.patient": f"Patient/{id_of(case.id, 'patient')}",
        "ref.need": f"ServiceRequest/{id_of(case.id, 'need')}",
        "attachment.system": ENH,
        "attachment.sender": sender,
        "attachment.sent": written,
        "attachment.type": attachment.type,
        "attachment.size": str(len(content)),
        "attachment.hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
        "attachment.data": base64.b64encode(content).decode(),
    }
    titled = facts | ({"attachment.title": attachment.title} if attachment.title else {})
    resource = write(parts.tables.resources["attachment"], titled, parts.tables.codes) or {}
    id_ = derived(case.id, "attachment", hashlib.sha256(content).hexdigest())
    made = {"resourceType": KIND, "id": id_, **resource}
    require_valid("attachment", made)
    return made


def standing(tx: Transaction, case: Case, kept: Sequence[Version]) -> list[Version]:
    """The attachments that earlier messages of the hospital brought, and this one did not bring again."""
    if case.state == "new":
        return []
    again = {version.id for version in kept}
    there = (v for v in tx.of_case(case.id) if v.type == KIND and v.id not in again)
    return [v for v in there if v.author == case.requester]
