"""What may leave of a person with a protected address: names of people, numbers and links of the whole country."""

import pytest

from adapter.mapping.tables import load
from adapter.settings import SAMPLE_BASE, carried

PLACES = load(carried("mappings"), SAMPLE_BASE).places


@pytest.mark.parametrize(
    "words",
    ["KARI KOORDINATORSEN", "Kari von der Lippe", "Anne-Grete O'Hara", "Dr. K. Nordmann", "Áile Sárá Gáup"],
)
def test_the_name_of_a_person_leaves(words: str) -> None:
    assert PLACES.is_name(words)


@pytest.mark.parametrize(
    "words",
    [
        "Hemmelig skole",
        "Skjulby Legesenter",
        "LEGE VED SKJULBY",
        "Kari Nordmann, Skjulby",
        "Kari Nordmann (Skjulby)",
        "Storgata 3",
        "post@skjulby.example",
        "helsesykepleier i nabobygda",
        "",
    ],
)
def test_what_is_no_name_does_not_leave_as_one(words: str) -> None:
    assert not PLACES.is_name(words)


@pytest.mark.parametrize("words", ["Personen selv", "Pasienten (fiktiv)", "MOR", "Foreldrene"])
def test_who_is_not_named_may_be_called_what_everybody_is(words: str) -> None:
    assert PLACES.is_phrase(words)


@pytest.mark.parametrize("words", ["Skolen", "Mor i Skjulby", "(fiktiv)", ""])
def test_what_else_somebody_is_called_stays(words: str) -> None:
    assert not PLACES.is_phrase(words)


@pytest.mark.parametrize(
    "link",
    [
        "tel:22111112",
        "TEL:+47 22 11 11 12",
        "mailto:kari@skjulby.example",
        "geo:59.9139,10.7522",
        "https://skjulby.example/plan",
        "www.skjulby.example",
        "kari@skjulby.example",
        " 22 11 11 12 ",
    ],
)
def test_what_leads_to_a_place_is_known_wherever_it_stands_alone(link: str) -> None:
    assert PLACES.leads_there(link)


@pytest.mark.parametrize(
    "words",
    [
        "tel:+4790000017",
        "900 00 017",
        "https://lovdata.no/lov/1999-07-02-64/%C2%A722",
        "Trening hver uke kl. 10:00",
        "Ring 22 11 11 12 om morgenen",
    ],
)
def test_sentences_and_what_leads_nowhere_leave(words: str) -> None:
    """No rule reads a sentence, also where a number stands in it."""
    assert not PLACES.leads_there(words)
