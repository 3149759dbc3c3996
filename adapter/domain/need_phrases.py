"""The words and rules for the need, as mappings/detection.yaml has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapter.domain.spoken import Patterns, Rules


@dataclass(frozen=True, slots=True)
class Answers:
    """Lines of a form: `answer` is one, and a yes where its first group is found; it `begins` what follows a question.
    `asks` is in a question about a need, `other` in one whose answer says nothing of ours."""

    begins: Patterns
    answer: re.Pattern[str]
    asks: Patterns
    other: Patterns


@dataclass(frozen=True, slots=True)
class NeedPhrases:
    """`matter` are the words in capitals and what is written as each, in this order; `near` is what may be the matter
    under another name, and `settles` says what `IP` means.

    The rest is held against what names the matter: `states` need, `negates` and `doubts` it; `talks` is a doubt of a
    need only, `asked` a question without answer; `absent` says that there was none so far, which denies no need;
    `names` is a whole text where naming is asking. `withdraws` takes a need back; `against` are these and those that
    take back a consent, too. `elsewhere` is what such a sentence may be about instead, unless it has `ours`.
    """

    matter: Mapping[str, Rules]
    near: Rules
    settles: Rules
    states: Patterns
    negates: Patterns
    doubts: Patterns
    talks: Patterns
    asked: Patterns
    absent: Patterns
    names: Patterns
    answers: Answers
    withdraws: Rules
    against: Rules
    elsewhere: Patterns
    ours: Patterns
