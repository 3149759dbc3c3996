"""Which sentences of free texts hold which words, and the rules that sentences are held against."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate

from adapter.domain.sentences import sentences_of

_END = " .!;"
_LONGEST = 4_000
"""Letters of a sentence that is read. Expressions that look far take time with the square of it: 10,000 letters, half
a second. Nobody writes so on purpose."""


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
Stems = Sequence[tuple[str, Sequence[str]]]


def looked_for(groups: Iterable[Rules]) -> Stems:
    """Stems that hold no other, each with those that hold it and need not be looked for where it is not."""
    rest = {stem for group in groups for rule in group for stem in rule.stems[0]}
    found = []
    for stem in sorted(rest, key=lambda stem: (len(stem), stem)):
        if stem in rest:
            longer = sorted(other for other in rest if stem in other and other != stem)
            rest.difference_update(longer)
            found.append((stem, tuple(longer)))
    return found


def found(patterns: Patterns, text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


class Spoken:
    """All texts, normalised and in small letters, as sentences; and in which of these each stem stands.

    The full stop of an `abbreviation` (small letters, without it) ends no sentence, and signs alone are none. Those in
    `too_long` are looked at for single words only: whatever they say is for a person.
    """

    def __init__(self, stems: Stems, abbreviations: frozenset[str], texts: Sequence[tuple[str, str]]) -> None:
        self.sentences: list[str] = []
        self.places: list[str] = []
        for place, text in texts:
            parted = sentences_of(text, abbreviations)
            self.sentences += parted
            self.places += [place] * len(parted)
        self.too_long = {n for n, sentence in enumerate(self.sentences) if len(sentence) > _LONGEST}
        self._all = "\n".join(self.sentences)
        self._ends = [*accumulate([len(sentence) + 1 for sentence in self.sentences])]
        self._standing: dict[str, set[int]] = {}
        for stem, longer in stems:
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
        """The sentences in which one of the rules is found, but for those too long."""
        return self.naming(rules, self.too_long)

    def naming(self, rules: Rules, but: Set[int] = frozenset()) -> set[int]:
        """All sentences in which one of the rules is found, which look no further than some words each."""
        found: set[int] = set()
        for rule in rules:
            search = rule.pattern.search
            for number in self._may_hold(rule):
                if number not in found and number not in but and search(self.sentences[number]):
                    found.add(number)
        return found

    def being(self, rules: Rules) -> set[int]:
        """The sentences that are one of the rules from their first word to their last."""
        return {
            number
            for rule in rules
            for number in self._may_hold(rule)
            if number not in self.too_long and rule.pattern.fullmatch(self.sentences[number].rstrip(_END))
        }

    def also(self, numbers: Iterable[int], patterns: Patterns) -> set[int]:
        """Of these sentences, those in which one of the patterns is found, too."""
        return {n for n in numbers if n not in self.too_long and found(patterns, self.sentences[n])}

    def next_of(self, number: int) -> str:
        """The sentence that follows this one in the same text, "" after the last."""
        after = number + 1
        same = after < len(self.places) and self.places[after] == self.places[number]
        return self.sentences[after] if same else ""
