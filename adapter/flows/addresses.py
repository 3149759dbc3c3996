"""From and to which addresses XML goes: organisations with their services, by HER-id, as the schema nests them."""

from collections.abc import Sequence

from adapter.domain.case import Case
from adapter.domain.message import ReplyTo
from adapter.domain.partners import Partner
from adapter.flows.parts import Parts
from adapter.wire.dialogmelding import Code, Number
from adapter.wire.hodemelding import Level

_OID = "2.16.578.1.12.4.1.1."
_WITHOUT_LIST = frozenset({"3101", "7304", "8114", "8279", "9060"})
"""Lists of elements that are CS in the XSDs: they name no list."""


def sender_of(home: Partner, parts: Parts) -> Sequence[Level]:
    """The adapter's own address: the organisation and its first service."""
    return _levels(home, home.service_her_ids[0], "", parts)


def receiver_of(partner: Partner, reply_to: ReplyTo | None, case: Case, parts: Parts) -> Sequence[Level]:
    """A partner whose messages all go to one service has that address. Else a reply goes to the one that wrote; a unit
    has its own; other letters go to the partner's first service."""
    if partner.address:
        return _levels(partner, partner.address, "", parts)
    if reply_to and reply_to.her_id:
        return _levels(partner, reply_to.her_id, reply_to.service, parts)
    if partner.organisation == case.owner and case.unit:
        unit = next((u for u in parts.directory.units if u.her_id == case.unit), None)
        return _levels(partner, case.unit, unit.name if unit else "", parts)
    return _levels(partner, partner.service_her_ids[0], "", parts)


def _levels(partner: Partner, service: str, name: str, parts: Parts) -> Sequence[Level]:
    """The organisation, and below it the service with this HER-id unless that is the organisation's own."""
    her, enh = code("9051", "HER", parts), code("9051", "ENH", parts)
    own = [Number(partner.her_id, her)] if partner.her_id else []
    top = Level(partner.name, (*own, Number(partner.organisation, enh)))
    if service == partner.her_id:
        return (top,)
    return (top, Level(partner.services.get(service) or name or partner.name, (Number(service, her),)))


def code(list_: str, name: str, parts: Parts) -> Code:
    """A code of mappings/codes/volven.yaml, with the OID of its list where its element has a place for one."""
    value, text = parts.tables.letters.lists[list_][name]
    return Code(value, text, "" if list_ in _WITHOUT_LIST else f"{_OID}{list_}")
