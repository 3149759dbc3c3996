"""One row of coordinating-units.csv and the unit it stands for, both ways."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import get_args

from adapter.domain.opening import hours_of
from adapter.domain.routing import Unit, Way

COLUMNS = (
    "municipality,district,age_from,age_to,valid_from,valid_to,organisation,her_id,name,"
    "channel,fallback,telephone,opening"
)
_DIGITS = {"number": 4, "municipality": 4, "district": 6, "organisation": 9}
_HER_ID = re.compile(r"[1-9][0-9]*")
_NUMBER = re.compile(r"\+?[0-9][0-9 ]{3,18}[0-9]")
_BY_TELEPHONE = "telephone"

Row = Mapping[str, str]


def unit_of(row: Row) -> Unit:
    """Raises ValueError that names the column, never a value."""
    age_from, age_to = _years(row, "age_from"), _years(row, "age_to")
    if age_to is not None and age_to < (age_from or 0):
        raise ValueError("age_to: below age_from")
    municipality = digits(row, "municipality")
    district = digits(row, "district") if row["district"] else None
    if district and not district.startswith(municipality):
        raise ValueError("district: not one of this municipality")
    if not _HER_ID.fullmatch(row["her_id"]):
        raise ValueError("her_id: must be a whole number")
    valid_from, valid_to = period(row)
    return Unit(
        municipality=municipality,
        district=district,
        age_from=age_from,
        age_to=age_to,
        valid_from=valid_from,
        valid_to=valid_to,
        organisation=digits(row, "organisation"),
        her_id=row["her_id"],
        name=text(row, "name"),
        channel=_channel(row),
        fallback=_fallback(row),
        telephone=_telephone(row),
        opening=_opening(row),
    )


def unit_from(row: Row, first: date) -> Unit:
    """As `unit_of`, where a row that says no valid_from begins on a day. Raises ValueError likewise."""
    return unit_of(row if row["valid_from"] else {**row, "valid_from": first.isoformat()})


def written(units: Iterable[Unit]) -> str:
    """The table of some units in their order, as `unit_of` reads its rows."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    columns = COLUMNS.split(",")
    writer.writerow(columns)
    writer.writerows([_cell(getattr(unit, column)) for column in columns] for unit in units)
    return lines.getvalue()


def _cell(value: str | int | date | None) -> str:
    return "" if value is None else str(value)


def _channel(row: Row) -> Way:
    for way in get_args(Way):
        if row["channel"] == way:
            return way  # type: ignore[no-any-return] # one of its arguments
    raise ValueError(f"channel: must be {' or '.join(get_args(Way))}")


def _fallback(row: Row) -> str:
    fallback = row["fallback"]
    if fallback and fallback != _BY_TELEPHONE and not _HER_ID.fullmatch(fallback):
        raise ValueError("fallback: must be the HER-id of a unit, or telephone, or nothing")
    if fallback == row["her_id"] or fallback == row["channel"] == _BY_TELEPHONE:
        raise ValueError("fallback: must be another way than the unit's own")
    return fallback


def _telephone(row: Row) -> str:
    number = row["telephone"]
    if number and not _NUMBER.fullmatch(number):
        raise ValueError("telephone: must be digits, with spaces and a plus before them at most")
    if not number and _BY_TELEPHONE in (row["channel"], row["fallback"]):
        raise ValueError("telephone: must be stated where a person is to ring")
    return number


def _opening(row: Row) -> str:
    try:
        hours_of(row["opening"])
    except ValueError as wrong:
        raise ValueError(f"opening: {wrong}") from None
    return row["opening"]


def period(row: Row) -> tuple[date, date | None]:
    """valid_from and valid_to of a row. Raises ValueError."""
    valid_from = _date(row, "valid_from")
    valid_to = _date(row, "valid_to") if row["valid_to"] else None
    if valid_to is not None and valid_to < valid_from:
        raise ValueError("valid_to: before valid_from")
    if valid_to == date.max:
        raise ValueError("valid_to: must be empty until the end is known")
    return valid_from, valid_to


def _date(row: Row, column: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", row[column]):
            return date.fromisoformat(row[column])
    except ValueError:
        pass
    raise ValueError(f"{column}: must be a date, YYYY-MM-DD")


def _years(row: Row, column: str) -> int | None:
    if row[column] and not re.fullmatch(r"[0-9]{1,3}", row[column]):
        raise ValueError(f"{column}: must be whole years")
    return int(row[column]) if row[column] else None


def digits(row: Row, column: str) -> str:
    """A number of a register, of its length. Raises ValueError."""
    if not re.fullmatch(rf"[0-9]{{{_DIGITS[column]}}}", row[column]):
        raise ValueError(f"{column}: must be {_DIGITS[column]} digits")
    return row[column]


def text(row: Row, column: str) -> str:
    """Words that must be there. Raises ValueError."""
    if not row[column].strip():
        raise ValueError(f"{column}: must be stated")
    return row[column]
