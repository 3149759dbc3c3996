"""What sentences say of the need for an individual plan or a coordinator (hpl § 38 a).

The words for the matter, however they are spelt, are first written as one word in capitals each: all other rules are
about these. Then a part of a sentence that names the matter speaks of a need, or anything in it speaks against that.
"""

import re
from collections.abc import Mapping
from typing import Literal

from adapter.domain.form_lines import FormLine, form_lines
from adapter.domain.need_phrases import Answers, NeedPhrases
from adapter.domain.spoken import Spoken
from adapter.domain.word_rules import Rules, found

Said = Literal["need", "doubt", "mention", "against"]

_OURS = ("PLAN", "KOORDINATOR")
_SHORT = "IP"
"""The abbreviation, which has other meanings, too."""
_LIST = re.compile(r"(?:^|[:.] )[-–—] | [•*·▪●] ?|^[•*·▪●] ?| \d{1,2}\) |^\d{1,2}\) ")
_ITEM = re.compile(r"(?:^|\s)[-–—•*·▪●]\s|\s[•*·▪●]|(?:^|\s)\d{1,2}\)\s")


def said(words: NeedPhrases, spoken: Spoken, against: set[int], naming: set[str]) -> dict[Said, set[int]]:
    """The sentences that say each; `naming` are the places where the name of the matter asks for it."""
    of_the_matter = spoken.naming(words.naming)
    if not of_the_matter:
        return {}
    read = sorted(of_the_matter - spoken.too_long)
    parts = [part for number in read for part in _parts(words, spoken, number)]
    settled = any(_named(item) for _, item in parts) or spoken.first_naming(words.settles) is not None
    seen: dict[Said, set[int]] = {"need": set(), "mention": set()}
    seen["doubt"] = of_the_matter & spoken.too_long
    against = against | spoken.holding(words.withdraws)
    for number, item in parts:
        text = _read_short(item) if settled else item
        asks = spoken.places[number] in naming and _asked_plainly(words, spoken, number)
        seen[_said(words, text, asks, number in against)].add(number)
    seen["against"] = _objections(words, spoken, against, seen)
    return seen


def _objections(
    words: NeedPhrases, spoken: Spoken, against: set[int], seen: Mapping[Said, set[int]]
) -> set[int]:
    """The sentences that take a need back without naming the matter."""
    after = {number + 1 for number in seen["need"] if spoken.next_of(number)}
    others = (against | after).difference(*seen.values())
    return {
        n for n in others if n in spoken.too_long or _takes_back(words, spoken.sentences[n], n in against)
    }


def _asked_plainly(words: NeedPhrases, spoken: Spoken, number: int) -> bool:
    """Whether nothing that stands beside the name of a service, in the same element, leaves it open."""
    element, _, _ = spoken.places[number].rpartition(".")
    beside = [
        s for s, at in zip(spoken.sentences, spoken.places, strict=True) if at.rpartition(".")[0] == element
    ]
    open_ = (words.talks, words.kept)
    return not any(
        _doubted(words, sentence) or any(rules.found_in(sentence) for rules in open_) for sentence in beside
    )


def _parts(words: NeedPhrases, spoken: Spoken, number: int) -> list[tuple[int, str]]:
    """What names the matter in some way in a sentence, its words in capitals: the whole, or items of a list in it with
    the words in front of the list."""
    text = _in_capitals(words.matter, _with_answer(words.answers, spoken, number))
    items = [item for item in _items(text) if _named(item) or _SHORT in item]
    if not items and words.near.found_in(text):
        items = [text]
    return [(number, item) for item in items]


def _with_answer(answers: Answers, spoken: Spoken, number: int) -> str:
    """A sentence; with its answer where it is a question and the next begins with one. The next may go on with a
    question of its own, since the end of a line ends no sentence."""
    text, answer = spoken.sentences[number], spoken.next_of(number)
    if not text.endswith("?") or not found(answers.begins, answer):
        return text
    whole = f"{text} {answer}"
    given = answers.answer.pattern.search(whole, len(text)) if answer.endswith("?") else None
    return whole[: given.end()] if given else whole


def _in_capitals(matter: Mapping[str, Rules], text: str) -> str:
    for word, rules in matter.items():
        for rule in rules:
            if rule.may_be_in(text):
                text = rule.pattern.sub(word, text)
    return text


def _items(text: str) -> list[str]:
    """What stands in front of a list is said of each of its items."""
    if not _LIST.search(text):
        return [text]
    head, *items = _ITEM.split(text)
    before = f"{head.rstrip(' :')}: " if head else ""
    return [f"{before}{item}" for item in items] or [head]


def _named(text: str) -> bool:
    return any(word in text for word in _OURS)


def _read_short(text: str) -> str:
    return text.replace(_SHORT, "PLAN")


def _said(words: NeedPhrases, text: str, naming: bool, objected: bool) -> Said:
    if not _named(text):
        return "mention"
    if naming and words.names.whole(text.rstrip(" .")):
        return "need"
    answered, text = _answered(words, text)
    if answered and (answered == "doubt" or not _named(text)):
        return answered
    if words.absent.whole(text):
        return "mention"
    if (objected and _against(words, text)) or _doubted(words, text) or words.asked.found_in(text):
        return "doubt"
    return _plainly(words, text, answered == "need")


def _plainly(words: NeedPhrases, text: str, needed: bool) -> Said:
    """What a text says that nothing speaks against; `needed` where a line of a form in it was answered with yes."""
    if not needed and not words.states.found_in(text):
        return "mention"
    return "doubt" if words.talks.found_in(text) else "need"


def _doubted(words: NeedPhrases, text: str) -> bool:
    return words.negates.found_in(text) or words.doubts.found_in(text)


def _against(words: NeedPhrases, text: str) -> bool:
    return words.against.found_in(text)


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
        elif _named(line.question) or not (_yes_alone(line) or found(words.answers.other, line.question)):
            kept += line.text
    return answered, f"{kept} {rest}".strip()


def _yes_alone(line: FormLine) -> bool:
    """An answer to a question that stands in the sentence in front."""
    return line.yes and not line.question


def _takes_back(words: NeedPhrases, text: str, objected: bool) -> bool:
    """Does a sentence without the matter take it back? One that follows a need and denies anything may do so in words
    that no list has. It does not where it is about something else, or answers another question."""
    _, text = _answered(words, text)
    if not objected:
        return words.negates.found_in(text) and not words.elsewhere.found_in(text)
    return _against(words, text) and (words.ours.found_in(text) or not words.elsewhere.found_in(text))
