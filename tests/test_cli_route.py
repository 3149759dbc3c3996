"""`ip-adapter route`: where a need leads on a day, or why a person must choose."""

import json
import shutil
from pathlib import Path

import pytest
from directory_commands import MAPPINGS, VESTBY, Run

from adapter.mapping.unit_table import COLUMNS


def test_a_need_is_led_to_its_unit_and_what_a_person_may_do_beside_it(run: Run, tables: Path) -> None:
    ways = "telephone,8900022,00 00 00 01,Mo-Fr 08:00-15:30"
    other = VESTBY.replace("3216", "3101").replace("8900022", "8900077").replace("partner,,,", ways)
    tables.write_text(f"{COLUMNS}\n{other}{VESTBY}", "utf-8")
    code, told, _ = run("route", "--municipality", "3216", "--on", "2026-11-22")
    assert (code, told.splitlines()) == (
        0,
        ["On 2026-11-22: A (fiktiv)", "  organisation 999900022, HER-id 8900022, channel fhir"],
    )
    code, told, _ = run("route", "--municipality", "3101", "--json")
    led = json.loads(told)
    assert (code, led["reason"], led["channel"]) == (1, "unit-by-telephone", "telephone")
    assert (led["beside"]["telephone"], led["beside"]["fallback"]) == ("00 00 00 01", "8900022")
    assert isinstance(led["beside"]["open"], bool)
    assert "telephone 00 00 00 01 (Mo-Fr 08:00-15:30" in run("route", "--municipality", "3101")[1]


@pytest.mark.parametrize(
    ("args", "on", "her_id", "findings"),
    [
        (["--municipality", "0219"], "2019-12-31", "8902001", []),
        (["--municipality", "0219"], "2024-01-01", "8902001", ["municipality-renumbered"]),
        (["--municipality", "4204"], "2024-12-31", "8902006", []),
        (["--municipality", "4204"], "2025-01-01", "8902007", []),
        (["--municipality", "5501", "--age", "17"], "2026-11-22", "8902009", []),
        (["--municipality", "5501", "--born", "2008-11-22"], "2026-11-22", "8902010", []),
        (["--municipality", "5501", "--age", "18"], "2024-02-29", "8902010", []),
        (["--registered", "0301", "--district", "030105"], "2026-11-22", "8901005", []),
        (["--municipality", "0301", "--district", "030105"], "2026-11-22", "8901005", []),
    ],
)
def test_where_a_need_would_have_gone_on_a_day(
    args: list[str], on: str, her_id: str, findings: list[str], run: Run, tables: Path
) -> None:
    """By the sample table, whose history begins on 2018-01-01."""
    shutil.copy(MAPPINGS / "routes" / "coordinating-units.csv", tables)
    led = json.loads(run("route", *args, "--on", on, "--json")[1])
    assert (led["unit"]["her_id"], led["findings"]) == (her_id, findings)
    assert "born" not in led


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--municipality", "1507"], "municipality-split"),
        (["--municipality", "2100"], "municipality-unknown"),
        (["--municipality", "9999"], "municipality-unknown"),
        (["--municipality", "0301"], "district-unknown"),
        (["--municipality", "5501"], "age-unknown"),
        (["--municipality", "3216", "--protected"], "protected-address"),
        ([], "municipality-not-stated"),
    ],
)
def test_where_a_person_must_choose_the_reason_is_told(
    args: list[str], reason: str, run: Run, tables: Path
) -> None:
    shutil.copy(MAPPINGS / "routes" / "coordinating-units.csv", tables)
    code, told, _ = run("route", *args, "--on", "2026-11-22", "--json")
    led = json.loads(told)
    assert (code, led["reason"], led["unit"]) == (1, reason, None)
    assert run("route", *args, "--on", "2026-11-22")[1].startswith(f"{reason}: ")


def test_a_sender_that_addresses_a_unit_reaches_it_for_a_protected_person_too(run: Run) -> None:
    code, told, _ = run("route", "--addressed", "8900022", "--protected", "--on", "2026-11-22", "--json")
    assert (code, json.loads(told)["unit"]["her_id"]) == (0, "8900022")


def test_an_age_and_a_day_of_birth_are_not_both_said(run: Run) -> None:
    assert run("route", "--municipality", "3216", "--age", "17", "--born", "2009-01-01")[0] == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--municipality", "2100"], "of no municipality, but of Svalbard, Jan Mayen"),
        (["--municipality", "9999"], "the municipality is not stated"),
        (["--registered", "9999"], "the municipality is not stated"),
        (["--municipality", "1299"], "stands in no table of municipalities"),
        (
            ["--municipality", "3216", "--on", "2019-01-01"],
            "is not in use that day: the tables have it from 2024-01-01",
        ),
    ],
)
def test_what_a_number_is_that_leads_nowhere_is_told(args: list[str], said: str, run: Run) -> None:
    code, told, _ = run("route", *args)
    assert (code, told.startswith("municipality-unknown: "), said in told) == (1, True, True)
    assert said in json.loads(run("route", *args, "--json")[1])["number"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--municipality", "abcd"),
        ("--municipality", "301"),
        ("--municipality", "٠٣٠١"),
        ("--registered", "03010"),
        ("--district", "0301"),
    ],
)
def test_what_is_no_number_of_a_place_is_refused_by_its_option(option: str, value: str, run: Run) -> None:
    code, told, said = run("route", option, value)
    assert (code, told, f"'{option}'" in said, "digits" in said) == (2, "", True, True)


def test_an_age_that_nobody_can_have_had_is_refused_by_its_option(run: Run) -> None:
    code, told, said = run("route", "--municipality", "3216", "--age", "150", "--on", "0100-01-01")
    assert (code, told, said.startswith("ip-adapter: --age: ")) == (2, "", True)
    assert run("route", "--municipality", "3216", "--age", "150", "--on", "0151-01-01")[0] == 1


@pytest.mark.parametrize("way", ["partner,,,", "telephone,,00 00 00 01,"])
def test_a_unit_of_a_hospital_is_no_place_for_a_need(way: str, run: Run, tables: Path) -> None:
    row = VESTBY.replace("999900022,8900022", "999900033,8900031").replace("partner,,,", way)
    tables.write_text(f"{COLUMNS}\n{row}", "utf-8")
    code, told, _ = run("route", "--municipality", "3216", "--json")
    assert (code, json.loads(told)["reason"]) == (1, "unit-of-no-municipality")
    assert "3216 Vestby line 2: not-a-municipality" in run("directory", "check")[1]
