"""The head of a letter in XML: which message it is, from whom, to whom, and about which person."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from adapter.domain.case import Version
from adapter.domain.delivery import Delivery
from adapter.domain.partners import Partner
from adapter.domain.person import SYSTEMS
from adapter.flows.addresses import code, sender_of
from adapter.flows.correspondence import Thread
from adapter.flows.parts import Parts
from adapter.mapping.letters import Carrier
from adapter.wire.dialogmelding import Number
from adapter.wire.hodemelding import Head, Level, Subject

_NUMBERS = {system: kind.upper() for system, kind in SYSTEMS.items()}
"""Codes of Volven 8116 by the systems in FHIR."""


def head_of(
    delivery: Delivery,
    carrier: Carrier,
    place: Thread,
    partner: Partner,
    receiver: Sequence[Level],
    person: Version,
    consent: str,
    parts: Parts,
) -> Head:
    """What stands around the text. `person` is the Patient as known when the delivery was decided, `consent` the status
    of the consent to report the need, where the letter is about that."""
    return Head(
        kind=code("8279", carrier.kind, parts),
        message_id=delivery.outgoing.message_id,
        written=delivery.outgoing.created_at,
        test=parts.environment == "test",
        acknowledge=code("7304", "J" if partner.receipts else "N", parts),
        parent=place.parent,
        conversation=place.conversation,
        sender=sender_of(parts.partners.by_organisation[parts.home], parts),
        receiver=receiver,
        subject=_subject(person, parts),
        payload=code("8114", "XML", parts),
        attached=code("8114", "A", parts),
        consent=code("9064", consent, parts) if consent in parts.tables.letters.lists["9064"] else None,
    )


def _subject(person: Version, parts: Parts) -> Subject:
    """Name, birth date, sex and numbers; never where the person lives."""
    body = person.body
    name: dict[str, Any] = next(iter(body.get("name", ())), {})
    given, *middle = name.get("given", ()) or [""]
    sexes = parts.tables.letters.lists["3101"]
    return Subject(
        family=name.get("family", ""),
        middle=" ".join(middle),
        given=given,
        born=_whole_date(body.get("birthDate", "")),
        sex=code("3101", body["gender"], parts) if body.get("gender") in sexes else None,
        numbers=tuple(
            Number(i["value"], code("8116", _NUMBERS[i["system"]], parts))
            for i in body.get("identifier", ())
            if i.get("system") in _NUMBERS
        ),
    )


def _whole_date(text: str) -> date | None:
    return date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
