"""What a message service tells of a message that we sent: asked for, and settled at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapter.domain.delivery import Receipt
from adapter.domain.exchange import conclude
from adapter.domain.mailbox import Fetched, Slip, said_of
from adapter.domain.partners import Partner
from adapter.flows import receipt
from adapter.flows.parts import Parts
from adapter.ports import ServiceRefuses
from adapter.service_ports import Mailbox, MessageService

TOLD_TWICE = 2
"""What is made due while its postman is out may be put off again by what he brings back: it is made due once more."""
BEFORE_ITS_REFERENCE = 5
"""Looks for a delivery by a reference that its postman may not have written down yet."""
_BETWEEN = timedelta(seconds=30)

Ask = Callable[..., Any]


async def trace(one: Fetched, service: MessageService, mailbox: Mailbox, parts: Parts, ask: Ask) -> Fetched:
    """Settles by the recipient's AppRec; for any other end the postman is sent to ask. `ask` calls in a thread.

    What the service refused and nobody here sent was addressed to us and will never come: a person sees it.
    """
    slip = await _slip(one, service)
    place = await ask(_adopted, slip, one.message, mailbox, parts) if slip else ""
    final = False
    for receiver in slip.receivers if slip and place else ():
        said = said_of(await service.state(one.message, receiver), one.message)
        partner = parts.partners.by_her_id.get(receiver)
        if said.said.startswith("apprec-") and slip and partner:
            said = replace(said, transport="receipt", http=0)
            await ask(receipt.told, slip.message_id, partner.organisation, said, one.message, parts)
        else:
            final = final or _is_over(said, partner, parts)
    if final or not slip or one.kind == "refused":
        place = await ask(mailbox.hasten, one.message, parts.clock()) or place
    return _next(one, place, parts, settled=not final, ours=bool(slip))


def _is_over(said: Receipt, partner: Partner | None, parts: Parts) -> bool:
    """Of a partner that answers with no AppRec, it is over once the service has brought it."""
    receipts = partner is None or partner.receipts
    return conclude(parts.tables.answers, said, receipts=receipts).conclusion != "awaiting"


def _adopted(slip: Slip, reference: str, mailbox: Mailbox, parts: Parts) -> str:
    """The place of what we sent so; "" for what another sent under the same MsgId, or to another."""
    with parts.store.transaction() as tx:
        found = tx.delivery_of_message(slip.message_id)
    sender, to = (parts.partners.by_her_id.get(id_) for id_ in (slip.sender, *slip.receivers[:1]))
    ours = sender is not None and sender.served
    if found is None or not ours or to is None or to.organisation != found.outgoing.recipient:
        return ""
    return mailbox.adopt(slip.message_id, reference)


async def _slip(one: Fetched, service: MessageService) -> Slip | None:
    try:
        return await service.slip(one.message, one.her_id)
    except ServiceRefuses:
        return None


def _next(one: Fetched, place: str, parts: Parts, *, settled: bool, ours: bool) -> Fetched:
    now = parts.clock()
    again = replace(one, at=now, due=now + _BETWEEN)
    if not place and not ours and one.tries < BEFORE_ITS_REFERENCE:
        return again
    if not place:
        refused = one.kind == "refused"
        return replace(
            one,
            state="parked" if refused else "done",
            because="refused-by-message-service" if refused else "not-ours",
            at=now,
        )
    if place == "head" and not settled and one.tries < TOLD_TWICE:
        return again
    return replace(one, state="done", because="", at=now)
