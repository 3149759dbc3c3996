"""Commands run on a table of coordinating units of their own, with no database."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.cli.commands import app
from adapter.mapping.unit_table import COLUMNS

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
VESTBY = "3216,,,,2024-01-01,,999900022,8900022,A (fiktiv),partner,,,\n"

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
