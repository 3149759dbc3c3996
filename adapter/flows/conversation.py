"""Which message one is, and which case it continues: by what its ConversationRef names, or its Communication."""

from dataclasses import replace

from adapter.domain.identifiers import case_id, derived, message_uuid
from adapter.domain.message import Envelope
from adapter.flows.participants import takes_part
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import has_sent_back
from adapter.ports import Transaction

REPORTS = ("DIALOG_AVVIK", "need-returned")
"""The kinds of message that report a fault in one received (HIS 1151)."""


def identified(envelope: Envelope, sender: str) -> Envelope:
    """The envelope with a UUID wherever a Hodemelding of `sender` (organisation number) names a message."""
    if envelope.door != "edi":
        return envelope
    written = envelope.message_id
    this, parent, conversation = (
        message_uuid(sender, named) if named else ""
        for named in (written, envelope.parent, envelope.conversation)
    )
    return replace(
        envelope,
        message_id=this,
        envelope_id=this,
        parent=parent,
        conversation=conversation,
        written=written,
    )


def known_case(envelope: Envelope, sender: str, parts: Parts) -> str | None:
    """The case of the conversation, if its sender (organisation number) takes part in it; looked up without a lock.
    Who has sent it back may still report that what came was not for it.

    Whoever does not is answered as if there were no such case (hpl § 21). Raises StoreBusy.
    """
    if not envelope.parent and not envelope.conversation:
        return None
    with parts.store.transaction() as tx:
        found = _about(tx, envelope) or _case(tx, envelope, sender)
        glance = tx.glance("Task", derived(found, "task")) if found else None
        if found is None or glance is None:  # a case that was purged continues nothing
            return None
        owner, versions = glance[1].owner, tx.of_case(found)
        there = takes_part(glance[1], versions, sender, parts.clock(), parts)
        reports = envelope.kind in REPORTS and has_sent_back(versions, owner, sender, parts)
        return found if there or reports or sender == owner else None


def _about(tx: Transaction, envelope: Envelope) -> str | None:
    """The case that a Communication is about, by the id or the identifier of its Task, or by what it answers (FHIR)."""
    if envelope.door != "fhir":
        return None
    about, answers = envelope.conversation, envelope.parent
    named = (("Task", about), ("Task", derived(about, "task")), ("Communication", answers))
    found = (tx.glance(kind, id_) for kind, id_ in named if id_)
    return next((glance[1].id for glance in found if glance), None)


def _case(tx: Transaction, envelope: Envelope, sender: str) -> str | None:
    """By the message answered, by the first of the conversation, or as the need that this one began elsewhere."""
    named = (envelope.parent, envelope.conversation)
    found = (tx.case_of_reference(sender, reference) for reference in named if reference)
    return next((case for case in found if case), None) or case_id(sender, envelope.conversation)
