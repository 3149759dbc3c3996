"""Does a free text state the need for an individual plan, and a consent? Words decide nothing they do not say.

Three outcomes: the text states the need, it does not concern us, or a person must look. A false "states" would
start a case nobody asked for; a silent miss would lose a need: whatever is neither clear goes to a person. A consent
that was not given is worse than one that is asked for again: it counts only where a whole sentence says so and nothing
else in the text speaks against it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

Outcome = Literal["states", "not-concerned", "uncertain"]

_Said = Literal["need", "doubt", "mention", "against"]
_ENDS = (". ", "! ", "? ", "; ")
_END = " .!;"
_STRICTEST_FIRST = ("refused", "not-asked", "unclear", "obtained")


@dataclass(frozen=True, slots=True)
class Rule:
    """A regular expression that every sentence is held against. One of its `stems` (small letters) stands wherever it
    is found, "" where none is known.

    Few sentences hold any, and they are found much faster than expressions: 4 kB are read in a thirtieth of the time.
    """

    pattern: re.Pattern[str]
    stems: frozenset[str]


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
    def stems(self) -> frozenset[str]:
        words = self.consent
        groups = [self.topic, self.against, words.mentions, words.refused, words.not_asked, words.obtained]
        groups += [signal.phrases for signal in self.signals]
        return frozenset[str]().union(*(rule.stems for group in groups for rule in group))

    def among(self, stems: frozenset[str]) -> "Phrases":
        """Without the rules that cannot be found where no other stems than these stand."""

        def live(rules: Rules) -> Rules:
            return tuple([rule for rule in rules if not rule.stems.isdisjoint(stems)])

        words = self.consent
        consent = ConsentPhrases(
            live(words.mentions),
            words.unclear,
            live(words.refused),
            live(words.not_asked),
            live(words.obtained),
        )
        signals = tuple([Signal(s.fact, s.means, live(s.phrases)) for s in self.signals])
        return replace(
            self, topic=live(self.topic), against=live(self.against), signals=signals, consent=consent
        )


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found; `where` names the place of the text that decided, `facts` and `origin` the signals."""

    outcome: Outcome
    where: str
    facts: Mapping[str, str]
    origin: Mapping[str, str]


class _Text(NamedTuple):
    """A text or a sentence of it, once as it is and once in small letters, and the stems that stand in it."""

    place: str
    plain: str
    small: str
    held: frozenset[str]

    def has(self, rules: Rules) -> bool:
        for rule in rules:  # noqa: SIM110 - asked six times a sentence, and any() takes twice as long
            if not rule.stems.isdisjoint(self.held) and rule.pattern.search(self.plain):
                return True
        return False

    def is_one_of(self, rules: Rules) -> bool:
        for rule in rules:
            if not rule.stems.isdisjoint(self.held) and rule.pattern.fullmatch(self.plain.rstrip(_END)):
                return True
        return False

    def also(self, patterns: Patterns) -> bool:
        return any(pattern.search(self.plain) for pattern in patterns)


def detect(phrases: Phrases, texts: Sequence[tuple[str, str]]) -> Detected:
    """Look through all (place, text) pairs, in the order given."""
    seen: dict[_Said, str] = {}
    consents: dict[str, str] = {}
    whole = [_whole(phrases.stems, place, text) for place, text in texts]
    live = phrases.among(frozenset().union(*(text.held for text in whole)))
    for sentence in _sentences(whole):
        against = sentence.has(live.against)
        if said := _said(live, sentence, against=against):
            seen.setdefault(said, sentence.place)
        if status := _consent(live, sentence, against=against):
            consents.setdefault(status, sentence.place)
    facts, origin = _signals(live, whole)
    strictest = next((status for status in _STRICTEST_FIRST if status in consents), None)
    if strictest:
        facts["consent.status"], origin["consent.status"] = strictest, consents[strictest]
    outcome, where = _outcome(seen)
    return Detected(outcome, where or (texts[0][0] if texts else ""), facts, origin)


def _whole(stems: frozenset[str], place: str, text: str) -> _Text:
    plain = _plain(text)
    small = _small(plain)
    return _Text(place, plain, small, _held(stems, small))


def _sentences(whole: Sequence[_Text]) -> Iterator[_Text]:
    """Those that may say something to us."""
    for text in whole:
        for plain, small in zip(_split(text.plain), _split(text.small), strict=True):
            if held := _held(text.held, small):
                yield _Text(text.place, plain, small, held)


def _split(plain: str) -> list[str]:
    for end in _ENDS:
        plain = plain.replace(end, f"{end[0]}\n")
    return plain.split("\n")


def _small(plain: str) -> str:
    """In small letters; expressions without regard to case take the Turkish i for an i, too."""
    return plain.lower().replace("i\u0307", "i").replace("\u0131", "i")


def _held(stems: frozenset[str], small: str) -> frozenset[str]:
    return frozenset([stem for stem in stems if stem in small])


def _plain(text: str) -> str:
    """One way of writing each letter and nothing that is not seen: neither a soft hyphen nor the end of a line may
    part a consent from what it is about."""
    text = unicodedata.normalize("NFKC", text)
    latin = len(text.encode("latin-1", "ignore")) == len(text)  # of these only the soft hyphen is not seen
    if not latin or "\u00ad" in text:
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split())


def _outcome(seen: Mapping[_Said, str]) -> tuple[Outcome, str]:
    """Only what has a topic somewhere concerns us; then any doubt or objection is a person's matter."""
    if not seen.keys() & {"need", "doubt", "mention"}:
        return "not-concerned", ""
    for said in ("doubt", "against", "mention"):
        if said in seen and (said != "mention" or "need" not in seen):
            return "uncertain", seen[said]
    return "states", seen["need"]


def _said(phrases: Phrases, sentence: _Text, *, against: bool) -> _Said | None:
    if not sentence.has(phrases.topic):
        return "against" if against else None
    if against or sentence.also(phrases.negates) or sentence.also(phrases.doubts):
        return "doubt"
    return "need" if sentence.also(phrases.states) else "mention"


def _consent(phrases: Phrases, sentence: _Text, *, against: bool) -> str | None:
    words = phrases.consent
    mentioned = sentence.has(words.mentions)
    if mentioned and sentence.also(words.unclear):
        return "unclear"
    if sentence.has(words.refused):
        return "refused"
    if sentence.has(words.not_asked):
        return "not-asked"
    if against:
        return "unclear"
    if sentence.is_one_of(words.obtained):
        return "obtained"
    return "unclear" if mentioned else None


def _signals(phrases: Phrases, whole: Sequence[_Text]) -> tuple[dict[str, str], dict[str, str]]:
    facts: dict[str, str] = {}
    origin: dict[str, str] = {}
    for signal in phrases.signals:
        for text in whole:
            if signal.fact not in facts and text.has(signal.phrases):
                facts[signal.fact], origin[signal.fact] = signal.means, text.place
    return facts, origin
