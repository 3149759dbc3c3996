"""What the words of a message say of the need, and what else in it makes that a matter for a person."""

from collections.abc import Iterator
from dataclasses import replace

from adapter.domain.detection import Detected, Phrases, detect, speaks_of_consent
from adapter.domain.doors import Way
from adapter.domain.problems import Finding
from adapter.flows.attachments import Brought
from adapter.flows.parts import Parts
from adapter.mapping.engine import Reading

_TITLES = ("Description", "ContentDescription")
_EXISTENCE = ("plan.exists", "coordinator.appointed")


def worded(way: Way, reading: Reading, brought: Brought, parts: Parts) -> Detected:
    """What all the words say. Where they state the need, whatever speaks against taking it at its word needs a person;
    so does a message that says only that there is a plan or a coordinator, which is not the need of one."""
    if not way.detects:
        return Detected("states", "", {}, {})
    attached = {place for place, _ in brought.words}
    found = detect(parts.tables.phrases, (*reading.texts, *brought.words), attached)
    if way.table != "need" or found.outcome == "uncertain":
        return found
    unread = _unread(reading, parts.tables.phrases)
    careful = (
        _existing(reading) if found.outcome == "not-concerned" else _doubts(found, reading, brought, unread)
    )
    where = next(careful, None)
    return replace(found, outcome="uncertain", where=where) if where else found


def existence(reading: Reading) -> list[Finding]:
    """What is there already, as the message states it in codes."""
    return [Finding("plan-or-coordinator-exists", place) for place in _existing(reading)]


def _existing(reading: Reading) -> Iterator[str]:
    return (reading.origin[fact] for fact in _EXISTENCE if reading.facts.get(fact) == "true")


def _unread(reading: Reading, phrases: Phrases) -> Iterator[str]:
    """Where a text stands that no row reads. A title is none if it says nothing of the need or the consent."""
    for place, text in reading.texts:
        if place not in reading.unread or not text.strip():
            continue
        titles = [(place, text)] if place.rpartition(".")[2].startswith(_TITLES) else []
        if (
            not titles
            or detect(phrases, titles).outcome != "not-concerned"
            or speaks_of_consent(phrases, titles)
        ):
            yield place


def _doubts(found: Detected, reading: Reading, brought: Brought, unread: Iterator[str]) -> Iterator[str]:
    """The places of: another theme; a need of the past; what exists; a text that no row reads, or that the need stands
    in and is not passed on; and what came along and is not passed on either."""
    if reading.facts.get("dialog.theme", "about-patient") != "about-patient":
        yield reading.origin["dialog.theme"]
    if reading.facts.get("message.status") == "historical":
        yield reading.origin["message.status"]
    yield from _existing(reading)
    yield from unread
    if found.where in reading.ignored:
        yield found.where
    yield from brought.left
