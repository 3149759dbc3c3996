"""Which unit a case goes to, on the day it is sent: the sample tables of mappings/routes, 2018 to 2026."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.problems import Finding
from adapter.domain.routing import (
    Directory,
    Municipality,
    Protection,
    Routed,
    Stay,
    Unit,
    Unrouted,
    by_her_id,
    numbers_in_force,
    route,
)
from adapter.mapping.routes import load

DIRECTORY = load(Path(__file__).resolve().parents[1] / "mappings" / "routes")
TODAY = date(2026, 11, 22)
VESTBY = "8900022"


def stay(
    municipality: str | None = None,
    district: str | None = None,
    registered: str | None = None,
    protection: Protection = "open",
    birth_date: date | None = None,
) -> Stay:
    return Stay(municipality, district, registered, protection, birth_date)


def routed(where: Stay, on: date = TODAY, addressed: Collection[str] = ()) -> tuple[str, str, list[str]]:
    """Municipality and HER-id of the unit, and the names of the findings."""
    result = route(DIRECTORY, where, addressed, on)
    assert isinstance(result, Routed)
    return result.unit.municipality, result.unit.her_id, [f.problem for f in result.findings]


def unrouted(where: Stay, on: date = TODAY, addressed: Collection[str] = ()) -> Finding:
    result = route(DIRECTORY, where, addressed, on)
    assert isinstance(result, Unrouted)
    return result.reason


@pytest.mark.parametrize(
    ("number", "on", "unit", "findings"),
    [
        ("0219", date(2019, 6, 1), "0219", []),
        ("0219", date(2019, 12, 31), "0219", []),
        ("0219", date(2020, 1, 1), "3024", ["municipality-renumbered"]),
        ("0219", TODAY, "3201", ["municipality-renumbered"]),
        ("3024", date(2023, 12, 31), "3024", []),
        ("3024", date(2024, 1, 1), "3201", ["municipality-renumbered"]),
        ("1534", date(2018, 6, 1), "1534", []),
        ("1534", date(2022, 6, 1), "1507", ["municipality-renumbered"]),
        ("1507", date(2023, 12, 31), "1507", []),
        ("1580", TODAY, "1580", []),
        ("5030", TODAY, "5001", ["municipality-renumbered"]),
        ("0211", TODAY, "3216", ["municipality-renumbered"]),
    ],
)
def test_a_number_reaches_the_unit_of_the_municipality_of_that_day(
    number: str, on: date, unit: str, findings: list[str]
) -> None:
    """Bærum, Haram, Klæbu and Vestby through the reforms of 2020 and 2024 (SSB classification 131)."""
    municipality, _, seen = routed(stay(number), on)
    assert (municipality, seen) == (unit, findings)


@pytest.mark.parametrize(
    ("number", "on", "problem"),
    [
        ("1507", TODAY, "municipality-split"),
        ("1534", TODAY, "municipality-split"),
        ("1850", date(2020, 1, 1), "municipality-split"),
        ("5012", TODAY, "municipality-split"),
        ("3201", date(2019, 6, 1), "municipality-unknown"),
        ("9999", TODAY, "municipality-unknown"),
        ("2100", TODAY, "municipality-unknown"),
        ("1103", date(2025, 7, 1), "no-unit"),
        ("1101", TODAY, "no-unit"),
    ],
)
def test_a_person_chooses_where_the_table_has_no_certain_answer(number: str, on: date, problem: str) -> None:
    """Split, not yet or never a municipality, unit ended, no unit."""
    assert unrouted(stay(number), on) == Finding(problem, "stay.municipality")


def test_the_municipality_of_stay_goes_before_the_registered_one() -> None:
    """Helse- og omsorgstjenesteloven § 3-1: where the person stays; the register is the fallback."""
    assert routed(stay("3216", registered="3201"))[1] == VESTBY
    assert routed(stay(None, registered="3216"))[1] == VESTBY
    assert routed(stay("", registered="3216"))[1] == VESTBY
    assert unrouted(stay(None, registered="1507")) == Finding("municipality-split", "stay.registered")
    assert unrouted(stay()) == Finding("municipality-not-stated", "stay.municipality")


def test_oslo_is_routed_by_district_only() -> None:
    """Each district has its own unit; without one of the fifteen a person chooses."""
    assert routed(stay("0301", "030105")) == ("0301", "8901005", [])
    for district in (None, "030117", "030199"):
        assert unrouted(stay("0301", district)) == Finding("district-unknown", "stay.district")


def test_the_unit_changes_on_the_eighteenth_birthday() -> None:
    """Units of Tromsø: 0-17 and 18 and over, in whole years on the day."""
    born = date(2008, 11, 23)
    assert routed(stay("5501", birth_date=born), date(2026, 11, 22))[1] == "8902009"
    assert routed(stay("5501", birth_date=born), date(2026, 11, 23))[1] == "8902010"
    leap = stay("5501", birth_date=date(2008, 2, 29))
    assert routed(leap, date(2026, 2, 28))[1] == "8902009"
    assert routed(leap, date(2026, 3, 1))[1] == "8902010"


@pytest.mark.parametrize("born", [None, date(2027, 1, 1)])
def test_a_unit_by_age_needs_an_age(born: date | None) -> None:
    """A missing or impossible date of birth is no age; it does not matter where units serve all ages."""
    assert unrouted(stay("5501", birth_date=born)) == Finding("age-unknown", "stay.birth_date")
    assert routed(stay("3216", birth_date=born))[1] == VESTBY


def test_a_unit_ends_and_another_takes_over() -> None:
    """Kristiansand in the sample table has a new office from 2025-01-01."""
    assert routed(stay("4204"), date(2024, 12, 31))[1] == "8902006"
    assert routed(stay("4204"), date(2025, 1, 1))[1] == "8902007"
    assert by_her_id(DIRECTORY, "8902006", date(2025, 1, 1)) is None


@pytest.mark.parametrize(
    ("protection", "problem"),
    [
        ("confidential", "protected-address"),
        ("strictly-confidential", "protected-address"),
        ("unknown", "protection-unknown"),
    ],
)
def test_a_protected_address_is_never_used_to_find_aunit_of(protection: Protection, problem: str) -> None:
    """The reason is the protection itself, also where the municipality would have decided something else."""
    for number in ("3216", "1507", "9999", None):
        result = route(DIRECTORY, stay(number, protection=protection), (), TODAY)
        assert result == Unrouted(Finding(problem, "stay.protection"))


def test_a_client_address_is_routed_like_an_open_one() -> None:
    """Klientadresse is not address protection (Normen, faktaark 55)."""
    assert routed(stay("3216", protection="client-address"))[1] == VESTBY


@pytest.mark.parametrize(
    ("where", "findings"),
    [
        (stay("3216"), []),
        (stay("3019"), []),
        (stay(None, registered="3201"), []),
        (stay("3201"), ["stay-differs"]),
        (stay("1507"), ["stay-differs"]),
        (stay("9999"), ["municipality-unknown"]),
        (stay("3201", protection="unknown"), ["stay-differs"]),
        (stay("3216", protection="strictly-confidential"), []),
        (stay("3201", protection="strictly-confidential"), []),
        (stay("3201", protection="confidential"), []),
    ],
)
def test_a_message_goes_to_the_unit_it_is_addressed_to(where: Stay, findings: list[str]) -> None:
    """The sender chose; a different stay is a warning, but nothing is told about a protected stay."""
    assert routed(where, addressed=["8900002", VESTBY]) == ("3216", VESTBY, findings)


def test_an_address_that_is_no_unit_that_day_is_routed_by_key() -> None:
    """The adapter's own address, and a unit that has ended."""
    assert routed(stay("3216"), addressed=["8900091"])[1] == VESTBY
    assert routed(stay("4204"), addressed=["8902006"])[1] == "8902007"
    assert unrouted(stay("3216", protection="unknown"), addressed=["8902006"]).problem == "protection-unknown"


def test_the_sender_is_told_when_the_unit_it_addressed_has_ended() -> None:
    """A warning beside wherever the case goes then, and nothing more is said of a protected stay."""
    ended = Finding("unit-ended", "receiver")
    assert routed(stay("4204"), addressed=["8902006"])[2] == ["unit-ended"]
    assert routed(stay("4204"), date(2024, 12, 31), ["8902006"])[2] == []
    assert routed(stay("4204"), date(2024, 12, 31), ["8902007"])[2] == []
    for where in (stay("4204", protection="confidential"), stay()):
        waits = route(DIRECTORY, where, ["8902006"], TODAY)
        assert isinstance(waits, Unrouted)
        assert waits.findings == (ended,)


def test_two_addressed_units_are_a_choice_for_a_person() -> None:
    """One message has one receiver."""
    assert unrouted(stay("3216"), addressed=[VESTBY, "8902008"]) == Finding("several-units", "receiver")


def unit_of(municipality: str, her_id: str, district: str | None = None) -> Unit:
    return Unit(municipality, district, None, None, date(2018, 1, 1), None, "999900077", her_id, "A (fiktiv)")


def test_one_unit_may_serve_several_municipalities() -> None:
    """Municipalities cooperate: the same HER-id in two rows is no difference of stay in either."""
    both = tuple(Municipality(number, "A", date(2018, 1, 1)) for number in ("1511", "1514"))
    directory = Directory(both, (unit_of("1511", "8900071"), unit_of("1514", "8900071")))
    result = route(directory, stay("1514"), ["8900071"], TODAY)
    assert result == Routed(directory.units[1])


def test_the_unit_of_a_district_goes_before_that_of_the_whole_municipality() -> None:
    """Where only some districts have their own unit, the others have the municipality's."""
    units = (unit_of("1511", "8900071"), unit_of("1511", "8900072", "151101"))
    directory = Directory((Municipality("1511", "A", date(2018, 1, 1)),), units)
    assert route(directory, stay("1511", "151101"), (), TODAY) == Routed(units[1])
    assert route(directory, stay("1511", "151102"), (), TODAY) == Routed(units[0])
    twice = Directory(directory.municipalities, (units[0], units[0]))
    assert route(twice, stay("1511"), (), TODAY) == Unrouted(Finding("several-units", "stay.municipality"))


def test_a_district_whose_unit_has_ended_is_known_but_has_nounit_of() -> None:
    """The operator must add a unit; the sender did state the district."""
    ended = replace(unit_of("1511", "8900071", "151101"), valid_to=date(2025, 12, 31))
    units = (ended, unit_of("1511", "8900072", "151102"))
    directory = Directory((Municipality("1511", "A", date(2018, 1, 1)),), units)
    result = route(directory, stay("1511", "151101"), (), TODAY)
    assert result == Unrouted(Finding("no-unit", "stay.municipality"))


def test_a_unit_listed_under_a_replaced_number_is_no_difference_of_stay() -> None:
    """An operator's row may still have the number of 2023 when the message has that of 2024."""
    directory = Directory(DIRECTORY.municipalities, (unit_of("3019", "8900071"),))
    assert route(directory, stay("3216"), ["8900071"], TODAY) == Routed(directory.units[0])


def test_a_number_that_was_used_twice_is_followed_from_its_last_use() -> None:
    """Statistics Norway may give an old number out again."""
    first = Municipality("1511", "A", date(2018, 1, 1), date(2018, 12, 31), ("1514",))
    second = Municipality("1511", "B", date(2020, 1, 1), date(2020, 12, 31), ("1515",))
    others = tuple(Municipality(number, "C", date(2018, 1, 1)) for number in ("1514", "1515"))
    directory = Directory((first, second, *others), ())
    assert numbers_in_force(directory, "1511", date(2019, 6, 1)) == {"1514"}
    assert numbers_in_force(directory, "1511", TODAY) == {"1515"}


NUMBERS = st.none() | st.sampled_from(sorted({m.number for m in DIRECTORY.municipalities} | {"9999"}))
IN_TABLE = st.sampled_from(sorted({u.municipality for u in DIRECTORY.units}))
STAYS = st.builds(
    Stay,
    municipality=IN_TABLE | NUMBERS,
    district=st.none() | st.sampled_from(["030101", "030115", "030117"]),
    registered=NUMBERS,
    protection=st.sampled_from(
        ["open", "client-address", "confidential", "strictly-confidential", "unknown"]
    ),
    birth_date=st.none() | st.dates(date(1920, 1, 1), date(2027, 1, 1)),
    registered_district=st.none() | st.sampled_from(["030101", "030199"]),
    reason=st.none() | st.sampled_from(["student", "prison", "moving"]),
    begins=st.none() | st.dates(date(2018, 1, 1), date(2030, 1, 1)),
    ends=st.none() | st.dates(date(2018, 1, 1), date(2030, 1, 1)),
    several=st.booleans(),
)
ADDRESSED = st.lists(st.sampled_from(sorted({u.her_id for u in DIRECTORY.units} | {"8900091"})), max_size=2)


@given(STAYS, ADDRESSED, st.dates(date(2018, 1, 1), date(2030, 1, 1)))
def test_no_unit_out_of_force_and_none_by_a_protected_address(
    where: Stay, addressed: list[str], on: date
) -> None:
    """Whatever is stated: a unit is in force that day, and a protected person's was addressed."""
    result = route(DIRECTORY, where, addressed, on)
    if isinstance(result, Routed):
        assert result.unit.valid_from <= on
        assert result.unit.valid_to is None or on <= result.unit.valid_to
        assert where.protection in ("open", "client-address") or result.unit.her_id in addressed
    seen = (*result.findings, result.reason) if isinstance(result, Unrouted) else result.findings
    assert not any(
        value in str(seen) for value in (where.municipality, where.district, where.registered) if value
    )


@given(ADDRESSED, STAYS, NUMBERS, st.sampled_from(["confidential", "strictly-confidential"]))
def test_a_protected_stay_changes_nothing(
    addressed: list[str], where: Stay, other: str | None, protection: Protection
) -> None:
    """What comes out for a protected person is the same wherever the person stays."""
    one = replace(where, protection=protection)
    two = Stay(other, None, other, protection, None)
    assert route(DIRECTORY, one, addressed, TODAY) == route(DIRECTORY, two, addressed, TODAY)
