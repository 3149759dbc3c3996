"""The words looked for before an expression is tried: with them the outcome is that without them, only sooner."""

import re

import pytest
from cases import FIXTURES
from hypothesis import given
from hypothesis import strategies as st
from test_detection import NEED, NOT_CONCERNED, OBTAINED, REFUSED, STATES, UNCERTAIN, UNCLEAR

from adapter.domain.detection import Phrases
from adapter.domain.word_rules import Rule, Rules
from adapter.mapping.stems import alternatives, stems
from adapter.mapping.tables import load
from adapter.settings import carried

PHRASES = load(carried("mappings"), "https://ip-adapter.example/fhir").phrases
SENTENCES = [*STATES, *NOT_CONCERNED, *UNCERTAIN, NEED, *OBTAINED, *REFUSED, *UNCLEAR]
WORDS = sorted({word for sentence in SENTENCES for word in sentence.split()})
CAPITALS = [
    "PLAN",
    "KOORDINATOR",
    "BARNEKOORDINATOR",
    "IP",
    "PLAN og",
    "IP:",
    "[x] ja",
    "nei",
    "behov for PLAN",
]


def rules(phrases: Phrases) -> Rules:
    """Those that all texts are searched for."""
    words = phrases.consent
    of_consent = (*words.mentions, *words.denies, *words.refused, *words.not_asked, *words.obtained)
    of_need = [phrases.need.naming, phrases.need.settles, phrases.need.withdraws]
    of_facts = [signal.phrases for signal in phrases.signals]
    return Rules((*phrases.against, *of_consent, *(rule for group in of_need + of_facts for rule in group)))


def of_the_matter(phrases: Phrases) -> list[Rule]:
    """Those held against sentences that name the matter, with regard to case."""
    need = phrases.need
    groups = (need.states, need.negates, need.doubts, need.talks, need.asked, need.absent, need.names)
    return [*(rule for group in groups for rule in group), *need.elsewhere, *need.ours, need.answers.answer]


def holds_its_stems(text: str, rule: Rule) -> bool:
    small = text.lower().replace("i\u0307", "i").replace("\u0131", "i")
    return rule.may_be_in(small if rule.pattern.flags & re.IGNORECASE else text)


OF_THE_MATTER = of_the_matter(PHRASES)


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from([str.lower, str.upper, str.title, str]))
def test_whatever_an_expression_is_found_in_holds_its_stems_of_it(
    words: list[str], written: type[str]
) -> None:
    """Over all expressions of the table and texts of the words it is about, in any order and case."""
    text = written(" ".join(words))
    for rule in rules(PHRASES):
        if rule.pattern.search(text):
            assert holds_its_stems(text, rule), rule.pattern.pattern


@given(st.lists(st.sampled_from([*WORDS, *CAPITALS]), max_size=8))
def test_so_does_a_sentence_with_the_matter_in_capitals(words: list[str]) -> None:
    """Whatever is said of the matter, as one rule or among others."""
    text = " ".join(words)
    for rule in OF_THE_MATTER:
        found = bool(rule.pattern.search(text))
        assert not found or holds_its_stems(text, rule), rule.pattern.pattern
    doubts = PHRASES.need.doubts
    assert doubts.found_in(text) == any(rule.pattern.search(text) for rule in doubts)
    absent = PHRASES.need.absent
    assert absent.whole(text) == any(rule.pattern.fullmatch(text) for rule in absent)


def test_so_do_the_messages_of_all_case_folders() -> None:
    for path in FIXTURES.rglob("in*.xml"):
        text = " ".join(re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")).split())
        for rule in rules(PHRASES):
            assert not rule.pattern.search(text) or holds_its_stems(text, rule), path


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (r"\bsamtyk(?:ker|kjer)\b", [{"samtykk"}]),
        (r"\b(?:barne)?koordinator\w*", [{"koordinator"}]),
        (r"\bikke\b|\buten\b", [{"ikke", "uten"}]),
        (r"(?:og\s+)*behov", [{"behov"}]),
        (r"(?:abc)+d?", [{"abc"}]),
        (r"abc|\d+", [{""}]),
        (r"[ab]+", [{""}]),
        (r"(?!abc)\w", [{""}]),
        ("ABC", [{"abc"}]),
        (r"(?=abc)\w+", [{""}]),
        (r"\bikke\s+(?:lenger\s+)?(?:aktuell|nødvendig)\b", [{"aktuell", "nødvendig"}, {"ikke"}]),
        (r"\bsa\s+nei\b", [{"nei"}]),
        (r"\bsa\b", [{"sa"}]),
    ],
)
def test_the_words_that_must_stand_are_taken_the_rarest_first(expression: str, words: list[set[str]]) -> None:
    """What may be missing, or must not stand, is none of them; nor is what stands everywhere, if there is more."""
    assert list(stems(re.compile(expression, re.IGNORECASE))) == words


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("ab", ["ab"]),
        (r"a|b(?:c|d)|(e|(f|g))", ["a", "b(?:c|d)", "(e|(f|g))"]),
        (r"[|(]|\||\(|[^]|]|[\]|]", ["[|(]", r"\|", r"\(", "[^]|]", r"[\]|]"]),
    ],
)
def test_an_expression_is_parted_where_it_offers_a_choice_itself(expression: str, parts: list[str]) -> None:
    """Not inside of brackets, of a set of letters, or where the sign is escaped."""
    assert alternatives(expression) == parts
    for letter in "abcdefg|()[]bcbd":
        assert bool(re.search(expression, letter)) == any(re.search(part, letter) for part in parts)


def test_every_rule_of_the_table_has_stems() -> None:
    """One without makes every sentence be looked at, which is slow but not wrong: whoever writes one shall know."""
    every = (*rules(PHRASES), *OF_THE_MATTER)
    assert [rule.pattern.pattern for rule in every if "" in rule.stems[0]] == []


@pytest.mark.parametrize("letter", ["\u0130", "\u0131"])
def test_a_letter_that_python_takes_for_an_i_hides_nothing(letter: str) -> None:
    """Regular expressions without regard to case find it, so the words must be found, too."""
    text = f"Pasienten har {letter}kke samtykket"
    refused = PHRASES.consent.denies[0]
    assert refused.pattern.search(text)
    assert holds_its_stems(text, refused)
