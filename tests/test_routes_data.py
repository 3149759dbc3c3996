"""The tables of mappings/routes: true to the official history, and refused when they are wrong."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from adapter.domain.routing import numbers_in_force
from adapter.mapping.routes import districts_of, load
from adapter.mapping.unit_table import COLUMNS

PROJECT = Path(__file__).resolve().parents[1]
ROUTES = PROJECT / "mappings" / "routes"
VOLVEN = PROJECT.parent / "shared" / "data" / "volven"
DIRECTORY = load(ROUTES)
TODAY = date(2026, 11, 22)
NOT_MUNICIPALITIES = ("21", "22", "23", "24", "25", "26", "27", "99")
"""First digits of codes for Svalbard, Jan Mayen, shelf, air, abroad, sea, dependencies and not stated."""


def in_force(on: date) -> set[str]:
    return {m.number for m in DIRECTORY.municipalities if m.in_force(on)}


def codes(list_number: int) -> set[str]:
    file = VOLVEN / f"CodeSystem-volven-{list_number}.json"
    if not file.is_file():
        pytest.skip(f"needs shared/data/volven/{file.name} beside the project")
    return {concept["code"] for concept in json.loads(file.read_text("utf-8"))["concept"]}


@pytest.mark.parametrize(
    ("on", "count"),
    [
        (date(2018, 1, 1), 422),
        (date(2018, 6, 1), 422),
        (date(2019, 12, 31), 422),
        (date(2020, 1, 1), 356),
        (date(2023, 12, 31), 356),
        (date(2024, 1, 1), 357),
        (TODAY, 357),
    ],
)
def test_as_many_municipalities_as_statistics_norway_counts(on: date, count: int) -> None:
    """SSB: 422 before and 356 after the reform of 2020; one more when Ålesund was split in 2024."""
    assert len(in_force(on)) == count


def test_the_numbers_of_today_are_those_of_volven_3402() -> None:
    """The national code list, less its codes for what is no municipality."""
    assert in_force(TODAY) == {code for code in codes(3402) if not code.startswith(NOT_MUNICIPALITIES)}


def test_as_many_new_numbers_in_2024_as_the_reform_gave() -> None:
    """115: seven counties came back and 1507 became two. None was taken out of use but by them."""
    before, after = in_force(date(2023, 12, 31)), in_force(date(2024, 1, 1))
    assert len(after - before) == 115
    assert {number[:2] for number in after - before} == {"15", "31", "32", "33", "39", "40", "55", "56"}
    assert {number[:2] for number in before - after} == {"15", "30", "38", "54"}


def test_every_number_leads_to_one_in_force_today() -> None:
    """Nobody's municipality disappears; only what was split leads to several."""
    reached = {m.number: numbers_in_force(DIRECTORY, m.number, TODAY) for m in DIRECTORY.municipalities}
    assert set().union(*reached.values()) == in_force(TODAY)
    assert all(reached.values())
    several = {number: set(today) for number, today in reached.items() if len(today) > 1}
    assert {n: t for n, t in several.items() if t != {"1508", "1580"}} == {
        "1850": {"1806", "1875"},
        "5012": {"5055", "5056", "5059"},
        "1613": {"5055", "5056", "5059"},
    }
    assert several.keys() == {"1504", "1507", "1523", "1529", "1534", "1546", "1613", "1850", "5012"}


def test_the_numbers_that_the_changes_of_2018_ended_are_known() -> None:
    """48 of the two Trøndelag counties, and six of Vestfold that became three: 426 municipalities became 422."""
    ended = {m.number for m in DIRECTORY.municipalities if m.valid_to == date(2017, 12, 31)}
    assert len([number for number in ended if number[:2] in ("16", "17")]) == 48
    assert {number for number in ended if number[:2] == "07"} == {
        "0702",
        "0709",
        "0714",
        "0722",
        "0723",
        "0728",
    }
    trondelag = {
        s for m in DIRECTORY.municipalities if m.number in ended for s in m.successors if s[:2] == "50"
    }
    assert trondelag == {number for number in in_force(date(2018, 1, 1)) if number[:2] == "50"}


def test_every_new_number_of_a_reform_had_a_predecessor() -> None:
    """A number that begins after 2018-01-01 is the successor of one that ended the day before."""
    successors = {s for m in DIRECTORY.municipalities for s in m.successors}
    assert all(m.number in successors for m in DIRECTORY.municipalities if m.valid_from > date(2018, 1, 1))


@pytest.mark.parametrize(
    ("number", "on", "became"),
    [
        ("0219", date(2021, 1, 1), "3024"),
        ("0219", TODAY, "3201"),
        ("0616", TODAY, "3322"),
        ("0711", TODAY, "3301"),
        ("1444", TODAY, "1577"),
        ("1567", date(2019, 1, 1), "5061"),
        ("1571", TODAY, "5055"),
        ("1852", TODAY, "5512"),
        ("2012", TODAY, "5601"),
        ("5054", TODAY, "5054"),
    ],
)
def test_moves_across_counties_follow_the_official_changes(number: str, on: date, became: str) -> None:
    """Svelvik to Drammen, Hornindal to Møre og Romsdal, Rindal and Halsa to Trøndelag, Tjeldsund to Troms."""
    assert numbers_in_force(DIRECTORY, number, on) == {became}


def test_the_sample_units_are_plainly_synthetic() -> None:
    """Nobody can take a sample row for a real office."""
    for unit in DIRECTORY.units:
        assert unit.organisation.startswith("9999")
        assert unit.her_id.startswith("89")
        assert unit.name.endswith("(fiktiv)")
    assert {u.district for u in DIRECTORY.units if u.district} <= codes(3403)


MUNICIPALITY = "number,name,valid_from,valid_to,successors\n"
UNIT = f"{COLUMNS}\n"
A_UNIT = "0301,,,,2018-01-01,,999900077,8900077,A (fiktiv),partner,,,\n"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("number,name\n", "line 1: the columns must be"),
        (MUNICIPALITY.replace("name", "navn"), "line 1: the columns must be"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,\n", "line 2: 4 cells, must be 5"),
        (MUNICIPALITY + "301,Oslo,2018-01-01,,\n", "line 2: number: must be 4 digits"),
        (MUNICIPALITY + "0301,,2018-01-01,,\n", "line 2: name: must be stated"),
        (MUNICIPALITY + "0301,Oslo,20180101,,\n", "line 2: valid_from: must be a date"),
        (MUNICIPALITY + "0301,Oslo,2018-02-30,,\n", "line 2: valid_from: must be a date"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,2017-12-31,0302\n", "line 2: valid_to: before valid_from"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,9999-12-31,0302\n", "line 2: valid_to: must be empty"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,2019-12-31,\n", "line 2: successors: stated exactly when"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,,0302\n", "line 2: successors: stated exactly when"),
        (MUNICIPALITY + "0301,Oslo,2018-01-01,2019-12-31,0302\n", "line 2: successors: not in force"),
        (MUNICIPALITY + "0301,A,2018-01-01,,\n0301,B,2019-01-01,,\n", "line 3: number: .* line 2"),
        (MUNICIPALITY + '0301,"A"B,2018-01-01,,\n', "line 2: "),
    ],
)
def test_a_wrong_municipality_table_is_refused(tmp_path: Path, table: str, says: str) -> None:
    """The error names file, line and column."""
    (tmp_path / "municipalities.csv").write_text(table, "utf-8")
    with pytest.raises(ValueError, match=rf"^municipalities\.csv, {says}"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (UNIT.replace("her_id", "herid"), "line 1: the columns must be"),
        (UNIT + A_UNIT.replace("0301", "0302"), r"line 2: municipality: not in municipalities\.csv"),
        (UNIT + A_UNIT.replace("0301,", "0301,110301"), "line 2: district: not one of this municipality"),
        (UNIT + A_UNIT.replace("999900077", "99990007"), "line 2: organisation: must be 9 digits"),
        (UNIT + A_UNIT.replace("8900077", "89 00077"), "line 2: her_id: must be"),
        (UNIT + A_UNIT.replace("0301,,,", "0301,,18,17"), "line 2: age_to: below age_from"),
        (UNIT + A_UNIT.replace("0301,,,", "0301,,x,"), "line 2: age_from: must be whole years"),
        (UNIT + A_UNIT.replace("2018-01-01", "1.1.2018"), "line 2: valid_from: must be a date"),
        (UNIT + A_UNIT.replace("partner", ""), "line 2: channel: must be partner or telephone"),
        (UNIT + A_UNIT.replace("partner", "letter"), "line 2: channel: must be partner or telephone"),
        (UNIT + A_UNIT.replace("partner,,,", "telephone,,,"), "line 2: telephone: must be stated"),
        (UNIT + A_UNIT.replace("partner,,,", "partner,telephone,,"), "line 2: telephone: must be stated"),
        (UNIT + A_UNIT.replace("partner,,,", "partner,,22 AB,"), "line 2: telephone: must be digits"),
        (UNIT + A_UNIT.replace("partner,", "partner,switchboard"), "line 2: fallback: must be the HER-id"),
        (UNIT + A_UNIT.replace("partner,", "partner,8900077"), "line 2: fallback: must be another way"),
        (
            UNIT + A_UNIT.replace("partner,,,", "telephone,telephone,00 00 00 01,"),
            "line 2: fallback: must be another way",
        ),
        (UNIT + A_UNIT.replace("partner,,,", "partner,,,Mo-Fr"), "line 2: opening: must be like"),
        (UNIT + A_UNIT.replace("partner,,,", "partner,,,Mo-Fr 15:30-08:00"), "line 2: opening: must close"),
        (UNIT + A_UNIT + A_UNIT, "line 3: serves the same .* line 2"),
        (
            UNIT + A_UNIT.replace("0301,,,", "0301,,0,18") + A_UNIT.replace("0301,,,", "0301,,18,"),
            "line 3: serves the same .* line 2",
        ),
    ],
)
def test_a_wrong_unit_table_is_refused(tmp_path: Path, table: str, says: str) -> None:
    """Two units for the same place, age and day would be a guess; the error names both lines."""
    shutil.copy(ROUTES / "municipalities.csv", tmp_path)
    (tmp_path / "coordinating-units.csv").write_text(table, "utf-8")
    with pytest.raises(ValueError, match=rf"^coordinating-units\.csv, {says}"):
        load(tmp_path)


def test_the_city_districts_that_need_a_unit_are_those_of_volven_3403() -> None:
    """Of Oslo those that are districts with a board: not Sentrum (16), Marka (17), or not stated (99)."""
    oslo = {code for code in codes(3403) if code.startswith("0301")}
    assert districts_of(ROUTES).keys() == {"0301"}
    assert {*districts_of(ROUTES)["0301"]} == oslo - {"030116", "030117", "030199"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("301,030101,A\n", "line 2: municipality: must be 4 digits"),
        ("0301,03010,A\n", "line 2: district: must be 6 digits"),
        ("0301,030101\n", "line 2: 2 cells, must be 3"),
    ],
)
def test_a_wrong_table_of_districts_is_refused(tmp_path: Path, row: str, says: str) -> None:
    (tmp_path / "districts.csv").write_text(f"municipality,district,name\n{row}", "utf-8")
    with pytest.raises(ValueError, match=rf"^districts\.csv, {says}"):
        districts_of(tmp_path)


def test_units_side_by_side_and_one_after_the_other_are_fine(tmp_path: Path) -> None:
    """Touching ages, touching periods, districts beside the whole; a file saved with a byte order mark."""
    shutil.copy(ROUTES / "municipalities.csv", tmp_path)
    ended = A_UNIT.replace("2018-01-01,", "2018-01-01,2019-12-31")
    child = A_UNIT.replace("0301,,,", "0301,,,17").replace("2018", "2020")
    adult = A_UNIT.replace("0301,,,", "0301,,18,").replace("2018", "2020")
    district = A_UNIT.replace("0301,", "0301,030101")
    table = UNIT + ended + child + adult + district
    (tmp_path / "coordinating-units.csv").write_text(table, "utf-8-sig")
    assert len(load(tmp_path).units) == 4


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """A spreadsheet's Windows-1252 is named as such, not shown as broken letters."""
    (tmp_path / "municipalities.csv").write_bytes(
        (MUNICIPALITY + "4602,Kinn på øy,2020-01-01,,\n").encode("cp1252")
    )
    with pytest.raises(ValueError, match=r"municipalities\.csv, line \d+: not UTF-8"):
        load(tmp_path)
