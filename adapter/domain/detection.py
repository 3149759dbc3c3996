"""Does a free text state the need for an individual plan, and a consent? Words decide nothing they do not say.

Three outcomes: the text states the need, it does not concern us, or a person must look. A false "states" would
start a case nobody asked for; a silent miss would lose a need: whatever is neither clear goes to a person. A consent
that was not given is worse than one that is asked for again: it counts only where a whole sentence says so and nothing
else in the text speaks against it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["states", "not-concerned", "uncertain"]
Rules = tuple[re.Pattern[str], ...]

_Said = Literal["need", "doubt", "mention", "against"]
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_END = " .!;"
_STRICTEST_FIRST = ("refused", "not-asked", "unclear", "obtained")


@dataclass(frozen=True, slots=True)
class Signal:
    """A fact that words can state: the first signal of a fact whose phrase is found gives its value."""

    fact: str
    means: str
    phrases: Rules


@dataclass(frozen=True, slots=True)
class ConsentPhrases:
    """How consent stands in words. `obtained` are whole sentences; a sentence that `mentions` it and is none of
    the others leaves it unclear."""

    mentions: Rules
    unclear: Rules
    refused: Rules
    not_asked: Rules
    obtained: Rules


@dataclass(frozen=True, slots=True)
class Phrases:
    """mappings/detection.yaml. `topic` names the matter; `states`, `negates` and `doubts` stand beside it;
    `against` takes something back in a sentence of its own."""

    topic: Rules
    states: Rules
    negates: Rules
    doubts: Rules
    against: Rules
    signals: tuple[Signal, ...]
    consent: ConsentPhrases


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; `where` names the place of the text that decided, `facts` and `origin` the signals."""

    outcome: Outcome
    where: str
    facts: Mapping[str, str]
    origin: Mapping[str, str]


def detect(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> Detected:
    """Look through all (place, text) pairs, in the order given."""
    seen: dict[_Said, str] = {}
    consents: dict[str, str] = {}
    for place, sentence in _sentences(texts):
        if said := _sentence(phrases, sentence):
            seen.setdefault(said, place)
        if status := _consent(phrases, sentence):
            consents.setdefault(status, place)
    facts, origin = _signals(phrases, texts)
    strictest = next((status for status in _STRICTEST_FIRST if status in consents), None)
    if strictest:
        facts["consent.status"], origin["consent.status"] = strictest, consents[strictest]
    outcome, where = _outcome(seen)
    return Detected(outcome, where or (texts[0][0] if texts else ""), facts, origin)


def _sentences(texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for place, text in texts:
        yield from ((place, sentence) for sentence in _SENTENCE.split(_plain(text)) if sentence)


def _plain(text: str) -> str:
    """One way of writing each letter and nothing that is not seen: neither a soft hyphen nor the end of a line may
    part a consent from what it is about."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


def _outcome(seen: Mapping[_Said, str]) -> tuple[Outcome, str]:
    """Only what has a topic somewhere concerns us; then any doubt or objection is a person's matter."""
    if not seen.keys() & {"need", "doubt", "mention"}:
        return "not-concerned", ""
    for said in ("doubt", "against", "mention"):
        if said in seen and (said != "mention" or "need" not in seen):
            return "uncertain", seen[said]
    return "states", seen["need"]


def _sentence(phrases: Phrases, sentence: str) -> _Said | None:
    if not _any(phrases.topic, sentence):
        return "against" if _any(phrases.against, sentence) else None
    if _any(phrases.negates, sentence) or _any(phrases.doubts, sentence) or _any(phrases.against, sentence):
        return "doubt"
    return "need" if _any(phrases.states, sentence) else "mention"


def _consent(phrases: Phrases, sentence: str) -> str | None:
    words = phrases.consent
    for status, rules in (
        ("unclear", words.unclear if _any(words.mentions, sentence) else ()),
        ("refused", words.refused),
        ("not-asked", words.not_asked),
        ("unclear", phrases.against),
    ):
        if _any(rules, sentence):
            return status
    if any(rule.fullmatch(sentence.rstrip(_END)) for rule in words.obtained):
        return "obtained"
    return "unclear" if _any(words.mentions, sentence) else None


def _signals(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    facts: dict[str, str] = {}
    origin: dict[str, str] = {}
    for signal in phrases.signals:
        for place, text in texts:
            if signal.fact not in facts and _any(signal.phrases, _plain(text)):
                facts[signal.fact], origin[signal.fact] = signal.means, place
    return facts, origin


def _any(rules: Rules, text: str) -> bool:
    return any(rule.search(text) for rule in rules)
