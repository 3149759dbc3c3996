"""Which messages are taken, and what they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from adapter.domain.message import Envelope
from adapter.domain.problems import Finding

Event = Literal["need-notified", "need-corrected", "need-cancelled", "note", "returned", "stay"]
_KIND_AT: Final = {
    "edi": "MsgHead.MsgInfo.Type.@V",
    "fhir": "Bundle.entry[0].resource.eventCoding",
    "hand": "form",
}
Conversation = Literal["new", "known", "any"]
NAMED_BY: Final = {
    "edi": "MsgHead.MsgInfo.ConversationRef",
    "fhir": "Bundle.entry[0].resource.focus",
    "hand": "form",
}
"""Where a message of a door says which case it goes on with."""


@dataclass(frozen=True, slots=True)
class Way:
    """One row of mappings/doors.csv. `detects`: the need stands in free text and must be found there.

    `conversation`: whether it is the way of a message that names none we know, of one within a known case, or of both.
    """

    door: str
    kind: str
    payload: str
    table: str
    column: str
    event: Event
    detects: bool
    conversation: Conversation


def event_of(way: Way, status: str | None, outcome: str, *, known: bool) -> Event:
    """What a message means that may say itself what it is to an earlier one (Volven 7309, fact `message.status`).

    A change of a known need that no longer states it clearly (`outcome` of the detection) changes nothing by itself:
    it is a note, and a person looks. So is everything else within a conversation that is known.
    """
    if way.door != "edi" or way.event != "need-notified":
        return way.event
    if status == "cancelled":
        return "need-cancelled"
    if status == "changed" and (outcome == "states" or not known):
        return "need-corrected"
    return "note" if known else "need-notified"


def way_of(ways: Iterable[Way], envelope: Envelope, *, known: bool) -> Way | Finding:
    """The way a message is read, or why it is not: an unknown kind, a kind with the wrong payload, or one that only
    answers and names nothing we know. `known`: whether it refers to a case that is there for its sender.
    """
    same_kind = [w for w in ways if (w.door, w.kind) == (envelope.door, envelope.kind)]
    if not same_kind:
        return Finding("unsupported-message-type", _KIND_AT[envelope.door])
    fitting = [w for w in same_kind if w.payload == envelope.payload]
    if not fitting:
        return Finding("wrong-namespace", "MsgHead.Document[0].RefDoc[0].Content[0]")
    stands = "known" if known else "new"
    chosen = next((w for w in fitting if w.conversation in (stands, "any")), None)
    return chosen or Finding("conversation-unknown", NAMED_BY[envelope.door])
