"""What has gone between us and one recipient about a case, and which message a letter to it answers or follows.

A try repeats what the first one said, so only what was there when the delivery was decided has a say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.domain.case import Case, Version
from adapter.domain.delivery import Delivery, Outgoing
from adapter.domain.message import Envelope, Received, ReplyTo
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.mapping.paths import first
from adapter.wire import edi
from adapter.wire.dialogmelding import Asked, Code
from adapter.wire.tree import Tree
from adapter.wire.unreadable import Unreadable

NEED = "need-notified"
REQUEST = "DIALOG_FORESPORSEL"
_TYPE_OF_REQUEST = "Document.RefDoc.Content.Dialogmelding.Foresporsel.TypeForesp"

NAMED = ("patient", "hospital", "municipality", "unit")
"""Whom a letter names also where the delivery does not carry them: who reads FHIR finds them by reference."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The case (None if it is gone), its earlier deliveries to the recipient and the XML messages from there, in order.

    `report` is the recipient's own message that brought the need, where that was XML. `named` are the resources of
    NAMED by these names, as they stood when the delivery was decided. `unit_had_it`: a coordinating unit had been sent
    the need before.
    """

    case: Case | None
    deliveries: Sequence[Delivery]
    messages: Sequence[Received]
    report: Received | None
    named: Mapping[str, Version]
    unit_had_it: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a letter stands in a conversation: MsgIds as their senders wrote them, both "" in its first message.

    `answers`: it is an answer to the recipient's own message; `address` is where that came from, as far as it is known,
    and `asked` the request in it, if it is one.
    """

    parent: str = ""
    conversation: str = ""
    answers: bool = False
    address: ReplyTo | None = None
    asked: Asked | None = None


def correspondence(
    delivery: Delivery, case: Case | None, versions: Sequence[Version], parts: Parts
) -> Correspondence:
    """What has gone to and from the recipient of a delivery. `versions` are the current ones of its case.

    Asks the database by itself: who calls it holds no transaction, as one connection is what a postman may take.
    """
    out = delivery.outgoing
    of_case = parts.store.messages_of(out.case_id)
    earlier = [d for d in parts.store.deliveries_of(out.case_id) if d.id < delivery.id]
    return Correspondence(
        case=case,
        deliveries=[d for d in earlier if d.outgoing.recipient == out.recipient],
        messages=[m for m in of_case if _is_xml_of(m, out.recipient)],
        report=next((m for m in of_case[:1] if _is_xml_of(m, out.recipient)), None),
        named=_named(out, versions, parts),
        unit_had_it=any(d.outgoing.event == NEED and d.tries for d in earlier),
    )


def _is_xml_of(message: Received, organisation: str) -> bool:
    return message.door == "edi" and message.sender == organisation


def _named(out: Outgoing, versions: Sequence[Version], parts: Parts) -> Mapping[str, Version]:
    names = {id_of(out.case_id, name): name for name in NAMED}
    now = [v for v in versions if v.id in names]
    if any(v.at > out.created_at for v in now):
        now = [v for v in parts.store.versions_of(out.case_id) if v.id in names and v.at <= out.created_at]
    return {names[v.id]: v for v in now}


def thread(
    delivery: Delivery,
    focus: Version,
    versions: Sequence[Version],
    known: Correspondence,
    parts: Parts,
) -> Thread:
    """What a delivery answers or follows. The same at every try: only what went before it counts.

    A note answers the message that brought what it replies to; news to the hospital answers its own report of the
    need, where that was XML; all else follows the first letter that reached the recipient, or the need sent last.
    """
    if delivery.outgoing.event == NEED:
        return Thread()
    came = _replied_to(focus, versions, known) or known.report
    if came is not None:
        return _answer(came, parts)
    before = [d for d in known.deliveries if d.tries and d.state != "skipped"]
    needs = [d for d in before if d.outgoing.event == NEED]
    begun = next(iter(needs[-1:] or before), None)
    return Thread(begun.outgoing.message_id, begun.outgoing.message_id) if begun else Thread()


def _replied_to(focus: Version, versions: Sequence[Version], known: Correspondence) -> Received | None:
    """The recipient's message that brought the note which this one replies to."""
    replies = {str(r.get("reference", "")) for r in focus.body.get("inResponseTo", ())}
    sources = {v.source for v in versions if v.reference in replies and focus.type == "Communication"}
    return next((m for m in known.messages if m.id in sources), None)


def _answer(came: Received, parts: Parts) -> Thread:
    """An answer to a message; of one of an older release whose content was removed since, only the id is known."""
    reply_to = came.reply_to
    if reply_to is None:
        try:
            opened = edi.open_message(came.raw or b"", max_bytes=parts.max_bytes, max_depth=parts.max_depth)
        except Unreadable:
            return Thread(came.message_id, came.message_id, answers=True)
        reply_to = reply_to_of(*opened)
    asked = Asked(Code(*reply_to.asked), reply_to.message_id) if any(reply_to.asked) else None
    conversation = reply_to.conversation or reply_to.message_id
    return Thread(reply_to.message_id, conversation, answers=True, address=reply_to, asked=asked)


def reply_to_of(envelope: Envelope, tree: Tree) -> ReplyTo:
    """What an answer to an XML message needs of it."""
    asked = ("", "", "")
    theme = first(tree, _TYPE_OF_REQUEST, "MsgHead")
    if envelope.kind == REQUEST and theme and isinstance(theme.value, dict):
        code, text, list_ = (str(theme.value.get(name, "")) for name in ("@V", "@DN", "@S"))
        asked = code, text, list_
    return ReplyTo(
        message_id=_written(tree, "MsgInfo.MsgId"),
        conversation=_written(tree, "MsgInfo.ConversationRef.RefToConversation"),
        her_id=next(iter(envelope.sender.her_ids[-1:]), ""),
        service=envelope.sender.service,
        asked=asked,
    )


def _written(tree: Tree, path: str) -> str:
    found = first(tree, path, "MsgHead")
    return found.value.strip() if found and isinstance(found.value, str) else ""
