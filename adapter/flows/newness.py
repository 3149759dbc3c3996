"""Does a message bring a need that nobody has told us of? Asked only when there is too much to carry already."""

from adapter.domain.doors import way_of
from adapter.domain.identifiers import case_id
from adapter.domain.message import Caller, Door
from adapter.domain.problems import Finding, Refused
from adapter.flows.doors import open_message, read_message
from adapter.flows.parts import Parts
from adapter.wire.unreadable import Unreadable


def brings_new_need(door: Door, raw: bytes, caller: Caller, parts: Parts) -> bool:
    """Not for a repeat, which gets its answer, nor for a need that is known, which may be a withdrawal of consent.

    What cannot be opened or read brings nothing, and is answered as always. Raises StoreBusy.
    """
    try:
        opened = open_message(door, raw, caller, parts)
        way = way_of(parts.tables.ways, opened.envelope, known=opened.known is not None)
        if isinstance(way, Finding) or way.event != "need-notified":
            return False
        read = read_message(opened, parts)
    except (Unreadable, Refused):
        return False
    if isinstance(read, Finding) or "need.id" not in read.facts:
        return False
    with parts.store.transaction() as tx:
        repeated = tx.answered(door, opened.sender, opened.envelope.message_id)
        return repeated is None and tx.case(case_id(opened.sender, read.facts["need.id"])) is None
