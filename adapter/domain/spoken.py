"""Which sentences of free texts hold which words."""

from collections.abc import Iterable, Iterator, Sequence, Set

from adapter.domain.sentences import sentences_of
from adapter.domain.word_rules import Patterns, Rule, Rules, Stems, found

_END = " .!;"
_LONGEST = 4_000
"""Letters of a sentence that is read. Expressions that look far take time with the square of it: 10,000 letters, half
a second. Nobody writes so on purpose."""


class Spoken:
    """All texts, normalised and in small letters, as sentences; and which stems stand in these.

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
        self._standing: dict[str, list[int]] = {}
        whole = "\n".join(self.sentences)
        words = " ".join({*whole.split()})  # each once: 4 kB are searched in 120 us, all of them in 210 us
        for stem, longer in stems:
            if stem in words or (" " in stem and stem in whole):
                self._locate(stem, longer)

    def _locate(self, stem: str, longer: Iterable[str]) -> None:
        """The sentences that a stem stands in; and of these, those that the stems that hold it stand in."""
        numbers = [n for n, sentence in enumerate(self.sentences) if stem in sentence]
        self._standing[stem] = numbers
        for other in longer:
            if within := [n for n in numbers if other in self.sentences[n]]:
                self._standing[other] = within

    def _may_hold(self, rules: Rules) -> Iterator[tuple[Rule, set[int]]]:
        """Each rule with the sentences that hold a stem of its first group."""
        for rule in rules.beside(self._standing.keys()):
            yield rule, {n for stem in rule.stems[0] if stem in self._standing for n in self._standing[stem]}

    def holding(self, rules: Rules) -> set[int]:
        """The sentences in which one of the rules is found, but for those too long."""
        return self.naming(rules, self.too_long)

    def naming(self, rules: Rules, but: Set[int] = frozenset()) -> set[int]:
        """All sentences in which one of the rules is found, which look no further than some words each."""
        found: set[int] = set()
        for rule, numbers in self._may_hold(rules):
            for number in numbers - found - but:
                sentence = self.sentences[number]
                if rule.may_be_in(sentence) and rule.pattern.search(sentence):
                    found.add(number)
        return found

    def first_naming(self, rules: Rules) -> int | None:
        """The first sentence in which one of the rules is found."""
        numbers = {n for stem in rules.by_stem.keys() & self._standing.keys() for n in self._standing[stem]}
        return next((n for n in sorted(numbers) if rules.found_in(self.sentences[n])), None)

    def being(self, rules: Rules) -> set[int]:
        """The sentences that are one of the rules from their first word to their last."""
        return {
            number
            for rule, numbers in self._may_hold(rules)
            for number in numbers - self.too_long
            if rule.pattern.fullmatch(self.sentences[number].rstrip(_END))
        }

    def also(self, numbers: Iterable[int], patterns: Patterns) -> set[int]:
        """Of these sentences, those in which one of the patterns is found, too."""
        return {n for n in numbers if n not in self.too_long and found(patterns, self.sentences[n])}

    def next_of(self, number: int) -> str:
        """The sentence that follows this one in the same text, "" after the last."""
        after = number + 1
        same = after < len(self.places) and self.places[after] == self.places[number]
        return self.sentences[after] if same else ""

    def before(self, number: int) -> str:
        """The sentence in front of this one in the same text, "" before the first."""
        same = number > 0 and self.places[number - 1] == self.places[number]
        return self.sentences[number - 1] if same else ""
