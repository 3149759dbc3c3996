"""How consent stands in words.

A consent that was not given is worse than one that is asked for again: it counts only where a whole sentence says so
and nothing else in the text speaks against it.
"""

from dataclasses import dataclass

from adapter.domain.spoken import Spoken
from adapter.domain.word_rules import Patterns, Rules

STRICTEST_FIRST = ("refused", "not-asked", "unclear", "obtained")


@dataclass(frozen=True, slots=True)
class ConsentPhrases:
    """How consent stands in words. `obtained` are whole sentences; a sentence that `mentions` it and is none of
    the others leaves it unclear."""

    mentions: Rules
    unclear: Patterns
    refused: Rules
    not_asked: Rules
    obtained: Rules


def consents(words: ConsentPhrases, spoken: Spoken, against: set[int]) -> dict[str, set[int]]:
    """The sentences of each status. One that is unclear of itself is nothing else; then the stricter counts."""
    mentioned = spoken.naming(words.mentions)
    unclear = spoken.also(mentioned, words.unclear)
    refused = spoken.holding(words.refused) - unclear
    not_asked = spoken.holding(words.not_asked) - unclear - refused
    unclear |= against - refused - not_asked
    obtained = spoken.being(words.obtained) - unclear - refused - not_asked
    unclear |= mentioned - refused - not_asked - obtained
    return {"refused": refused, "not-asked": not_asked, "unclear": unclear, "obtained": obtained}
