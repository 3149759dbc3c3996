"""What is amiss in a table of coordinating units is named, each thing once; and nothing else is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from unit_tables import BEGINNING, DAYS, DISTRICTS, MUNICIPALITIES, TABLES

from adapter.domain.directory_check import Amiss, Beside, Register, amiss_in, misplaced, overlaps, unserved
from adapter.domain.routing import Directory, Municipality, Routed, Stay, Unit, route
from adapter.mapping import partners, routes

PROJECT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 11, 22)
OSLO = Municipality("0301", "Oslo", BEGINNING)
PARTNERS = partners.load(PROJECT / "mappings" / "partners.yaml", synthetic=True)
AGES = (0, 1, 9, 10, 17, 18, 39, 40, 119, 120, 130)


def a_unit(municipality: str = "3216", her_id: str = "8900022", **changed: object) -> Unit:
    unit = Unit(municipality, None, None, None, BEGINNING, None, "999900022", her_id, "A (fiktiv)")
    return replace(unit, **changed)  # type: ignore[arg-type] # fields of a unit


def numbered(*units: Unit) -> list[tuple[int, Unit]]:
    return [*enumerate(units, 2)]


def is_served(units: Sequence[Unit], district: str, age: int, on: date) -> bool:
    """Whether a need of somebody of that age, there and then, comes to a unit: as routing itself says."""
    born = on.replace(year=on.year - age)
    stay = Stay("1511", district, None, "open", born)
    return isinstance(route(Directory(MUNICIPALITIES, tuple(units)), stay, (), on), Routed)


def is_gap(gaps: Sequence[Amiss], district: str | None, age: int, on: date) -> bool:
    return any(
        gap.municipality == "1511"
        and gap.district == district
        and gap.since is not None
        and gap.since <= on
        and (gap.until is None or on <= gap.until)
        and (gap.age_from or 0) <= age
        and (gap.age_to is None or age <= gap.age_to)
        for gap in gaps
    )


@given(TABLES, st.sampled_from(DAYS), st.sampled_from(AGES))
def test_whom_routing_leaves_to_a_person_for_want_of_a_unit_is_named(
    units: list[Unit], on: date, age: int
) -> None:
    """Of every district, those without a unit of their own with the rest of the municipality."""
    gaps = [*unserved(numbered(*units), MUNICIPALITIES, {}, BEGINNING)]
    for district in DISTRICTS:
        named = is_gap(gaps, district, age, on) or is_gap(gaps, None, age, on)
        assert named or is_served(units, district, age, on)


@given(TABLES, st.sampled_from(DAYS), st.sampled_from(AGES))
def test_nobody_is_named_who_has_a_unit(units: list[Unit], on: date, age: int) -> None:
    gaps = [*unserved(numbered(*units), MUNICIPALITIES, {}, BEGINNING)]
    for district, place in ((DISTRICTS[0], DISTRICTS[0]), (DISTRICTS[1], DISTRICTS[1]), (None, DISTRICTS[2])):
        assert not (is_gap(gaps, district, age, on) and is_served(units, place, age, on))


@given(TABLES)
def test_a_table_in_which_no_two_rows_meet_has_no_overlap(units: list[Unit]) -> None:
    assert [*overlaps(numbered(*units))] == []


@given(TABLES.filter(bool), st.data())
def test_a_row_that_is_there_twice_is_an_overlap(units: list[Unit], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(units))
    found = [*overlaps(numbered(*units, again))]
    assert [(one.line, one.other) for one in found] == [(len(units) + 2, units.index(again) + 2)]


def test_a_municipality_of_today_without_a_unit_is_named_and_one_that_is_no_more_is_not() -> None:
    ended = Municipality("0211", "Vestby", BEGINNING, date(2019, 12, 31), ("3216",))
    there = Municipality("3216", "Vestby", date(2020, 1, 1))
    found = [*unserved([], [ended, there], {}, TODAY)]
    assert found == [Amiss("no-unit", "3216", age_from=0, since=date(2020, 1, 1))]


def test_a_hole_in_time_is_named_also_when_it_is_over() -> None:
    """Where a case of that day went, nobody can say: it is a hole in history."""
    before, after = a_unit("1511", valid_to=date(2019, 12, 31)), a_unit("1511", valid_from=date(2020, 2, 1))
    found = [*unserved(numbered(before, after), MUNICIPALITIES[:1], {}, TODAY)]
    assert [(a.what, a.since, a.until) for a in found] == [("hole", date(2020, 1, 1), date(2020, 1, 31))]


def test_a_unit_that_will_end_is_named_before_it_does() -> None:
    ending = a_unit("1511", valid_to=date(2026, 12, 31))
    found = [*unserved(numbered(ending), MUNICIPALITIES[:1], {}, TODAY)]
    assert [(a.what, a.since, a.until) for a in found] == [("no-unit", date(2027, 1, 1), None)]


def test_each_city_district_of_oslo_needs_a_unit_and_the_rest_of_oslo_needs_none() -> None:
    """Sentrum and Marka belong to other districts (R-107); somebody there is asked about."""
    districts = routes.districts_of(PROJECT / "mappings" / "routes")
    assert [len(d) for d in districts.values()] == [15]
    units = [a_unit("0301", district=d) for d in districts["0301"] if d != "030107"]
    found = [*unserved(numbered(*units), [OSLO], districts, TODAY)]
    assert [(a.what, a.district) for a in found] == [("no-unit", "030107")]
    assert [*unserved(numbered(*units, a_unit("0301")), [OSLO], districts, TODAY)] == []


def test_ages_that_nobody_serves_are_named_by_district() -> None:
    children, adults = a_unit("1511", age_to=17), a_unit("1511", "8900071", age_from=20)
    found = [*unserved(numbered(children, adults), MUNICIPALITIES[:1], {}, TODAY)]
    assert [(a.district, a.age_from, a.age_to) for a in found] == [(None, 18, 19)]
    young = a_unit("1511", "8900072", district="151101", age_from=18, age_to=18)
    found = [*unserved(numbered(children, adults, young), MUNICIPALITIES[:1], {}, TODAY)]
    assert [(a.district, a.age_from, a.age_to) for a in found] == [("151101", 19, 19), (None, 18, 19)]


def test_a_unit_of_a_district_within_the_ages_of_the_whole_leaves_no_gap() -> None:
    rows = numbered(a_unit("1511"), a_unit("1511", "8900072", district="151101", age_from=10, age_to=18))
    assert [*unserved(rows, MUNICIPALITIES[:1], {}, TODAY)] == []
    old = [*unserved([(2, replace(rows[0][1], age_to=40)), rows[1]], MUNICIPALITIES[:1], {}, TODAY)]
    assert [(a.district, a.age_from) for a in old] == [(None, 41)]


def test_a_row_under_a_number_that_is_not_in_use_is_named() -> None:
    """It is never found by where anybody stays (SSB classification 131: Bærum was 3024 until 2023)."""
    numbers = routes.municipalities_of(PROJECT / "mappings" / "routes")
    rows = numbered(a_unit("3024"), a_unit("3201"), a_unit("3024", valid_to=date(2023, 12, 31)))
    assert [(a.what, a.line) for a in misplaced(rows, numbers, TODAY)] == [("number-ended", 2)]
    assert [a.since for a in misplaced(rows[:1], numbers, date(2022, 1, 1))] == [date(2024, 1, 1)]


def test_a_unit_that_nothing_comes_to_is_named_with_the_reason() -> None:
    """One that takes calls need be no partner; one that has ended need be nothing."""
    no_way = replace(PARTNERS.by_organisation["999900022"], endpoint=None)
    known = replace(PARTNERS, by_organisation={**PARTNERS.by_organisation, "999900022": no_way})
    rows = numbered(
        a_unit("3101", "8900077", organisation="999900077"),
        a_unit("3103", "8900078", organisation="999900077", channel="telephone", telephone="00 00 00 01"),
        a_unit("3105", "8900079", organisation="999900077", valid_to=date(2026, 11, 21)),
        a_unit("3107", "8900012", organisation="999900011"),
        a_unit("3216"),
        a_unit("3201", "8900031", organisation="999900022"),
        a_unit("3203", "8900077", organisation="999900033", channel="telephone", telephone="00 00 00 01"),
    )
    found = amiss_in(rows, Beside((), {}, known, {}), TODAY)
    assert [(a.line, a.what) for a in found if a.what != "number-ended"] == [
        (2, "not-a-partner"),
        (5, "not-a-municipality"),
        (7, "not-reachable"),
        (7, "of-another-organisation"),
        (8, "not-a-municipality"),
        (8, "of-another-organisation"),
        (6, "not-reachable"),
    ]


def test_a_fallback_that_is_no_unit_in_force_is_named() -> None:
    rows = numbered(
        a_unit("3216", fallback="8900078"),
        a_unit("3101", "8900077", fallback="8900022"),
        a_unit("3103", "8900078", valid_to=date(2026, 1, 1)),
        a_unit("3105", "8900079", fallback="telephone", telephone="00 00 00 01"),
    )
    found = amiss_in(rows, Beside((), {}, PARTNERS, {}), TODAY)
    assert [a.line for a in found if a.what == "fallback-is-none"] == [2]


def said_of(register: Register, *units: Unit) -> list[str]:
    found = amiss_in(numbered(*units), Beside((), {}, PARTNERS, register), TODAY)
    return [a.what for a in found if a.what.startswith("address")]


def test_an_address_is_amiss_as_the_register_says() -> None:
    said = {"8900022": "active", "8900071": "gone", "8900072": "unknown-there"}
    said |= {"8900073": "other-organisation", "8900074": "other-kind"}
    units = (a_unit(str(3210 + i), her_id) for i, her_id in enumerate(said))
    found = said_of({her_id: (state, "") for her_id, state in said.items()}, *units)
    assert found == ["address-gone", "address-unknown", "address-of-another", "address-is-no-service"]


def test_whose_an_address_is_is_held_against_the_table_that_is_checked() -> None:
    """A table that is not in use yet may mend what the register had against the one in use, or break it."""
    unit = a_unit()
    assert said_of({"8900022": ("other-organisation", "999900022")}, unit) == []
    assert said_of({"8900022": ("active", "999900033")}, unit) == ["address-of-another"]
    assert said_of({"8900022": ("gone", "999900022")}, unit) == ["address-gone"]
