"""Does a free text state the need for an individual plan? Words decide nothing they do not say.

Three outcomes: the text states the need, it does not concern us, or a person must look. A false "states" would
start a case nobody asked for; a silent miss would lose a need: whatever is neither clear goes to a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["states", "not-concerned", "uncertain"]

_Said = Literal["need", "doubt", "mention"]
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Signal:
    """A fact that words can state: the first signal of a fact whose phrase is found gives its value."""

    fact: str
    means: str
    phrases: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """mappings/detection.yaml. `topic` names the matter; `states`, `negates` and `doubts` stand beside it."""

    topic: tuple[re.Pattern[str], ...]
    states: tuple[re.Pattern[str], ...]
    negates: tuple[re.Pattern[str], ...]
    doubts: tuple[re.Pattern[str], ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; `where` names the place of the text that decided, `facts` and `origin` the signals."""

    outcome: Outcome
    where: str
    facts: Mapping[str, str]
    origin: Mapping[str, str]


def detect(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> Detected:
    """Look through (place, text) pairs in the order given."""
    seen: dict[_Said, str] = {}
    for place, text in texts:
        for sentence in _SENTENCE.split(text):
            if said := _sentence(phrases, sentence):
                seen.setdefault(said, place)
    facts, origin = _signals(phrases, texts)
    if "doubt" in seen:
        return Detected("uncertain", seen["doubt"], facts, origin)
    if "need" in seen:
        return Detected("states", seen["need"], facts, origin)
    if "mention" in seen:
        return Detected("uncertain", seen["mention"], facts, origin)
    return Detected("not-concerned", texts[0][0] if texts else "", facts, origin)


def _sentence(phrases: Phrases, sentence: str) -> _Said | None:
    if not _any(phrases.topic, sentence):
        return None
    if _any(phrases.negates, sentence) or _any(phrases.doubts, sentence):
        return "doubt"
    return "need" if _any(phrases.states, sentence) else "mention"


def _signals(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    facts: dict[str, str] = {}
    origin: dict[str, str] = {}
    for signal in phrases.signals:
        for place, text in texts:
            if signal.fact not in facts and _any(signal.phrases, text):
                facts[signal.fact], origin[signal.fact] = signal.means, place
    return facts, origin


def _any(rules: tuple[re.Pattern[str], ...], text: str) -> bool:
    return any(rule.search(text) for rule in rules)
