"""What may leave of a person with a protected address: names of people, numbers and links of the whole country."""

import csv
import re

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


@pytest.mark.parametrize(
    "link",
    [
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "urn:oid:2.16.578.1.12.4.1.1.8473",
        f"{SAMPLE_BASE}/StructureDefinition/plan-need",
    ],
)
def test_what_is_ours_or_has_its_form_leaves(link: str) -> None:
    assert PLACES.is_known_link(link)


@pytest.mark.parametrize(
    "link",
    ["urn:uuid:skjulby", "urn:oid:2.16.578.1.12.4.1.skjulby", f"{SAMPLE_BASE}/StructureDefinition/skjulby"],
)
def test_a_link_that_only_begins_as_a_known_one_stays(link: str) -> None:
    assert not PLACES.is_known_link(link)


def test_a_code_of_ours_leaves_where_there_is_one_like_it() -> None:
    system = f"{SAMPLE_BASE}/CodeSystem/closing-reason"
    assert PLACES.is_known_code(system, "moved")
    assert not PLACES.is_known_code(system, "skjulby")
    assert not PLACES.is_known_code(f"{SAMPLE_BASE}/CodeSystem/skjulby", "moved")


@pytest.mark.parametrize(("number", "leaves"), [("21905297101", True), ("9999999", True), ("SKJULBY", False)])
def test_a_number_leaves_in_the_form_of_one(number: str, leaves: bool) -> None:
    assert PLACES.is_number(number) is leaves


def test_every_extension_that_is_read_or_written_is_listed() -> None:
    """One that is not would go from every plan of a protected person without a word; but why somebody stays elsewhere
    (a prison, a centre for asylum seekers) and where a case belongs place the person, and must."""
    folders = (carried("mappings"), carried("mappings").parent / "adapter")
    texts = [
        p.read_text(encoding="utf-8") for f in folders for p in f.rglob("*.*") if p.suffix in (".py", ".yaml")
    ]
    named = {name for text in texts for name in re.findall(r"base\}/StructureDefinition/([a-z-]+)", text)}
    assert len(named) > 20
    left = {name for name in named if f"{SAMPLE_BASE}/StructureDefinition/{name}" not in PLACES.told}
    assert left == {"stay-reason", "right-addressee"}


def test_every_step_that_a_case_shows_is_listed() -> None:
    lines = (carried("mappings") / "steps.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    shown = {row["business_status"] for row in rows if row["lifecycle"] == "case"} - {""}
    system = f"{SAMPLE_BASE}/CodeSystem/case-step"
    assert {step for step in shown if not PLACES.is_known_code(system, step)} == set()
