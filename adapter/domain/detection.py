"""Does a free text state the need for an individual plan, and a consent? Words decide nothing they do not say.

Three outcomes: the text states the need, it does not concern us, or a person must look. A false "states" would
start a case nobody asked for; a silent miss would lose a need: whatever is neither clear goes to a person.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from adapter.domain.consent_words import STRICTEST_FIRST, Around, ConsentPhrases, consents
from adapter.domain.need_phrases import NeedPhrases
from adapter.domain.need_words import Said, said
from adapter.domain.spoken import Spoken
from adapter.domain.word_rules import Patterns, Rules, Stems, found, looked_for

Outcome = Literal["states", "not-concerned", "uncertain"]

_Kind = TypeVar("_Kind", bound=str)
_MATTER: tuple[Said, ...] = ("need", "doubt", "mention")
"""What a sentence says that names the matter."""
_KIND = "need.kind"


@dataclass(frozen=True, slots=True)
class Signal:
    """A fact that words can state: the first signal of a fact whose phrase is found gives its value."""

    fact: str
    means: str
    phrases: Rules


@dataclass(frozen=True, slots=True)
class Trust:
    """Places of texts: the most trusted first, then all others, at last attachments. At places that are `naming`, the
    name of a service asks for it."""

    first: Patterns
    last: Patterns
    naming: Patterns

    def rank(self, place: str) -> int:
        """The lower, the more its words count."""
        if found(self.last, place):
            return len(self.first) + 1
        ranks = (rank for rank, pattern in enumerate(self.first) if pattern.search(place))
        return next(ranks, len(self.first))


@dataclass(frozen=True)  # no slots: what follows from the rules is kept
class Phrases:
    """mappings/detection.yaml. `against` takes something back, the need or a consent, in a sentence of its own."""

    abbreviations: frozenset[str]
    trust: Trust
    need: NeedPhrases
    against: Rules
    signals: tuple[Signal, ...]
    consent: ConsentPhrases

    @cached_property
    def stems(self) -> Stems:
        """The words that all texts are searched for."""
        words = self.consent
        need = self.need
        groups = [need.naming, need.settles, need.withdraws, self.against]
        groups += [words.mentions, words.denies, words.refused, words.not_asked, words.obtained]
        return looked_for([*groups, *(signal.phrases for signal in self.signals)])


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; `where` names the place of the text that decided, `facts` and `origin` the signals."""

    outcome: Outcome
    where: str
    facts: Mapping[str, str]
    origin: Mapping[str, str]


def detect(phrases: Phrases, texts: Sequence[tuple[str, str]], attached: Collection[str] = ()) -> Detected:
    """Look through all (place, text) pairs: of several sentences that say the same, that at the most trusted place
    counts; of equals, the first. Where nothing concerns us, that is the place of the first text. At the `attached`
    places nobody consents and nobody refuses; what is said there of consent is for a person."""
    # CPU time, medians of 25 runs, beside seven others at work: a notice of 230 letters 0.3 ms, 4 kB of a journal with
    # one need in it 0.8 ms, 3 kB with none 0.3 ms; 600 kB made to be slow, at most 1 s.
    by_trust = sorted(texts, key=lambda text: phrases.trust.rank(text[0]))
    spoken = Spoken(phrases.stems, phrases.abbreviations, by_trust)
    against = spoken.holding(phrases.against) | spoken.too_long
    naming = {place for place, _ in texts if found(phrases.trust.naming, place)}
    sentences = said(phrases.need, spoken, against, naming)
    around = Around(_of(sentences, "need"), _of(sentences, *_MATTER), against, _at(spoken, attached))
    statuses = _first(spoken, consents(phrases.consent, spoken, around))
    seen = _first(spoken, sentences)
    facts, origin = _signals(phrases, spoken, _of(sentences, "need"))
    strictest = next((status for status in STRICTEST_FIRST if status in statuses), None)
    if strictest:
        facts["consent.status"], origin["consent.status"] = strictest, statuses[strictest]
    outcome, where = _outcome(seen)
    return Detected(outcome, where or (texts[0][0] if texts else ""), facts, origin)


def _of(sentences: Mapping[Said, set[int]], *kinds: Said) -> set[int]:
    return {number for kind in kinds for number in sentences.get(kind, ())}


def _at(spoken: Spoken, places: Collection[str]) -> set[int]:
    return {number for number, place in enumerate(spoken.places) if place in places} if places else set()


def takes_back(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> str | None:
    """The place of the first sentence that takes something back, whatever it is about."""
    spoken = Spoken(phrases.stems, phrases.abbreviations, texts)
    against = spoken.holding(phrases.against) | spoken.too_long
    return spoken.places[min(against)] if against else None


def speaks_of_consent(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> bool:
    """Whether any sentence has the word, whatever it says of it, or denies a consent without it."""
    spoken = Spoken(phrases.stems, phrases.abbreviations, texts)
    consent = phrases.consent
    return any(spoken.first_naming(rules) is not None for rules in (consent.mentions, consent.denies))


def _first(spoken: Spoken, numbers_of: Mapping[_Kind, set[int]]) -> dict[_Kind, str]:
    """The place of the first sentence of each kind that there is."""
    return {kind: spoken.places[min(numbers)] for kind, numbers in numbers_of.items() if numbers}


def _outcome(seen: Mapping[Said, str]) -> tuple[Outcome, str]:
    """Only what names the matter somewhere concerns us; then any doubt or objection is a person's matter."""
    if not seen.keys() & {*_MATTER}:
        return "not-concerned", ""
    for what in ("doubt", "against", "mention"):
        if what in seen and (what != "mention" or "need" not in seen):
            return "uncertain", seen[what]
    return "states", seen["need"]


def _signals(phrases: Phrases, spoken: Spoken, need: set[int]) -> tuple[dict[str, str], dict[str, str]]:
    """What is needed is what the sentences say that state the need; the rest may stand anywhere."""
    facts: dict[str, str] = {}
    origin: dict[str, str] = {}
    for signal in phrases.signals:
        if signal.fact not in facts and (number := _first_with(signal, spoken, need)) is not None:
            facts[signal.fact], origin[signal.fact] = signal.means, spoken.places[number]
    return facts, origin


def _first_with(signal: Signal, spoken: Spoken, need: set[int]) -> int | None:
    if signal.fact != _KIND or not need:
        return spoken.first_naming(signal.phrases)
    return next((n for n in sorted(need) if signal.phrases.found_in(spoken.sentences[n])), None)
