"""What a person decides about a message at the message service that could not be taken: one more try, or no more."""

from adapter.domain.case import Audit
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.ports import Mailbox


def holds(message: str, mailbox: Mailbox) -> bool:
    """Whether this id of the service's is on the list."""
    return any(one.message == message for one in mailbox.parked())


def again(message: str, by: str, why: str, mailbox: Mailbox, parts: Parts) -> None:
    """It is fetched once more. Raises Refused (not-found)."""
    now = parts.clock()
    if not mailbox.again(message, now):
        raise Refused(Finding("not-found", "mailbox"))
    _told("mailbox-requeue", message, by, why, parts)


def leave(message: str, by: str, why: str, mailbox: Mailbox, parts: Parts) -> None:
    """It stays at the service and is not asked for again. Raises Refused (not-found)."""
    if not mailbox.leave(message, "left-out", parts.clock()):
        raise Refused(Finding("not-found", "mailbox"))
    _told("mailbox-skip", message, by, why, parts)


def _told(action: str, message: str, by: str, why: str, parts: Parts) -> None:
    with parts.store.transaction() as tx:
        tx.record(Audit(parts.clock(), by, action, None, {"service_message": message, "why": why}))
