"""Which messages are taken, and what they mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from adapter.domain.message import Envelope
from adapter.domain.problems import Finding

Event = Literal["need-notified", "need-corrected", "need-cancelled"]


@dataclass(frozen=True, slots=True)
class Way:
    """One row of mappings/doors.csv. `detects`: the need stands in free text and must be found there."""

    door: str
    kind: str
    payload: str
    table: str
    column: str
    event: Event
    detects: bool


def way_of(ways: Iterable[Way], envelope: Envelope) -> Way | Finding:
    """The way a message is read, or why it is not: an unknown kind, or a kind with the wrong payload."""
    same_kind = [w for w in ways if (w.door, w.kind) == (envelope.door, envelope.kind)]
    if not same_kind:
        where = (
            "MsgHead.MsgInfo.Type.@V" if envelope.door == "edi" else "Bundle.entry[0].resource.eventCoding"
        )
        return Finding("unsupported-message-type", where)
    fitting = next((w for w in same_kind if w.payload == envelope.payload), None)
    return fitting or Finding("wrong-namespace", "MsgHead.Document[0].RefDoc[0].Content[0]")
