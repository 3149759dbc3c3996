"""How consent stands in words.

A consent that was not given is worse than one that is asked for again, and one that was given is not ended by a no to
something else: a sentence acts by itself only where it can be about nothing but the notice of the need. Any other that
speaks of consent leaves it unclear, which is for a person.
"""

from collections.abc import Set
from dataclasses import dataclass

from adapter.domain.spoken import Spoken
from adapter.domain.word_rules import Patterns, Rules, found

STRICTEST_FIRST = ("refused", "not-asked", "unclear", "obtained")


@dataclass(frozen=True, slots=True)
class ConsentPhrases:
    """How consent stands in words. `refused`, `not_asked` and `obtained` are whole sentences. One with `ours` in it is
    about this consent; one without is only where it stands beside the need, nothing `other` that people consent to is
    named there, and the next sentence does not limit (`limits`) it. A sentence that `mentions` consent or `denies` it
    and counts as none of these leaves it unclear."""

    mentions: Rules
    unclear: Patterns
    denies: Rules
    refused: Rules
    not_asked: Rules
    obtained: Rules
    ours: Patterns
    other: Patterns
    limits: Patterns


@dataclass(frozen=True, slots=True)
class Around:
    """The sentences that state the need, those that name the matter at all, those that take something back, and those
    of attachments, where no consent is given or refused."""

    need: Set[int]
    matter: Set[int]
    against: Set[int]
    attached: Set[int]


def consents(words: ConsentPhrases, spoken: Spoken, around: Around) -> dict[str, set[int]]:
    """The sentences of each status. One that is unclear of itself is nothing else; then the stricter counts."""
    mentioned = spoken.naming(words.mentions)
    unclear = spoken.also(mentioned, words.unclear)
    denied = spoken.holding(words.denies)
    given = spoken.being(words.obtained) - unclear - denied - around.against
    obtained = {n for n in given if n not in around.attached and _of_this(words, spoken, n, around.need)}
    beside = around.matter | obtained
    refused = _denials(words, words.refused, spoken, around.attached, beside) - unclear
    not_asked = _denials(words, words.not_asked, spoken, around.attached, beside) - unclear - refused
    of_others = given - obtained if obtained else set()
    unclear |= (mentioned | denied | around.against) - refused - not_asked - obtained - of_others
    return {"refused": refused, "not-asked": not_asked, "unclear": unclear, "obtained": obtained}


def _denials(
    words: ConsentPhrases, rules: Rules, spoken: Spoken, attached: Set[int], beside: Set[int]
) -> set[int]:
    """Those that deny this consent; a sentence that is all of its text may be about nothing else."""
    said = spoken.being(rules) - attached
    return {n for n in said if _alone(spoken, n) or _of_this(words, spoken, n, beside)}


def _alone(spoken: Spoken, number: int) -> bool:
    return not spoken.before(number) and not spoken.next_of(number)


def _of_this(words: ConsentPhrases, spoken: Spoken, number: int, beside: Set[int]) -> bool:
    """Whether a whole sentence is about this consent: in its own words, or by what stands right beside it."""
    if found(words.limits, spoken.next_of(number)):
        return False
    if found(words.ours, spoken.sentences[number]):
        return True
    if before := spoken.before(number):
        return number - 1 in beside and not found(words.other, before)
    after = spoken.next_of(number)
    return bool(after) and number + 1 in beside and not found(words.other, after)
