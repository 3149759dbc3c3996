"""Free texts as sentences in small letters, and the rules that sentences are held against."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

_ENDS = (". ", "! ", "? ", "; ")
_END = " .!;"
_OPENING = "(/\"'«"


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

    The full stop of an `abbreviation` (small letters, without it) ends no sentence.
    """

    def __init__(self, stems: Stems, abbreviations: frozenset[str], texts: Sequence[tuple[str, str]]) -> None:
        self.sentences: list[str] = []
        self.places: list[str] = []
        for place, text in texts:
            parted = _joined(_split(_small(text)), abbreviations)
            self.sentences += parted
            self.places += [place] * len(parted)
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
        return {n for n in numbers if found(patterns, self.sentences[n])}

    def next_of(self, number: int) -> str:
        """The sentence that follows this one in the same text, "" after the last."""
        after = number + 1
        same = after < len(self.places) and self.places[after] == self.places[number]
        return self.sentences[after] if same else ""


def _split(text: str) -> list[str]:
    """Sentences, parted by one letter each; it is the end of a line nowhere else."""
    for end in _ENDS:
        text = text.replace(end, f"{end[0]}\n")
    return text.split("\n")


def _joined(parts: list[str], abbreviations: frozenset[str]) -> list[str]:
    sentences = [""]
    for part in parts:
        sentences[-1] += part
        if part.endswith(".") and part[:-1].rpartition(" ")[2].lstrip(_OPENING) in abbreviations:
            sentences[-1] += " "
        else:
            sentences.append("")
    return [sentence for sentence in (s.rstrip() for s in sentences) if sentence]


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
