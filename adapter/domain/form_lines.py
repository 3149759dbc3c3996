"""Lines of a form in running text: a question and its answer, `Behov for …: Ja` or `[x] Ja [ ] Nei`."""

import re
from dataclasses import dataclass

from adapter.domain.word_rules import Rule

_ASKED = re.compile(r"[:?]")
_MARKS = " :?-–"


@dataclass(frozen=True, slots=True)
class FormLine:
    """`before` stands between the answer in front and this question, `text` are question and answer, `more` is what
    stands between this answer and the next question."""

    before: str
    question: str
    text: str
    yes: bool
    more: str


def form_lines(answer: Rule, text: str) -> tuple[list[FormLine], str]:
    """All lines of a text in their order, and what follows the last. The first group of `answer` is a yes."""
    if not answer.may_be_in(text):  # of 90 letters in 0.2 us, else in 15 us
        return [], text
    lines: list[FormLine] = []
    answers = list(answer.pattern.finditer(text))
    ends = [*(found.start() for found in answers), len(text)]
    at = 0
    for found, end in zip(answers, ends[1:], strict=True):
        question = _ASKED.split(text[at : found.start()].rstrip(_MARKS))[-1]
        begins = text.index(question, at)
        more = _ASKED.split(text[found.end() : end])[0]
        lines.append(
            FormLine(text[at:begins], question, text[begins : found.end()], found[1] is not None, more)
        )
        at = found.end()
    return lines, text[at:]
