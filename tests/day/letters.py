"""What hospitals send: the messages of the case folders, each with ids, people and addresses of its own."""

import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
OSLO = ZoneInfo("Europe/Oslo")
_NAMES = uuid.UUID("6f9f4f0a-0d0e-5a64-8f39-3c0f3f5a7d11")


@dataclass(frozen=True, slots=True)
class Organisation:
    """`her` is the organisation's own HER-id, `unit` that of the service which sends or takes messages."""

    number: str
    her: str
    unit: str
    name: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One notification of need: who, from whom, to whom, and the UUID its sender knows it by."""

    need: str
    person: tuple[str, date]
    sender: Organisation
    receiver: Organisation


def named(*parts: object) -> str:
    """A UUID that follows from what it names."""
    return str(uuid.uuid5(_NAMES, " ".join(map(str, parts))))


@cache
def _text(name: str) -> str:
    return (FIXTURES / name).read_text("utf-8")


PLAIN, UNCERTAIN, WITHOUT_CONSENT = (
    "notify/xml-need-is-routed",
    "hold/mention-of-a-coordinator",
    "hold/consent-not-stated",
)


def hodemelding(letter: Letter, at: datetime, like: str = PLAIN) -> bytes:
    """A helsefaglig dialog like that of a case folder. Its time is local and says no zone, as the standard has it."""
    text = _text(f"{like}/in.xml")
    number, born = letter.person
    written = at.astimezone(OSLO).strftime("%Y-%m-%dT%H:%M:%S")
    for before, after in (
        ("a0000000-0000-4000-8000-000000000001", letter.need),
        ("2026-03-10T10:05:00", written),
        ("21905297101", number),
        ("1952-10-21", born.isoformat()),
        *_organisation("8900001", "999900011", "8900011", letter.sender),
        *_organisation("8900002", "999900022", "8900022", letter.receiver),
    ):
        text = text.replace(before, after)
    return text.encode()


def _organisation(her: str, number: str, unit: str, to: Organisation) -> list[tuple[str, str]]:
    tags = ("<Id>{}</Id>", "<Id>{}</Id>", "<Id>{}</Id>")
    return [
        (tag.format(before), tag.format(after))
        for tag, before, after in zip(tags, (her, number, unit), (to.her, to.number, to.unit), strict=True)
    ]


def fhir(letter: Letter, event: str, at: datetime) -> bytes:
    """A FHIR message: need-notified, need-corrected or need-cancelled."""
    file = {
        "need-notified": "notify/fhir-need-is-routed/in.json",
        "need-corrected": "notify/correction-follows-the-need/corrected.json",
        "need-cancelled": "notify/cancellation-follows-the-need/cancelled.json",
    }[event]
    number, born = letter.person
    text = _text(file)
    for before, after in (
        ("21905297101", number),
        ("1952-10-21", born.isoformat()),
        ('"8900022"', f'"{letter.receiver.unit}"'),
        ('"999900011"', f'"{letter.sender.number}"'),
        ('"8900001"', f'"{letter.sender.her}"'),
        ("2026-03-10T10:05:00+01:00", at.astimezone(OSLO).isoformat(timespec="seconds")),
    ):
        text = text.replace(before, after)
    message: dict[str, Any] = json.loads(text)
    header = message["entry"][0]["resource"]
    message["id"], header["id"] = named("envelope", letter.need, event), named("letter", letter.need, event)
    message["entry"][0]["fullUrl"] = f"urn:uuid:{header['id']}"
    need = next(e["resource"] for e in message["entry"] if e["resource"]["resourceType"] == "ServiceRequest")
    need["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{letter.need}"}]
    return json.dumps(message, ensure_ascii=False).encode()


def message_id(letter: Letter, event: str, door: str) -> str:
    """The id the message is received under."""
    return letter.need if door == "edi" else named("letter", letter.need, event)
