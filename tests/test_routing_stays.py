"""What is said of a stay decides, and the register and the hospital do not (helse- og omsorgstjenesteloven § 3-1)."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import FIXTURES, empty_database
from hypothesis import given
from hypothesis import strategies as st
from test_routing import DIRECTORY, NUMBERS, STAYS, TODAY, VESTBY, routed, stay, unit_of, unrouted

from adapter.domain.message import Caller
from adapter.domain.problems import Finding
from adapter.domain.routing import Directory, Municipality, Routed, Stay, Unit, Unrouted, route
from adapter.flows.accept import accept
from adapter.outside.store import open_store
from adapter.replay import open_stage
from adapter.settings import carried


def test_a_unit_of_a_district_that_takes_children_leaves_grown_ups_to_the_municipality() -> None:
    """And an age that nobody states is a question, as either may be meant."""
    units = (unit_of("1511", "8900071"), replace(unit_of("1511", "8900072", "151101"), age_to=17))
    directory = Directory((Municipality("1511", "A", date(2018, 1, 1)),), units)
    for born, unit in ((date(2010, 1, 1), units[1]), (date(1990, 1, 1), units[0])):
        assert route(directory, stay("1511", "151101", birth_date=born), (), TODAY) == Routed(unit)
    unknown = route(directory, stay("1511", "151101"), (), TODAY)
    assert unknown == Unrouted(Finding("age-unknown", "stay.birth_date"))


def test_a_district_that_is_not_stated_is_a_question_where_some_have_aunit_of() -> None:
    """ "Not stated" has a number too: 99 (Volven 3403)."""
    units = (unit_of("1511", "8900071"), unit_of("1511", "8900072", "151101"))
    directory = Directory((Municipality("1511", "A", date(2018, 1, 1)),), units)
    for district in (None, "151199"):
        result = route(directory, stay("1511", district), (), TODAY)
        assert result == Unrouted(Finding("district-unknown", "stay.district"))


def test_what_is_said_of_a_stay_keeps_the_register_out() -> None:
    """Who is said to stay elsewhere is not at home, wherever that may be (hol § 3-1)."""
    home = stay(registered="3216")
    assert routed(home)[1] == VESTBY
    said = {
        "stay-without-municipality": (replace(home, reason="prison"), replace(home, district="030105")),
        "several-stays": (replace(home, several=True),),
        "stay-not-now": (
            replace(home, municipality="3201", ends=date(2026, 11, 21)),
            replace(home, municipality="3201", begins=date(2026, 11, 23)),
        ),
    }
    for problem, stays in said.items():
        for where in stays:
            assert unrouted(where) == Finding(problem, "stay.municipality")


@given(STAYS, NUMBERS, st.dates(date(2018, 1, 1), date(2030, 1, 1)))
def test_the_registered_place_decides_nothing_beside_a_stay(where: Stay, other: str | None, on: date) -> None:
    """As long as anything is said of a stay, the unit, or why there is none, is the same wherever one is registered."""

    def decided(one: Stay) -> Unit | Finding:
        result = route(DIRECTORY, one, (), on)
        return result.unit if isinstance(result, Routed) else result.reason

    if where.is_named:
        assert decided(where) == decided(replace(where, registered=other, registered_district=None))


FOLDER = FIXTURES / "routing" / "inmate-belongs-where-the-prison-is"
OSLO = {"use": "work", "district": "Oslo", "_district": {"extension": [{
    "url": "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode",
    "valueCoding": {"system": "urn:oid:2.16.578.1.12.4.1.1.3402", "code": "0301"},
}]}}  # fmt: skip


def sent_by(organisation: str, her_id: str, *, with_address: bool) -> bytes:
    """The need of the folder, from a service of a hospital: by its address, if it has one, a hospital of Oslo."""
    message: dict[str, Any] = json.loads((FOLDER / "in.json").read_text("utf-8"))
    resources = [entry["resource"] for entry in message["entry"]]
    for hospital in (r for r in resources if r["resourceType"] == "Organization"):
        hospital["identifier"] = [
            {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": organisation},
            {"system": "urn:oid:2.16.578.1.12.4.1.2", "value": her_id},
        ]
        if with_address:
            hospital["address"] = [OSLO]
    return json.dumps(message).encode()


@pytest.mark.parametrize("with_address", [False, True])
@pytest.mark.parametrize(
    ("organisation", "her_id"),
    [("999900011", "8900001"), ("999900033", "8900003")],
)
def test_which_hospital_reports_and_from_where_decides_nothing(
    organisation: str, her_id: str, with_address: bool, tmp_path: Path
) -> None:
    """Neither its number, nor its service, nor its address, nor the municipalities that it covers: there is no table of
    these, and the way to a unit does not know who reports."""
    database = empty_database(tmp_path / "case.db")
    with closing(open_store(f"sqlite:///{database}")) as store:
        parts = open_stage(FOLDER, store).parts
        raw = sent_by(organisation, her_id, with_address=with_address)
        answer = accept("fhir", raw, Caller(organisation, frozenset()), parts)
        assert answer.status == 200
        (id_,) = store.case_ids()
        with store.transaction() as tx:
            case = tx.case(id_)
        assert case is not None
        assert (case.requester, case.unit) == (organisation, VESTBY)


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_every_reason_has_words(language: str) -> None:
    """A letter says why in words; a code without any would be said to be missing."""
    mappings = carried("mappings")
    words = yaml.safe_load((mappings / "texts" / f"{language}.yaml").read_text("utf-8"))["words"][
        "stay-reason"
    ]
    table = json.loads((mappings / "codes" / "stay-reason.map.json").read_text("utf-8"))
    assert set(words) == {element["code"] for element in table["group"][0]["element"]}
    assert all(words.values())
