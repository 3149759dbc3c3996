"""What a caseworker reads of an event of a stay (mappings/texts/stay.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter

from adapter.domain.days import OSLO
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable

DIED = "died"
"""The code of codes/stay-event.map.json that is not put into words: a person sees to what a death ends."""
_PLACES = {"reported": ["event", "at"], "estimated": ["event", "at"], "taken-back": ["line"]}


@dataclass(frozen=True, slots=True)
class StayLines:
    """`events` by our own code; `reported` and `estimated` hold {event} and {at}, `taken_back` holds {line}."""

    events: Mapping[str, str]
    reported: str
    estimated: str
    taken_back: str

    def lines(self, event: str, at: datetime, *, estimated: bool) -> tuple[str, str]:
        """What is said when the event is reported, and when the report is taken back. `at` has a time zone."""
        form = self.estimated if estimated else self.reported
        line = form.format(event=self.events[event], at=at.astimezone(OSLO))
        return line, self.taken_back.format(line=line)


def stay_lines(text: str, codes: CodeTable) -> StayLines:
    """The lines for every event of `codes` but a death. Raises ValueError for what is missing or does not belong."""
    raw = yaml_text.read(text)
    if amiss := set(raw) ^ {"events", *_PLACES}:
        raise ValueError(f"unknown or missing keys {sorted(amiss)}")
    if amiss := set(raw["events"]) ^ (set(codes.forward.values()) - {DIED}):
        raise ValueError(f"unknown or missing events {sorted(amiss)}")
    if empty := [code for code, words in raw["events"].items() if not words]:
        raise ValueError(f"no words for {empty}")
    for name, places in _PLACES.items():
        if [place for _, place, _, _ in Formatter().parse(raw[name]) if place is not None] != places:
            raise ValueError(f"{name} has not the places {places}")
    return StayLines(raw["events"], raw["reported"], raw["estimated"], raw["taken-back"])
