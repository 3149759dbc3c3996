"""What a person decides about a message at the message service that could not be taken: one more try, or no more."""

from collections.abc import Sequence

from adapter.domain.case import Audit
from adapter.domain.mailbox import Fetched
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts
from adapter.service_ports import Mailbox


def called(one: Fetched, parked: Sequence[Fetched]) -> str:
    """What a person calls it: the service's id, and whom it is for where others have the same id."""
    alone = sum(other.message == one.message for other in parked) == 1
    return one.message if alone else f"{one.message}/{one.her_id}"


def holds(named: str, mailbox: Mailbox) -> bool:
    """Whether something on the list is called so."""
    return bool(_called_so(named, mailbox))


def again(named: str, by: str, why: str, mailbox: Mailbox, parts: Parts) -> None:
    """It is fetched once more. Raises Refused (not-found; step-forbidden where there is nothing to fetch)."""
    found = _found(named, mailbox)
    if any(one.kind == "unreadable" for one in found):
        raise Refused(Finding("step-forbidden", "mailbox"))
    for one in found:
        mailbox.again(one.message, one.her_id, parts.clock())
        _told("mailbox-requeue", one, by, why, parts)


def leave(named: str, by: str, why: str, mailbox: Mailbox, parts: Parts) -> None:
    """It stays at the service and is not asked for again. Raises Refused (not-found)."""
    for one in _found(named, mailbox):
        mailbox.leave(one.message, one.her_id, "left-out", parts.clock())
        _told("mailbox-skip", one, by, why, parts)


def _found(named: str, mailbox: Mailbox) -> Sequence[Fetched]:
    if found := _called_so(named, mailbox):
        return found
    raise Refused(Finding("not-found", "mailbox"))


def _called_so(named: str, mailbox: Mailbox) -> Sequence[Fetched]:
    parked = mailbox.parked()
    return [one for one in parked if called(one, parked) == named]


def _told(action: str, one: Fetched, by: str, why: str, parts: Parts) -> None:
    details = {"service_message": one.message, "her_id": one.her_id, "why": why}
    with parts.store.transaction() as tx:
        tx.record(Audit(parts.clock(), by, action, None, details))
