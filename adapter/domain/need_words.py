"""What sentences say of the need for an individual plan or a coordinator (hpl § 38 a).

The words for the matter, however they are spelt, are first written as one word in capitals each: all other rules are
about these. Then a part of a sentence that names the matter speaks of a need, or anything in it speaks against that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from adapter.domain.form_lines import form_lines
from adapter.domain.spoken import Patterns, Rules, Spoken, found

Said = Literal["need", "doubt", "mention", "against"]

_OURS = ("PLAN", "KOORDINATOR")
_SHORT = "IP"
"""The abbreviation, which has other meanings, too."""
_LIST = re.compile(r"(?:^|[:.] )[-–—] | [•*·▪●] ?|^[•*·▪●] ?| \d{1,2}\) |^\d{1,2}\) ")
_ITEM = re.compile(r"(?:^|\s)[-–—•*·▪●]\s|\s[•*·▪●]|(?:^|\s)\d{1,2}\)\s")


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
    `names` is a whole text where naming is asking. `elsewhere` is what a sentence that takes something back may be
    about instead, unless it has `ours`.
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
    against: Rules
    elsewhere: Patterns
    ours: Patterns


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence, or an item of a list in it with the words in front of the list."""

    number: int
    text: str


def said(words: NeedPhrases, spoken: Spoken, against: set[int], naming: set[str]) -> dict[Said, set[int]]:
    """The sentences that say each; `naming` are the places where the name of the matter asks for it."""
    parts = list(_parts(words, spoken))
    settled = bool(spoken.holding(words.settles)) or any(_named(part.text) for part in parts)
    seen: dict[Said, set[int]] = {"need": set(), "doubt": set(), "mention": set(), "against": set()}
    for part in parts:
        text = _read_short(part.text) if settled else part.text
        seen[_said(words, text, spoken.places[part.number] in naming)].add(part.number)
    of_the_matter = {part.number for part in parts}
    seen["against"] = {n for n in against - of_the_matter if _takes_back(words, spoken.sentences[n])}
    return seen


def _parts(words: NeedPhrases, spoken: Spoken) -> Iterator[_Part]:
    """All that names the matter in some way, its words in capitals."""
    rules = (*words.near, *(rule for group in words.matter.values() for rule in group))
    for number in sorted(spoken.holding(rules)):
        text = spoken.sentences[number]
        if text.endswith("?") and found(words.answers.begins, spoken.next_of(number)):
            text = f"{text} {spoken.next_of(number)}"
        text = _in_capitals(words.matter, text)
        items = [item for item in _items(text) if _named(item) or _SHORT in item]
        if not items and any(rule.pattern.search(text) for rule in words.near):
            items = [text]
        yield from (_Part(number, item) for item in items)


def _in_capitals(matter: Mapping[str, Rules], text: str) -> str:
    for word, rules in matter.items():
        for rule in rules:
            text = rule.pattern.sub(word, text)
    return text


def _items(text: str) -> list[str]:
    """What stands in front of a list is said of each of its items."""
    if not _LIST.search(text):
        return [text]
    head, *items = _ITEM.split(text)
    return [f"{head} {item}".strip() for item in items] or [head]


def _named(text: str) -> bool:
    return any(word in text for word in _OURS)


def _read_short(text: str) -> str:
    return text.replace(_SHORT, "PLAN")


def _said(words: NeedPhrases, text: str, naming: bool) -> Said:
    if not _named(text):
        return "mention"
    if naming and _is(words.names, text.rstrip(" .")):
        return "need"
    answered, text = _answered(words, text)
    if answered and (answered == "doubt" or not _named(text)):
        return answered
    return _unasked(words, text, answered == "need")


def _unasked(words: NeedPhrases, text: str, needed: bool) -> Said:
    """What a text says that is no line of a form; `needed` where one in front of it was answered with yes."""
    if _is(words.absent, text):
        return "mention"
    if _doubted(words, text) or found(words.asked, text) or _against(words, text):
        return "doubt"
    if not needed and not found(words.states, text):
        return "mention"
    return "doubt" if found(words.talks, text) else "need"


def _is(patterns: Patterns, text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in patterns)


def _doubted(words: NeedPhrases, text: str) -> bool:
    return found(words.negates, text) or found(words.doubts, text)


def _against(words: NeedPhrases, text: str) -> bool:
    return any(rule.pattern.search(text) for rule in words.against)


def _answered(words: NeedPhrases, text: str) -> tuple[Said | None, str]:
    """What is said in lines of a form answered with yes, and the text without these and those about other needs."""
    lines, rest = form_lines(words.answers.answer, text)
    answered: Said | None = None
    kept = ""
    for line in lines:
        kept += line.before
        if _named(line.question) and line.yes and found(words.answers.asks, line.question):
            doubted = answered == "doubt" or _doubted(words, f"{line.question} {line.more}")
            answered = "doubt" if doubted else "need"
        elif _named(line.question) or not found(words.answers.other, line.question):
            kept += line.text
    return answered, f"{kept} {rest}".strip()


def _takes_back(words: NeedPhrases, text: str) -> bool:
    """Does a sentence without the matter take it back? Not where it is about something else, or already was."""
    _, text = _answered(words, text)
    if found(words.absent, text) or not _against(words, text):
        return False
    return found(words.ours, text) or not found(words.elsewhere, text)
