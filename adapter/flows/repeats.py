"""What came before: the same message, the same id for something else, or the same need as another message."""

import hashlib
from datetime import datetime
from typing import Any

from adapter.domain.case import Case
from adapter.domain.message import Answer, Envelope
from adapter.domain.problems import Finding
from adapter.flows.answering import answer_to
from adapter.flows.doors import Opened, Read
from adapter.flows.parts import Parts
from adapter.ports import Collision, Transaction

_ID_AT = {"edi": "MsgHead.MsgInfo.MsgId", "fhir": "Bundle.entry[0].resource.id", "hand": "form"}
_OF_ONE_SENDING = frozenset({"MsgId", "GenDate", "ConversationRef", "Ack"})


def repeated_answer(
    tx: Transaction, sender: str, envelope: Envelope, at: datetime, parts: Parts
) -> Answer | None:
    """The dedupe matrix of FHIR messaging: the stored answer, or that an id was used for something else.

    Each message id is taken once, whoever else commits (its row is unique). An envelope's id is only looked for: two
    different messages under one Bundle.id, sent at the same moment, may both be taken, each for what it says. No such
    pair is one message twice, so nothing is done twice; the next one under that id is refused.
    """
    before = tx.answered(envelope.door, sender, envelope.message_id)
    if before and before.digest == envelope.digest:
        return before.answer
    if before:
        where = _ID_AT[envelope.door]
        return answer_to(envelope, envelope.door, (Finding("message-id-reused", where),), at, parts)
    first = tx.message_in_envelope(sender, envelope.envelope_id) if envelope.door == "fhir" else None
    if first == envelope.message_id:
        raise Collision  # kept since the question before this one: its answer is there now
    if first:
        return answer_to(envelope, "fhir", (Finding("envelope-reused", "Bundle.id"),), at, parts)
    return None


def content_key(tx: Transaction, opened: Opened, read: Read, parts: Parts) -> tuple[str, Case | None]:
    """By what a need in XML is known when it comes again under another MsgId, and its case if that is not over.

    XML names no need, only messages: who sends the same words about the same person to the same unit once more, in
    a new message, has repeated itself, and one case is enough. When that case is over, the same words are a new need,
    and the key another one. "" for what names its need itself, or brings none.
    """
    if opened.envelope.door != "edi" or read.way.event != "need-notified":
        return "", None
    key = _digest(opened)
    while id_ := tx.case_of_content(key):
        case = tx.case(id_)
        if case and case.subject_key and parts.tables.lifecycles["case"].after(case.state, "correct"):
            return "", case
        key = hashlib.sha256(f"{key} {id_}".encode()).hexdigest()
    return key, None


def _digest(opened: Opened) -> str:
    """SHA-256 (hex) of sender, receiver, person and the contents of all documents: not of what each sending has of its
    own, nor of how the XML is written.
    """
    info = {
        name: value for name, value in _first(opened.tree, "MsgInfo").items() if name not in _OF_ONE_SENDING
    }
    references = [_first(document, "RefDoc") for document in opened.tree["Document"]]
    said = opened.sender, info, [(r.get("Content"), r.get("FileReference")) for r in references]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _first(tree: Any, name: str) -> dict[str, Any]:
    found = tree.get(name) if isinstance(tree, dict) else None
    return found[0] if isinstance(found, list) and isinstance(found[0], dict) else {}
