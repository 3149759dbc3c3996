"""Reads and checks `mappings/routes/`: municipality history and coordinating units.

`municipalities.csv` follows Statistics Norway's classification 131. It begins on 2018-01-01: a number that
was older then has that date. Both tables are checked whole at start, because a hole or an overlap there
sends a case to the wrong place without anybody seeing it.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, TypeVar

from adapter.domain.routing import Directory, Municipality, Unit
from adapter.mapping import unit_table

MUNICIPALITIES = "municipalities.csv"
UNITS = "coordinating-units.csv"
_COLUMNS = {
    MUNICIPALITIES: "number,name,valid_from,valid_to,successors",
    UNITS: unit_table.COLUMNS,
}

Row = dict[str, str]
Read = TypeVar("Read")


def load(folder: Path, history: Path | None = None) -> Directory:
    """The directory of `municipalities.csv` and `coordinating-units.csv` in `folder` (UTF-8, comma).

    `history` is the folder of `municipalities.csv` where that is another one.

    Dates are YYYY-MM-DD and inclusive; successors are separated by semicolons. Raises ValueError that names
    file, line and column, never a value; FileNotFoundError where a table is missing.
    """
    municipalities = [
        (line, _read(MUNICIPALITIES, line, row, _municipality))
        for line, row in _rows((history or folder) / MUNICIPALITIES)
    ]
    _check_history(municipalities)
    units = [(line, _read(UNITS, line, row, unit_table.unit_of)) for line, row in _rows(folder / UNITS)]
    _check_units(units, {m.number for _, m in municipalities})
    return Directory(tuple(m for _, m in municipalities), tuple(u for _, u in units))


def _rows(file: Path) -> Iterator[tuple[int, Row]]:
    columns = _COLUMNS[file.name].split(",")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            if next(reader, None) != columns:
                _wrong(file.name, 1, f"the columns must be {','.join(columns)}")
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


def _check_units(rows: list[tuple[int, Unit]], municipalities: set[str]) -> None:
    """Every municipality is known; never two units for the same place, age and day."""
    by_place: dict[tuple[str, str | None], list[tuple[int, Unit]]] = {}
    for line, unit in rows:
        if unit.municipality not in municipalities:
            _wrong(UNITS, line, f"municipality: not in {MUNICIPALITIES}")
        others = by_place.setdefault((unit.municipality, unit.district), [])
        for first, other in others:
            if _overlap(unit, other):
                _wrong(UNITS, line, f"serves the same place, age and period as line {first}")
        others.append((line, unit))


def _overlap(one: Unit, other: Unit) -> bool:
    later, older = max(one.valid_from, other.valid_from), max(one.age_from or 0, other.age_from or 0)
    return one.in_force(later) and other.in_force(later) and one.takes(older) and other.takes(older)


def _wrong(file: str, line: int, what: str) -> NoReturn:
    raise ValueError(f"{file}, line {line}: {what}")
