"""Reads and checks `mappings/routes/`: municipality history and coordinating units.

`municipalities.csv` follows Statistics Norway's classification 131. It begins on 2018-01-01: a number that
was older then has that date, and those that ended the day before stand with the year 2017. Both tables are
checked whole at start, because a hole or an overlap there sends a case to the wrong place without anybody seeing it.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, TypeVar

from adapter.domain.directory_check import Districts, overlaps
from adapter.domain.routing import Directory, Municipality, Unit
from adapter.mapping import unit_table

MUNICIPALITIES = "municipalities.csv"
UNITS = "coordinating-units.csv"
DISTRICTS = "districts.csv"
_MUNICIPALITY = "number,name,valid_from,valid_to,successors"
_DISTRICT = "municipality,district,name"

Row = Mapping[str, str]
Read = TypeVar("Read")


class RowError(ValueError):
    """A row that cannot be read, by file and line; `what` is its column and what is wrong, never a value."""

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}, line {line}: {what}")
        self.line, self.what = line, what


def load(folder: Path, history: Path | None = None) -> Directory:
    """The directory of `municipalities.csv` and `coordinating-units.csv` in `folder` (UTF-8, comma).

    `history` is the folder of `municipalities.csv` where that is another one.

    Dates are YYYY-MM-DD and inclusive; successors are separated by semicolons. Raises ValueError that names
    file, line and column, never a value; FileNotFoundError where a table is missing.
    """
    municipalities = municipalities_of(history or folder)
    units, wrong = units_of(folder / UNITS, municipalities)
    for one in wrong:
        raise one
    for pair in overlaps(units):
        _wrong(UNITS, pair.line or 0, f"serves the same place, age and period as line {pair.other}")
    return Directory(tuple(municipalities), tuple(unit for _, unit in units))


def municipalities_of(folder: Path) -> list[Municipality]:
    """The history of municipality numbers. Raises as `load`."""
    file = folder / MUNICIPALITIES
    rows = [
        (line, _read(MUNICIPALITIES, line, row, _municipality)) for line, row in _rows(file, _MUNICIPALITY)
    ]
    _check_history(rows)
    return [municipality for _, municipality in rows]


def districts_of(folder: Path) -> Districts:
    """The city districts of `districts.csv`. Raises as `load`."""
    found: dict[str, list[str]] = {}
    for line, row in _rows(folder / DISTRICTS, _DISTRICT):
        for column in ("municipality", "district"):
            _read(DISTRICTS, line, row, partial(unit_table.digits, column=column))
        found.setdefault(row["municipality"], []).append(row["district"])
    return found


def units_of(
    file: Path, municipalities: Sequence[Municipality], build: Callable[[Row], Unit] = unit_table.unit_of
) -> tuple[list[tuple[int, Unit]], list[RowError]]:
    """The units of a table with their lines, and each row that is none. `build` makes a unit of a row.

    Raises FileNotFoundError.
    """
    known = {municipality.number for municipality in municipalities}
    units: list[tuple[int, Unit]] = []
    wrong: list[RowError] = []
    try:
        for line, row in _rows(file, unit_table.COLUMNS):
            try:
                unit = _read(file.name, line, row, build)
                if unit.municipality not in known:
                    _wrong(file.name, line, f"municipality: not in {MUNICIPALITIES}")
                units.append((line, unit))
            except RowError as one:
                wrong.append(one)
    except RowError as last:
        wrong.append(last)
    return units, wrong


def _rows(file: Path, head: str) -> Iterator[tuple[int, Row]]:
    columns = head.split(",")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            if next(reader, None) != columns:
                _wrong(file.name, 1, f"the columns must be {head}")
            for cells in reader:
                if len(cells) != len(columns):
                    _wrong(file.name, reader.line_num, f"{len(cells)} cells, must be {len(columns)}")
                yield reader.line_num, dict(zip(columns, cells, strict=True))
        except UnicodeDecodeError:
            _wrong(file.name, reader.line_num + 1, "not UTF-8")
        except csv.Error as error:
            _wrong(file.name, reader.line_num, str(error))


def _read(file: str, line: int, row: Row, build: Callable[[Row], Read]) -> Read:
    try:
        return build(row)
    except ValueError as error:
        _wrong(file, line, str(error))


def _municipality(row: Row) -> Municipality:
    valid_from, valid_to = unit_table.period(row)
    successors = tuple(s for s in row["successors"].split(";") if s)
    if (valid_to is None) == bool(successors):
        raise ValueError("successors: stated exactly when the number has ended")
    return Municipality(
        unit_table.digits(row, "number"), unit_table.text(row, "name"), valid_from, valid_to, successors
    )


def _check_history(rows: list[tuple[int, Municipality]]) -> None:
    """No number twice on a day; every successor is in force the day after."""
    by_number: dict[str, list[tuple[int, Municipality]]] = {}
    for line, municipality in rows:
        by_number.setdefault(municipality.number, []).append((line, municipality))
    for same in by_number.values():
        for (first, before), (line, after) in pairwise(sorted(same, key=lambda row: row[1].valid_from)):
            if before.in_force(after.valid_from):
                _wrong(MUNICIPALITIES, line, f"number: its period overlaps the one in line {first}")
    for line, ended in rows:
        if ended.valid_to is None:
            continue
        day_after = ended.valid_to + timedelta(days=1)
        for successor in ended.successors:
            if not any(m.in_force(day_after) for _, m in by_number.get(successor, [])):
                _wrong(MUNICIPALITIES, line, "successors: not in force the day after valid_to")


def _wrong(file: str, line: int, what: str) -> NoReturn:
    raise RowError(file, line, what)
