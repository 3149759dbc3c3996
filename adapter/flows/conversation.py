"""Which case a message continues, by what its ConversationRef names."""

import uuid

from adapter.domain.identifiers import case_id, derived
from adapter.domain.message import Envelope
from adapter.flows.participants import takes_part
from adapter.flows.parts import Parts
from adapter.ports import Transaction


def known_case(envelope: Envelope, sender: str, parts: Parts) -> str | None:
    """The case of the conversation, if its sender (organisation number) takes part in it; looked up without a lock.

    Whoever does not is answered as if there were no such case (hpl § 21). Raises StoreBusy.
    """
    if not envelope.parent and not envelope.conversation:
        return None
    with parts.store.transaction() as tx:
        found = _case(tx, envelope, sender)
        glance = tx.glance("Task", derived(found, "task")) if found else None
        if found is None or glance is None:  # a case that was purged continues nothing
            return None
        there = takes_part(glance[1], tx.of_case(found), sender, parts.clock(), parts)
        return found if there or sender == glance[1].owner else None


def first_of_conversation(envelope: Envelope) -> str:
    """The id (UUID) of the message that began the conversation, as far as it is named and can be the id of a need."""
    try:
        return str(uuid.UUID(envelope.conversation))
    except ValueError:
        return ""


def _case(tx: Transaction, envelope: Envelope, sender: str) -> str | None:
    """By the message answered, by the first of the conversation, or as the need that this one began elsewhere."""
    named = (envelope.parent, envelope.conversation)
    found = (tx.case_of_reference(sender, reference) for reference in named if reference)
    return next((case for case in found if case), None) or case_id(sender, envelope.conversation)
