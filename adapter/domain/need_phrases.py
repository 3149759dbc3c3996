"""The words and rules for the need, as mappings/detection.yaml has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from adapter.domain.word_rules import Patterns, Rule, Rules


@dataclass(frozen=True, slots=True)
class Answers:
    """Lines of a form: `answer` is one, and a yes where its first group is found; it `begins` what follows a question.
    `asks` is in a question about a need, `other` in one whose answer says nothing of ours."""

    begins: Patterns
    answer: Rule
    asks: Patterns
    other: Patterns


@dataclass(frozen=True)  # no slots: what follows from the rules is kept
class NeedPhrases:
    """`matter` are the words in capitals and what is written as each, in this order; `near` is what may be the matter
    under another name, and `settles` says what `IP` means.

    The rest is held against what names the matter: `states` need, `negates` and `doubts` it; `talks` is a doubt of a
    need only, `asked` a question without answer; `absent` says that there was none so far, which denies no need;
    `names` is a whole text where naming is asking, unless what
    stands beside it says that it is there and `kept`. `withdraws` takes a need back; `against` are these and those that
    take back a consent, too. `elsewhere` is what such a sentence may be about instead, unless it has `ours`.
    """

    matter: Mapping[str, Rules]
    near: Rules
    settles: Rules
    states: Rules
    negates: Rules
    doubts: Rules
    talks: Rules
    asked: Rules
    absent: Rules
    names: Rules
    kept: Rules
    answers: Answers
    withdraws: Rules
    against: Rules
    elsewhere: Rules
    ours: Rules

    @cached_property
    def naming(self) -> Rules:
        """Whatever is the matter, or may be."""
        return Rules((*(rule for rules in self.matter.values() for rule in rules), *self.near))
