"""What sentences say of the need for an individual plan or a coordinator (hpl § 38 a).

The words for the matter, however they are spelt, are first written as one word in capitals each: all other rules are
about these. Then a part of a sentence that names the matter speaks of a need, or anything in it speaks against that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from adapter.domain.form_lines import form_lines
from adapter.domain.need_phrases import Answers, NeedPhrases
from adapter.domain.spoken import Patterns, Rules, Spoken, found

Said = Literal["need", "doubt", "mention", "against"]

_OURS = ("PLAN", "KOORDINATOR")
_SHORT = "IP"
"""The abbreviation, which has other meanings, too."""
_LIST = re.compile(r"(?:^|[:.] )[-–—] | [•*·▪●] ?|^[•*·▪●] ?| \d{1,2}\) |^\d{1,2}\) ")
_ITEM = re.compile(r"(?:^|\s)[-–—•*·▪●]\s|\s[•*·▪●]|(?:^|\s)\d{1,2}\)\s")


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence, or an item of a list in it with the words in front of the list."""

    number: int
    text: str


def said(words: NeedPhrases, spoken: Spoken, against: set[int], naming: set[str]) -> dict[Said, set[int]]:
    """The sentences that say each; `naming` are the places where the name of the matter asks for it."""
    rules = (*words.near, *(rule for group in words.matter.values() for rule in group))
    of_the_matter = spoken.naming(rules)
    parts = [
        part for number in sorted(of_the_matter - spoken.too_long) for part in _parts(words, spoken, number)
    ]
    settled = bool(spoken.naming(words.settles)) or any(_named(part.text) for part in parts)
    seen: dict[Said, set[int]] = {
        "need": set(),
        "doubt": of_the_matter & spoken.too_long,
        "mention": set(),
        "against": set(),
    }
    against = against | spoken.holding(words.withdraws)
    for part in parts:
        text = _read_short(part.text) if settled else part.text
        place = spoken.places[part.number]
        seen[_said(words, text, place in naming, part.number in against)].add(part.number)
    of_the_matter = seen["doubt"].union(part.number for part in parts)
    after = {number + 1 for number in seen["need"] if spoken.next_of(number)}
    others = (against | after) - of_the_matter
    seen["against"] = {
        n for n in others if n in spoken.too_long or _takes_back(words, spoken.sentences[n], n in against)
    }
    return seen


def _parts(words: NeedPhrases, spoken: Spoken, number: int) -> Iterator[_Part]:
    """All in a sentence that names the matter in some way, its words in capitals."""
    text = _in_capitals(words.matter, _with_answer(words.answers, spoken, number))
    items = [item for item in _items(text) if _named(item) or _SHORT in item]
    if not items and any(rule.pattern.search(text) for rule in words.near):
        items = [text]
    return (_Part(number, item) for item in items)


def _with_answer(answers: Answers, spoken: Spoken, number: int) -> str:
    """A sentence; with its answer where it is a question and the next begins with one. The next may go on with a
    question of its own, since the end of a line ends no sentence."""
    text, answer = spoken.sentences[number], spoken.next_of(number)
    if not text.endswith("?") or not found(answers.begins, answer):
        return text
    whole = f"{text} {answer}"
    given = answers.answer.search(whole, len(text)) if answer.endswith("?") else None
    return whole[: given.end()] if given else whole


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


def _said(words: NeedPhrases, text: str, naming: bool, objected: bool) -> Said:
    if not _named(text):
        return "mention"
    if naming and _is(words.names, text.rstrip(" .")):
        return "need"
    answered, text = _answered(words, text)
    if answered and (answered == "doubt" or not _named(text)):
        return answered
    if _is(words.absent, text):
        return "mention"
    if (objected and _against(words, text)) or _doubted(words, text) or found(words.asked, text):
        return "doubt"
    return _plainly(words, text, answered == "need")


def _plainly(words: NeedPhrases, text: str, needed: bool) -> Said:
    """What a text says that nothing speaks against; `needed` where a line of a form in it was answered with yes."""
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


def _takes_back(words: NeedPhrases, text: str, objected: bool) -> bool:
    """Does a sentence without the matter take it back? One that follows a need and denies anything may do so in words
    that no list has. It does not where it is about something else, or answers another question."""
    _, text = _answered(words, text)
    if not (_against(words, text) if objected else found(words.negates, text)):
        return False
    return found(words.ours, text) or not found(words.elsewhere, text)
