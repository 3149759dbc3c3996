"""Does a free text state the need for an individual plan, and a consent? Words decide nothing they do not say.

Three outcomes: the text states the need, it does not concern us, or a person must look. A false "states" would
start a case nobody asked for; a silent miss would lose a need: whatever is neither clear goes to a person. A consent
that was not given is worse than one that is asked for again: it counts only where a whole sentence says so and nothing
else in the text speaks against it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, TypeVar

Outcome = Literal["states", "not-concerned", "uncertain"]

_Said = Literal["need", "doubt", "mention", "against"]
_Kind = TypeVar("_Kind", bound=str)
_ENDS = (". ", "! ", "? ", "; ")
_END = " .!;"
_STRICTEST_FIRST = ("refused", "not-asked", "unclear", "obtained")


@dataclass(frozen=True, slots=True)
class Rule:
    """A regular expression that every sentence is held against, in small letters. Wherever it is found, one of each of
    these groups of `stems` (small letters) stands, "" where none is known.

    Few sentences hold any, and they are found much faster than expressions: 4 kB are read in a thirtieth of the time.
    """

    pattern: re.Pattern[str]
    stems: tuple[frozenset[str], ...]


Rules = tuple[Rule, ...]
Patterns = tuple[re.Pattern[str], ...]


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
    unclear: Patterns
    refused: Rules
    not_asked: Rules
    obtained: Rules


@dataclass(frozen=True)  # no slots: what follows from the rules is kept
class Phrases:
    """mappings/detection.yaml. `topic` names the matter; `states`, `negates` and `doubts` stand beside it;
    `against` takes something back in a sentence of its own."""

    topic: Rules
    states: Patterns
    negates: Patterns
    doubts: Patterns
    against: Rules
    signals: tuple[Signal, ...]
    consent: ConsentPhrases

    @cached_property
    def stems(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Stems that hold no other, each with those that hold it and need not be looked for where it is not."""
        words = self.consent
        groups = [self.topic, self.against, words.mentions, words.refused, words.not_asked, words.obtained]
        groups += [signal.phrases for signal in self.signals]
        rest = {stem for group in groups for rule in group for stem in rule.stems[0]}
        found = []
        for stem in sorted(rest, key=lambda stem: (len(stem), stem)):
            if stem in rest:
                longer = sorted(other for other in rest if stem in other and other != stem)
                rest.difference_update(longer)
                found.append((stem, tuple(longer)))
        return found


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; `where` names the place of the text that decided, `facts` and `origin` the signals."""

    outcome: Outcome
    where: str
    facts: Mapping[str, str]
    origin: Mapping[str, str]


class _Spoken:
    """All texts, normalised and in small letters, as sentences; and in which of these each stem stands."""

    def __init__(self, phrases: Phrases, texts: Sequence[tuple[str, str]]) -> None:
        self.sentences: list[str] = []
        self.places: list[str] = []
        for place, text in texts:
            parted = _split(_small(text))
            self.sentences += parted
            self.places += [place] * len(parted)
        self._all = "\n".join(self.sentences)
        self._ends = [*accumulate([len(sentence) + 1 for sentence in self.sentences])]
        self._standing: dict[str, set[int]] = {}
        for stem, longer in phrases.stems:
            if found := self._sentences_with(stem):
                self._standing[stem] = found
                for other in longer:
                    self._standing[other] = {n for n in found if other in self.sentences[n]}

    def _sentences_with(self, stem: str) -> set[int]:
        found = set[int]()
        at = self._all.find(stem)
        while at >= 0:
            number = bisect_right(self._ends, at)
            found.add(number)
            at = self._all.find(stem, self._ends[number])
        return found

    def _may_hold(self, rule: Rule) -> Iterable[int]:
        """The sentences that hold one stem of each group."""
        first, *others = rule.stems
        if first.isdisjoint(self._standing):
            return ()
        numbers = {n for stem in first if stem in self._standing for n in self._standing[stem]}
        for stems in others:
            numbers = {n for n in numbers if any(map(self.sentences[n].__contains__, stems))}
        return numbers

    def holding(self, rules: Rules) -> set[int]:
        """The sentences in which one of the rules is found."""
        found: set[int] = set()
        for rule in rules:
            search = rule.pattern.search
            for number in self._may_hold(rule):
                if number not in found and search(self.sentences[number]):
                    found.add(number)
        return found

    def being(self, rules: Rules) -> set[int]:
        """The sentences that are one of the rules from their first word to their last."""
        return {
            number
            for rule in rules
            for number in self._may_hold(rule)
            if rule.pattern.fullmatch(self.sentences[number].rstrip(_END))
        }

    def also(self, numbers: Iterable[int], patterns: Patterns) -> set[int]:
        """Of these sentences, those in which one of the patterns is found, too."""
        return {n for n in numbers if any(pattern.search(self.sentences[n]) for pattern in patterns)}


def detect(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> Detected:
    """Look through all (place, text) pairs, in the order given."""
    spoken = _Spoken(phrases, texts)
    against = spoken.holding(phrases.against)
    said = _first(spoken, _said(phrases, spoken, against))
    consents = _first(spoken, _consents(phrases.consent, spoken, against))
    facts, origin = _signals(phrases, spoken)
    strictest = next((status for status in _STRICTEST_FIRST if status in consents), None)
    if strictest:
        facts["consent.status"], origin["consent.status"] = strictest, consents[strictest]
    outcome, where = _outcome(said)
    return Detected(outcome, where or (texts[0][0] if texts else ""), facts, origin)


def takes_back(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> str | None:
    """The place of the first sentence that takes something back, whatever it is about."""
    spoken = _Spoken(phrases, texts)
    found = spoken.holding(phrases.against)
    return spoken.places[min(found)] if found else None


def _first(spoken: _Spoken, found: Mapping[_Kind, set[int]]) -> dict[_Kind, str]:
    """The place of the first sentence of each kind that there is."""
    return {kind: spoken.places[min(numbers)] for kind, numbers in found.items() if numbers}


def _split(text: str) -> list[str]:
    """Sentences, parted by one letter each; it is the end of a line nowhere else."""
    for end in _ENDS:
        text = text.replace(end, f"{end[0]}\n")
    return text.split("\n")


def _small(text: str) -> str:
    """In small letters; expressions without regard to case take the Turkish i for an i, too."""
    return _plain(text).replace("\u0130", "i").lower().replace("\u0131", "i")


def _plain(text: str) -> str:
    """One way of writing each letter and nothing that is not seen: neither a soft hyphen nor the end of a line may
    part a consent from what it is about."""
    text = unicodedata.normalize("NFKC", text)
    if not text.isprintable():  # all that is not seen, and every blank but the usual one, is not printable
        text = "".join([c for c in text if unicodedata.category(c) != "Cf"])
    elif "  " not in text:
        return text.strip()  # a third of the time
    return " ".join(text.split())


def _outcome(seen: Mapping[_Said, str]) -> tuple[Outcome, str]:
    """Only what has a topic somewhere concerns us; then any doubt or objection is a person's matter."""
    if not seen.keys() & {"need", "doubt", "mention"}:
        return "not-concerned", ""
    for said in ("doubt", "against", "mention"):
        if said in seen and (said != "mention" or "need" not in seen):
            return "uncertain", seen[said]
    return "states", seen["need"]


def _said(phrases: Phrases, spoken: _Spoken, against: set[int]) -> dict[_Said, set[int]]:
    topic = spoken.holding(phrases.topic)
    doubt = (topic & against) | spoken.also(topic - against, phrases.negates + phrases.doubts)
    need = spoken.also(topic - doubt, phrases.states)
    return {"against": against - topic, "doubt": doubt, "need": need, "mention": topic - doubt - need}


def _consents(words: ConsentPhrases, spoken: _Spoken, against: set[int]) -> dict[str, set[int]]:
    """A sentence that is unclear of itself is nothing else; then the stricter counts."""
    mentioned = spoken.holding(words.mentions)
    unclear = spoken.also(mentioned, words.unclear)
    refused = spoken.holding(words.refused) - unclear
    not_asked = spoken.holding(words.not_asked) - unclear - refused
    unclear |= against - refused - not_asked
    obtained = spoken.being(words.obtained) - unclear - refused - not_asked
    unclear |= mentioned - refused - not_asked - obtained
    return {"refused": refused, "not-asked": not_asked, "unclear": unclear, "obtained": obtained}


def _signals(phrases: Phrases, spoken: _Spoken) -> tuple[dict[str, str], dict[str, str]]:
    facts: dict[str, str] = {}
    origin: dict[str, str] = {}
    for signal in phrases.signals:
        if signal.fact not in facts and (numbers := spoken.holding(signal.phrases)):
            facts[signal.fact], origin[signal.fact] = signal.means, spoken.places[min(numbers)]
    return facts, origin
