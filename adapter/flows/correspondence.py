"""What has gone between us and one recipient about a case, and which message a letter to it answers or follows.

A try repeats what the first one said, so only what was there when the delivery was decided has a say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.domain.case import Case, Version
from adapter.domain.delivery import Delivery, Outgoing
from adapter.domain.message import Envelope, Received
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of
from adapter.mapping.paths import first
from adapter.ports import Transaction
from adapter.wire import edi
from adapter.wire.dialogmelding import Asked, Code
from adapter.wire.unreadable import Unreadable

REQUEST = "DIALOG_FORESPORSEL"
_TYPE_OF_REQUEST = "Document.RefDoc.Content.Dialogmelding.Foresporsel.TypeForesp"

NAMED = ("patient", "hospital", "municipality", "unit")
"""Whom a letter names also where the delivery does not carry them: who reads FHIR finds them by reference."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The case (None if it is gone), its deliveries to the recipient and the XML messages from there, in order.

    `report` is the recipient's own message that brought the need, where that was XML. `named` are the resources of
    NAMED by these names, as they stood when the delivery was decided.
    """

    case: Case | None
    deliveries: Sequence[Delivery]
    messages: Sequence[Received]
    report: Received | None
    named: Mapping[str, Version]


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a letter stands in a conversation: MsgIds, both "" in its first message.

    `answered` is the recipient's own message that it answers, `asked` the request in that, if it is one.
    """

    parent: str = ""
    conversation: str = ""
    answered: Envelope | None = None
    asked: Asked | None = None


def correspondence(
    tx: Transaction, delivery: Delivery, versions: Sequence[Version], parts: Parts
) -> Correspondence:
    """What has gone to and from the recipient of a delivery. `versions` are the current ones of its case."""
    out = delivery.outgoing
    glance = tx.glance("Task", id_of(out.case_id, "task"))
    of_case = parts.store.messages_of(out.case_id)
    return Correspondence(
        case=glance[1] if glance else None,
        deliveries=[d for d in tx.deliveries(out.case_id) if d.outgoing.recipient == out.recipient],
        messages=[m for m in of_case if _is_xml_of(m, out.recipient)],
        report=next((m for m in of_case[:1] if _is_xml_of(m, out.recipient)), None),
        named=_named(out, versions, parts),
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
    if delivery.outgoing.event == "need-notified":
        return Thread()
    came = _replied_to(focus, versions, known) or known.report
    if came is not None:
        return _answer(came, parts)
    before = [d for d in known.deliveries if d.id < delivery.id and d.tries and d.state != "skipped"]
    needs = [d for d in before if d.outgoing.event == "need-notified"]
    begun = next(iter(needs[-1:] or before), None)
    return Thread(begun.outgoing.message_id, begun.outgoing.message_id) if begun else Thread()


def _replied_to(focus: Version, versions: Sequence[Version], known: Correspondence) -> Received | None:
    """The recipient's message that brought the note which this one replies to."""
    replies = {str(r.get("reference", "")) for r in focus.body.get("inResponseTo", ())}
    sources = {v.source for v in versions if v.reference in replies and focus.type == "Communication"}
    return next((m for m in known.messages if m.id in sources), None)


def _answer(came: Received, parts: Parts) -> Thread:
    """An answer to a message; of one whose content was removed since, only the id is known."""
    try:
        envelope, tree = edi.open_message(
            came.raw or b"", max_bytes=parts.max_bytes, max_depth=parts.max_depth
        )
    except Unreadable:
        return Thread(came.message_id, came.message_id)
    theme = first(tree, _TYPE_OF_REQUEST, "MsgHead")
    asked = None
    if envelope.kind == REQUEST and theme and isinstance(theme.value, dict):
        code = Code(*(str(theme.value.get(a, "")) for a in ("@V", "@DN", "@S")))
        asked = Asked(code, envelope.message_id)
    return Thread(envelope.message_id, envelope.conversation or envelope.message_id, envelope, asked)
