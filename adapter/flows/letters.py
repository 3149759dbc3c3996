"""A delivery as its recipient can take it: a FHIR message, or a Hodemelding with a text for people.

The same content goes with every try, put together anew. In XML it is the same bytes too, as long as texts, partners and
units are; a FHIR message has an envelope of its own each time (Bundle.id). A letter tells what the delivery carries and
no more; but it names the person and the organisations, which who reads FHIR finds by reference.
"""

from collections.abc import Sequence
from datetime import datetime

from adapter.domain.case import Version
from adapter.domain.days import norwegian_day
from adapter.domain.delivery import Delivery, Letter
from adapter.domain.identifiers import derived
from adapter.domain.message import Party
from adapter.domain.partners import Partner
from adapter.flows import telling
from adapter.flows.addresses import code, receiver_of
from adapter.flows.correspondence import Correspondence, Thread, thread
from adapter.flows.heads import head_of
from adapter.flows.late import label, leaves_late
from adapter.flows.parts import Parts
from adapter.mapping.letters import Answering, Carrier, LetterRule
from adapter.wire import message
from adapter.wire.dialogmelding import Dialog, Number, Related
from adapter.wire.hodemelding import write


def letter(
    delivery: Delivery,
    carried: Sequence[Version],
    versions: Sequence[Version],
    known: Correspondence | None,
    now: datetime,
    parts: Parts,
) -> Letter:
    """What is carried at this try. `known` is there for recipients of XML.

    Raises LookupError or ValueError for a content that no letter is foreseen for.
    """
    partner = parts.partners.by_organisation.get(delivery.outgoing.recipient)
    late = leaves_late(delivery, now, parts)
    if partner is None or known is None:
        return _fhir(delivery, carried, partner, now, parts, late=late)
    return _xml(delivery, carried, versions, partner, known, parts, late=late)


def _fhir(
    delivery: Delivery,
    carried: Sequence[Version],
    partner: Partner | None,
    now: datetime,
    parts: Parts,
    *,
    late: bool,
) -> Letter:
    out = delivery.outgoing
    address = (partner.endpoint if partner else None) or ""
    home = parts.partners.by_organisation[parts.home]
    body = message.compose(
        message_id=out.message_id,
        envelope_id=derived(out.message_id, str(delivery.tries + 1)),
        event=out.event,
        event_system=parts.event_system,
        sender=Party(home.organisation, (), home.name),
        receiver=Party(out.recipient, (), partner.name if partner else ""),
        endpoint=address or parts.address,
        source_endpoint=parts.address,
        focus=f"{out.focus.type}/{out.focus.id}",
        resources=[v.body for v in carried],
        at=now,
        base=parts.address,
        marks=label(delivery, parts) if late else {},
    )
    return Letter("fhir", address, out.message_id, body, late=late)


def _xml(
    delivery: Delivery,
    carried: Sequence[Version],
    versions: Sequence[Version],
    partner: Partner,
    known: Correspondence,
    parts: Parts,
    *,
    late: bool,
) -> Letter:
    out = delivery.outgoing
    focus = next((v for v in carried if (v.type, v.id) == (out.focus.type, out.focus.id)), None)
    if focus is None or known.case is None or "patient" not in known.named:
        raise LookupError("what the letter is about is gone")
    told = telling.told(out, focus, carried, known, parts)
    rule = parts.tables.letters.rule(out.event, out.category, focus.type, told.step, partner.kind)
    place = thread(delivery, focus, versions, known, parts)
    carrier = rule.carriers[_form(partner, place, rule)]
    receiver = receiver_of(partner, place.address, known.case, parts)
    consent = told.facts["consent_status"] if focus.type == "ServiceRequest" else ""
    head = head_of(delivery, carrier, place, partner, receiver, known.named["patient"], consent, parts)
    dialog = _dialog(out.created_at, rule, carrier, place, partner, told, parts, late=late)
    body = write(head, dialog, telling.attached(carried))
    if parts.sign:
        body = parts.sign(body)
    return Letter(
        channel=partner.channel,
        address=partner.endpoint or "",
        message_id=out.message_id,
        body=body,
        kind=carrier.kind,
        sender=head.sender[-1].numbers[0].value,
        receiver=head.receiver[-1].numbers[0].value,
        reference=delivery.reference,
        late=late,
    )


def _form(partner: Partner, place: Thread, rule: LetterRule) -> Answering:
    """DIALOG_AVVIK is about a message of its recipient: where there was none, the text goes as any other."""
    if place.answers and "deviation" in rule.carriers:
        return "deviation"
    return "answer" if partner.form == "dialog-1.0" and place.asked else partner.form


def _dialog(
    at: datetime,
    rule: LetterRule,
    carrier: Carrier,
    place: Thread,
    partner: Partner,
    told: telling.Told,
    parts: Parts,
    *,
    late: bool,
) -> Dialog:
    texts = parts.tables.letters.texts[partner.language]
    related = [_related(role, one, parts) for role, one in told.coordinators]
    if rule.contact and not place.conversation and carrier.kind == "DIALOG_HELSEFAGLIG":
        contact = Related(code("9034", "24", parts), code("9060", rule.contact, parts))
        related.append(contact)
    text = texts.body(rule.text, told.facts)
    return Dialog(
        version="1.1" if carrier.kind == "DIALOG_HELSEFAGLIG" else "1.0",
        asks=carrier.kind == "DIALOG_FORESPORSEL",
        theme=code(carrier.list, carrier.code, parts),
        subject=texts.subject(rule.text, told.facts),
        text=f"{texts.late(at)}\n\n{text}" if late else text,
        day=norwegian_day(at),
        related=tuple(related),
        asked=place.asked if carrier.kind == "DIALOG_SVAR" else None,
    )


def _related(role: str, one: telling.Contact, parts: Parts) -> Related:
    number = Number(one.hpr, code("8116", "HPR", parts)) if one.hpr else None
    return Related(
        role=code("9034", role, parts), family=one.family, given=one.given, number=number, phone=one.phone
    )
