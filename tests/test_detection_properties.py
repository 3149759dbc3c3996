"""What holds for the detection of any text, however it is written and whatever stands around it."""

import re
import string

import pytest
from detection_corpus import PHRASES, Labelled, labelled
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.detection import detect
from adapter.mapping.spellings import one_slip

TEXTS = [*labelled("learnt"), *labelled("held-out")]
STATING = [text for text in TEXTS if text.detected().outcome == "states"]
ONE_SENTENCE = [
    text.texts[0]
    for text in STATING
    if len(text.texts) == 1
    and not text.why.startswith(("form", "list"))
    and not re.search(r"[.!?;:]\s", text.texts[0][1])
]
UNRELATED = [
    sentence
    for text in TEXTS
    if text.label == "not-concerned" and text.detected().outcome == "not-concerned"
    for _, said in text.texts
    for sentence in said.splitlines()
]
NEGATIONS = ["ikke", "ikkje", "ingen", "aldri", "uten", "verken", "neppe", "IKKE", "utan", "nei"]
LETTERS = string.ascii_lowercase + "æøå"


@given(st.sampled_from(STATING), st.lists(st.sampled_from(UNRELATED), max_size=4), st.booleans())
def test_what_is_unrelated_hides_no_need(text: Labelled, more: list[str], before: bool) -> None:
    """However much else is said in the same text: the need is stated, or a person is asked."""
    place, said = text.texts[0]
    parts = [*more, said] if before else [said, *more]
    assert detect(PHRASES, [(place, "\n".join(parts)), *text.texts[1:]]).outcome != "not-concerned"


@given(st.sampled_from(TEXTS), st.sampled_from([str.upper, str.lower, str.title]))
def test_capitals_change_nothing(text: Labelled, written: type[str]) -> None:
    found = detect(PHRASES, [(place, written(said)) for place, said in text.texts])
    assert (found.outcome, found.where) == (text.detected().outcome, text.detected().where)


@given(st.sampled_from(TEXTS), st.data())
def test_blanks_line_ends_and_what_is_not_seen_change_nothing(text: Labelled, data: st.DataObject) -> None:
    """A blank may be two, a tab or the end of a line; a soft hyphen or a zero-width blank may stand in any word."""
    blank = st.sampled_from([" ", "  ", "\n", "\r\n", "\t", "\u00a0", " \u200b"])
    inside = st.sampled_from(["", "", "", "\u00ad", "\u200b"])
    changed = [
        (place, "".join(data.draw(blank) if c == " " else c + data.draw(inside) for c in said))
        for place, said in text.texts
        if len(said) < 200
    ]
    if len(changed) == len(text.texts):
        found = detect(PHRASES, changed)
        assert (found.outcome, found.where) == (text.detected().outcome, text.detected().where)


@given(st.sampled_from(ONE_SENTENCE), st.sampled_from(NEGATIONS), st.integers(0, 40))
def test_a_negation_in_the_sentence_is_never_overlooked(text: tuple[str, str], no: str, at: int) -> None:
    """Wherever it stands in it: a person is asked."""
    place, said = text
    words = said.split()
    words.insert(at % len(words), no)
    assert detect(PHRASES, [(place, " ".join(words))]).outcome == "uncertain"


def slips(word: str) -> set[str]:
    """All words with one letter left out, put in, other, or swapped with the next."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    out = {a + b[1:] for a, b in parts if b}
    other = {a + c + b[1:] for a, b in parts if b for c in LETTERS}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    return out | other | swapped | {a + c + b for a, b in parts for c in LETTERS}


@pytest.mark.parametrize("word", ["individuell", "koordinator", "plan"])
def test_every_slip_is_known_and_nothing_else(word: str) -> None:
    known = re.compile(one_slip(word))
    assert [slip for slip in sorted(slips(word)) if not known.fullmatch(slip)] == []
    assert not any(known.fullmatch(word[:at] + word[at + 2 :]) for at in range(len(word) - 1))


@given(st.sampled_from(sorted(slips("individuell"))), st.sampled_from(sorted(slips("koordinator"))))
def test_a_slip_hides_neither_plan_nor_coordinator(individual: str, coordinator: str) -> None:
    """With one slip in a word the need is still stated, or a person is asked."""
    for what in (f"{individual} plan", coordinator):
        assert detect(PHRASES, [("here", f"Pasienten har behov for {what}.")]).outcome != "not-concerned", (
            what
        )


@pytest.mark.parametrize("more", ["og det er fint " * 400, "ikke " * 2000])
def test_a_sentence_too_long_to_be_read_is_for_a_person(more: str) -> None:
    """If it names the matter, or stands beside what does; the same holds for a consent in it or beside it."""
    need = "Det er behov for individuell plan."
    assert detect(PHRASES, [("here", f"Det er behov for individuell plan {more}")]).outcome == "uncertain"
    assert detect(PHRASES, [("here", f"{need} {more}")]).outcome == "uncertain"
    assert detect(PHRASES, [("here", more)]).outcome == "not-concerned"
    found = detect(PHRASES, [("here", f"{need} Samtykke er gitt."), ("there", f"{more} samtykker")])
    assert found.facts["consent.status"] == "unclear"
