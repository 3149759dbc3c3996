"""`ip-adapter directory` and `ip-adapter route`: what they find, what they write, and what they refuse."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api_client import open_database

from adapter.cli import directory_table
from adapter.cli.commands import app
from adapter.cli.failed import Failed
from adapter.domain.register import Entry
from adapter.domain.routing import Routed, Stay, route
from adapter.mapping import routes
from adapter.mapping.unit_table import COLUMNS

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
VESTBY = "3216,,,,2024-01-01,,999900022,8900022,A (fiktiv),partner,,,\n"
LATER = "2100-01-01"

Run = Callable[..., Any]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's tables, with one unit only; where the table of units stands."""
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    monkeypatch.setenv("IP_ADAPTER_MAPPINGS", str(tmp_path / "mappings"))
    monkeypatch.setenv("IP_ADAPTER_DATABASE", f"sqlite:///{tmp_path / 'none.db'}")
    units = tmp_path / "mappings" / "routes" / "coordinating-units.csv"
    units.write_text(f"{COLUMNS}\n{VESTBY}", "utf-8")
    return units


@pytest.fixture
def run(tables: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on these tables: exit code, what it printed, and what it complained of."""

    def run_(*args: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            app([str(a) for a in args], prog_name="ip-adapter")
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run_


def whole_country() -> str:
    """A unit for each municipality, and for each city district of Oslo: nothing is amiss in it."""
    numbers = [m for m in routes.municipalities_of(MAPPINGS / "routes") if m.valid_to is None]
    rows = [VESTBY.replace("3216,", f"{m.number},") for m in numbers if m.number != "0301"]
    rows += [VESTBY.replace("3216,", f"0301,{d}") for d in routes.districts_of(MAPPINGS / "routes")["0301"]]
    return "".join([f"{COLUMNS}\n", *rows])


def test_a_table_of_the_whole_country_has_nothing_amiss(run: Run, tables: Path) -> None:
    tables.write_text(whole_country(), "utf-8")
    assert run("directory", "check", "--on", "2026-11-22") == (0, "Nothing is amiss.\n", "")


def test_a_municipality_that_is_left_out_is_named_by_number_and_name(run: Run, tables: Path) -> None:
    tables.write_text(whole_country().replace(VESTBY, ""), "utf-8")
    code, told, _ = run("directory", "check", "--on", "2026-11-22")
    assert (code, told.splitlines()) == (
        1,
        ["3216 Vestby: no-unit: nobody serves it from 2024-01-01", "1 things are amiss."],
    )
    code, told, _ = run("directory", "check", "--on", "2026-11-22", "--json")
    (one,) = json.loads(told)
    assert (code, one["what"], one["municipality"], one["since"]) == (1, "no-unit", "3216", "2024-01-01")


def test_a_file_that_is_not_in_use_is_checked_to_its_last_row(run: Run, tmp_path: Path) -> None:
    """Rows that are none do not hide what is wrong with the others; no value is said."""
    file = tmp_path / "new.csv"
    wrong = VESTBY.replace("8900022", "SECRET") + VESTBY.replace("3216", "0000") + VESTBY + VESTBY
    file.write_text(f"{COLUMNS}\n{wrong}", "utf-8")
    code, told, _ = run("directory", "check", file, "--json")
    found = [(a["what"], a["line"], a["said"], a["other"]) for a in json.loads(told) if a["line"]]
    assert code == 1
    assert found == [
        ("row", 2, "her_id: must be a whole number", None),
        ("row", 3, "municipality: not in municipalities.csv", None),
        ("overlap", 5, "", 4),
    ]
    assert "SECRET" not in run("directory", "check", file)[1]


def test_a_file_that_is_no_table_is_said_by_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_bytes("kommune;enhet\nVestby;Kø\n".encode("cp1252"))
    code, told, _ = run("directory", "check", tmp_path / "none.csv")
    assert (code, told.startswith("line 1: row: not UTF-8")) == (1, True)
    assert run("directory", "check", tmp_path / "missing.csv")[0] == 2


def test_what_is_exported_is_read_again_as_it_was(run: Run, tables: Path, tmp_path: Path) -> None:
    shutil.copy(MAPPINGS / "routes" / "coordinating-units.csv", tables)
    code, told, _ = run("directory", "export")
    assert (code, told) == (0, tables.read_text("utf-8"))
    assert run("directory", "export", tmp_path / "all.csv") == (0, "", "")
    assert (tmp_path / "all.csv").read_bytes() == tables.read_bytes()
    _, then, _ = run("directory", "export", "--on", "2019-12-31")
    assert "0219" in then
    assert "3201" not in then
    assert run("directory", "export", tmp_path)[0] == 2


def test_a_new_table_is_written_and_the_old_days_stay(run: Run, tables: Path, tmp_path: Path) -> None:
    """Where a need would have gone on a day before is the same before and after."""
    new = tmp_path / "new.csv"
    new.write_text(f"{COLUMNS}\n{VESTBY.replace('8900022', '8900002').replace('2024-01-01', '')}", "utf-8")
    before = tables.read_bytes()
    code, told, _ = run("directory", "import", new, "--from", LATER, "--dry-run")
    assert (code, told) == (0, "changes  3216 Vestby: 8900002 (her_id)\nNot written: --dry-run.\n")
    assert tables.read_bytes() == before
    code, told, _ = run("directory", "import", new, "--from", LATER)
    assert (code, told.endswith("Written. Start anew what runs.\n")) == (0, True)
    assert tables.read_text("utf-8").splitlines()[1:] == [
        "3216,,,,2024-01-01,2099-12-31,999900022,8900022,A (fiktiv),partner,,,",
        "3216,,,,2100-01-01,,999900022,8900002,A (fiktiv),partner,,,",
    ]
    stay = Stay("3216", None, None, "open", None)
    for day, her_id in ((date(2099, 12, 31), "8900022"), (date(2100, 1, 1), "8900002")):
        result = route(routes.load(tables.parent), stay, (), day)
        assert isinstance(result, Routed)
        assert result.unit.her_id == her_id
    code, told, _ = run("directory", "import", new, "--from", LATER, "--json")
    assert json.loads(told) == {"changes": [], "amiss": [], "written": True}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("", "3216 Vestby: no-unit: nobody serves it from 2100-01-01"),
        (VESTBY.replace("2024-01-01", "2023-01-01"), "line 2: row: valid_from: the past is never rewritten"),
        (VESTBY + VESTBY.replace("2024-01-01", ""), "3216 Vestby line 3: overlap: serves the same"),
        (VESTBY + "3216\n", "line 3: row: 1 cells, must be 13"),
        (VESTBY.replace("partner,", "partner,8900099"), "3216 Vestby line 3: fallback-is-none"),
    ],
)
def test_a_table_that_does_not_hold_is_not_written(
    rows: str, says: str, run: Run, tables: Path, tmp_path: Path
) -> None:
    before = tables.read_bytes()
    (tmp_path / "new.csv").write_text(f"{COLUMNS}\n{rows}", "utf-8")
    code, told, _ = run("directory", "import", tmp_path / "new.csv", "--from", LATER)
    assert (code, says in told, "Not written" in told) == (1, True, True)
    assert tables.read_bytes() == before


def test_a_gap_is_written_where_somebody_says_so_and_a_rewritten_past_never(
    run: Run, tables: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.csv"
    new.write_text(f"{COLUMNS}\n{VESTBY.replace('2024-01-01', '2023-01-01')}", "utf-8")
    assert run("directory", "import", new, "--from", LATER, "--allow-gaps")[0] == 1
    new.write_text(f"{COLUMNS}\n", "utf-8")
    assert run("directory", "import", new, "--from", LATER, "--allow-gaps")[0] == 0
    assert "2099-12-31" in tables.read_text("utf-8")


def test_a_day_that_is_over_is_no_day_to_begin_on(run: Run, tables: Path, tmp_path: Path) -> None:
    shutil.copy(tables, tmp_path / "new.csv")
    code, _, said = run("directory", "import", tmp_path / "new.csv", "--from", "2020-01-01")
    assert (code, said.startswith("ip-adapter: --from: not a day that is over")) == (1, True)
    assert run("directory", "import", tmp_path / "new.csv")[0] == 2
    assert run("directory", "import", "--from", LATER)[0] == 2


def test_what_somebody_else_has_written_meanwhile_is_kept(tables: Path) -> None:
    """Two who take in a table at the same time: the second is told, and nothing of the first is lost."""
    with pytest.raises(Failed, match="somebody else"):
        directory_table.put_in_place(tables, b"as it was read", "new")
    assert VESTBY in tables.read_text("utf-8")
    assert [p.name for p in tables.parent.glob("*.part")] == []


def test_a_table_that_is_linked_is_written_where_it_stands(tables: Path, tmp_path: Path) -> None:
    """With the rights it had, as a service under another name reads it."""
    real = tables.rename(tmp_path / "units.csv")
    real.chmod(0o640)
    tables.symlink_to(real)
    directory_table.put_in_place(tables, real.read_bytes(), "new")
    assert (tables.is_symlink(), real.read_text("utf-8"), real.stat().st_mode & 0o777) == (True, "new", 0o640)


@pytest.mark.parametrize(("days", "what"), [(0, ["address-gone"]), (3650, [])])
def test_what_the_register_says_of_an_address_is_named(
    days: int, what: list[str], run: Run, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked of the database, where there is one; an answer that is too old is not believed."""
    monkeypatch.setenv("IP_ADAPTER_DATABASE", f"sqlite:///{tmp_path / 'adapter.db'}")
    asked = datetime.now(UTC) - timedelta(days=days)
    with closing(open_database(tmp_path)) as store:
        store.register().keep([Entry("8900022", "gone", "", asked, asked)])
    found = json.loads(run("directory", "check", "--json")[1])
    assert [a["what"] for a in found if a["line"]] == what


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
