"""What hospitals send while things break: needs at both doors, corrections, cancellations, repeats. SYNTHETIC ONLY.

The models are messages of the case folders; ids, persons, hospitals and municipalities are put in their place.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cases import FIXTURES

HOSPITALS = {
    "999900011": ("8900001", "8900011", "TESTSYKEHUSET HF (FIKTIV)"),
    "999900033": ("8900003", "8900031", "PRØVEBY SYKEHUS HF (FIKTIV)"),
    "999900044": ("8900004", "8900041", "FJELLSYKEHUSET HF (FIKTIV)"),
}
"""Organisation number: HER-id of the organisation, HER-id of the sending service, name."""

MUNICIPALITIES = {
    "999900022": ("8900002", "8900022", "TESTKOMMUNEN KOMMUNE (FIKTIV)"),
    "999902001": ("8902901", "8902001", "PRØVEKOMMUNE BÆRUM (FIKTIV)"),
    "999902005": ("8902905", "8902005", "PRØVEKOMMUNE NARVIK (FIKTIV)"),
}
"""Organisation number: HER-id of the organisation, HER-id of its coordinating unit (routes/), name."""

DOORS = {
    "edi": ("/edi/messages", "application/xml"),
    "fhir": ("/fhir/$process-message", "application/fhir+json"),
}
"""Path and media type of each door."""

_NOTIFY = FIXTURES / "notify"
_DIALOG = (_NOTIFY / "xml-need-is-routed" / "in.xml").read_text(encoding="utf-8")
_FHIR = {
    "need-notified": (_NOTIFY / "fhir-need-is-routed" / "in.json").read_text(encoding="utf-8"),
    "need-corrected": (_NOTIFY / "correction-follows-the-need" / "corrected.json").read_text(
        encoding="utf-8"
    ),
    "need-cancelled": (_NOTIFY / "cancellation-follows-the-need" / "cancelled.json").read_text(
        encoding="utf-8"
    ),
}
_NEED = "a0000000-0000-4000-8000-000000000001"
_PERSON, _BORN = "21905297101", "1952-10-21"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as bytes that never change. `repeat`: "" or when the hospital sends it once more."""

    id: str
    door: str
    event: str
    hospital: str
    body: bytes
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One need and what is told of it, in this order. `given_up`: the hospital tries its message only once."""

    need: str
    hospital: str
    municipality: str
    messages: tuple[Message, ...]
    given_up: bool = False

    @property
    def shape(self) -> tuple[tuple[str, str], ...]:
        return tuple((m.door, m.event) for m in self.messages)

    @property
    def sendings(self) -> int:
        return sum(1 + bool(m.repeat) for m in self.messages)


def stories(sendings: int, seed: int) -> list[Story]:
    """So many sendings or a few more: one in ten repeats another, one need in twenty is corrected, one in thirty
    cancelled, one in ten given up by its hospital when the first try has no answer."""
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    told: list[Story] = []
    left = sendings
    for number in itertools.count(1):
        if left <= 0:
            return told
        told.append(_story(number, chance))
        left -= told[-1].sendings
    raise AssertionError


def one_story(number: int, *events: str, municipality: str = "999900022") -> Story:
    """A need that comes as a dialog, and what follows it."""
    hospital = next(iter(HOSPITALS))
    told = enumerate(("need-notified", *events))
    messages = [
        _message(number, position, "fhir" if position else "edi", event, hospital, municipality)
        for position, event in told
    ]
    return Story(_need(number), hospital, municipality, tuple(messages))


def _story(number: int, chance: random.Random) -> Story:
    hospital, municipality = chance.choice([*HOSPITALS]), chance.choice([*MUNICIPALITIES])
    events = ["need-notified"]
    if chance.random() < 1 / 20:
        events.append("need-corrected")
    if chance.random() < 1 / 30:
        events.append("need-cancelled")
    first_door = chance.choice(("edi", "fhir"))
    messages = tuple(
        _message(
            number,
            position,
            "fhir" if position else first_door,
            event,
            hospital,
            municipality,
            chance.choice(("at-once", "later")) if chance.random() < 1 / 9 else "",
        )
        for position, event in enumerate(events)
    )
    given_up = len(messages) == 1 and not messages[0].repeat and chance.random() < 1 / 10
    return Story(_need(number), hospital, municipality, messages, given_up)


def _message(
    number: int, position: int, door: str, event: str, hospital: str, municipality: str, repeat: str = ""
) -> Message:
    own, service, name = HOSPITALS[hospital]
    outer, unit, called = MUNICIPALITIES[municipality]
    born = date(1940 + number % 60, 1 + number // 60 % 12, 1 + number // 720 % 28)
    text = _DIALOG if door == "edi" else _FHIR[event]
    id_ = _need(number) if door == "edi" else f"c1{position:06d}-0000-4000-8000-{number:012d}"
    for old, new in (
        (_NEED, _need(number)),
        (f"c1000000-0000-4000-8000-{1 + bool(position):012d}", id_),
        (f"b0000000-0000-4000-8000-{1 + bool(position):012d}", f"b0{id_[2:]}"),
        ("TESTSYKEHUSET HF (FIKTIV)", name),
        ("999900011", hospital),
        ("8900011", service),
        ("8900001", own),
        ("TESTKOMMUNEN KOMMUNE (FIKTIV)", called),
        ("999900022", municipality),
        ("8900022", unit),
        ("8900002", outer),
        (_PERSON, _person(born)),
        (_BORN, born.isoformat()),
    ):
        text = text.replace(old, new)
    return Message(id_, door, event, hospital, text.encode(), repeat)


def _need(number: int) -> str:
    return f"a0000000-0000-4000-8000-{number:012d}"


def _person(born: date) -> str:
    """A synthetic identity number as Skatteetaten makes them: 80 added to the month, two check digits (mod 11)."""
    head = f"{born.day:02d}{born.month + 80:02d}{born.year % 100:02d}"
    return next(number for serial in _serials() if (number := _checked(f"{head}{serial:03d}")))


def _serials() -> Iterator[int]:
    return iter(range(1, 500, 2))


def _checked(digits: str) -> str | None:
    for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)):
        check = -sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
        if check == 10:
            return None
        digits += str(check)
    return digits
