"""`ip-adapter directory`: what it finds, what it writes, and what it refuses."""

import json
import shutil
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from api_client import open_database
from directory_commands import MAPPINGS, VESTBY, Run

from adapter.cli import directory_table
from adapter.cli.failed import Failed
from adapter.domain.register import Entry
from adapter.domain.routing import Routed, Stay, route
from adapter.mapping import routes
from adapter.mapping.unit_table import COLUMNS

LATER = "2100-01-01"


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
    assert json.loads(told) == {"changes": [], "amiss": [], "written": False}
    said = "Nothing changes, and nothing is written.\n"
    assert run("directory", "import", new, "--from", LATER)[:2] == (0, said)


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


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (VESTBY.replace("999900022,8900022", "999900011,8900012"), "not-a-municipality"),
        (VESTBY.replace("8900022", "8900012"), "of-another-organisation"),
        (VESTBY.replace("999900022,8900022", "999900077,8900077"), "not-a-partner"),
        (VESTBY.replace("partner,", "partner,8900099"), "fallback-is-none"),
    ],
)
def test_that_gaps_are_allowed_lets_in_nothing_but_gaps(
    row: str, what: str, run: Run, tables: Path, tmp_path: Path
) -> None:
    """A unit of a hospital would get what only the municipality is to have (hol § 3-1)."""
    before = tables.read_bytes()
    (tmp_path / "new.csv").write_text(f"{COLUMNS}\n{row}", "utf-8")
    code, told, _ = run("directory", "import", tmp_path / "new.csv", "--from", LATER, "--allow-gaps")
    assert (code, f"{what}: " in told, "Not written" in told) == (1, True, True)
    assert tables.read_bytes() == before


def test_a_list_with_its_old_first_days_is_taken_in_year_after_year(
    run: Run, tables: Path, tmp_path: Path
) -> None:
    """As a municipality keeps its own, and does not know which rows began anew here."""
    new = tmp_path / "new.csv"
    rung = VESTBY.replace("partner,,,", "partner,,22000000,")
    for row, first, said in (
        (rung, "2100-01-01", "Written"),
        (rung, "2100-01-01", "Nothing changes"),
        (rung, "2101-01-01", "Nothing changes"),
        (VESTBY, "2102-01-01", "Written"),
    ):
        new.write_text(f"{COLUMNS}\n{row}", "utf-8")
        code, told, _ = run("directory", "import", new, "--from", first)
        assert (code, said in told) == (0, True), told
    began = [line.split(",")[4:6] for line in tables.read_text("utf-8").splitlines()[1:]]
    assert began == [["2024-01-01", "2099-12-31"], ["2100-01-01", "2101-12-31"], ["2102-01-01", ""]]


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
