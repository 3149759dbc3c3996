"""A table of units as it shall be from a day on, put into the one that stands, so that the past stays as it was.

A unit that is left out ends the day before; one that is changed ends and begins anew. What was in force on a day gone
by can so be asked for ever after. Days are days in Norway, both ends count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Literal

from adapter.domain.directory_check import Rows
from adapter.domain.routing import Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one place: its unit ends (or does not begin), begins, or changes in these columns.

    `her_id` is that of the unit there is afterwards, or else of the one there was.
    """

    what: Literal["ends", "begins", "changes"]
    municipality: str
    district: str | None
    age_from: int | None
    age_to: int | None
    her_id: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """The whole table as it will be, and what is other than before. `rewrites` are lines of the new table that would
    change what was in force on days gone by: nothing is to be written then."""

    units: tuple[Unit, ...]
    changes: tuple[Change, ...]
    rewrites: tuple[int, ...]


def changed(table: Sequence[Unit], wanted: Rows, first: date) -> Changed:
    """The table with the rows wanted from a day on.

    A row wanted that began before that day must be one of the table, by what it served on the day before and by a
    first day that its place has had: who changed since has begun anew. What else it says counts from the day of the new
    table. One that had ended by then must have ended in the table just so.
    """
    rewrites: list[int] = []
    goes_on: dict[Unit, Unit] = {}
    begins: list[Unit] = []
    for line, unit in wanted:
        over = unit.valid_to is not None and unit.valid_to < first
        stood = any(_was(e, unit, first) if over else _stands(e, unit, first) for e in table)
        stood = stood and any(_began(e, unit) for e in table)
        if not stood and (over or unit.valid_from < first):
            rewrites.append(line)
        elif over:
            continue
        elif (same := _same(unit, table, first)) is not None:
            goes_on[same] = replace(same, valid_to=unit.valid_to)
        else:
            begins.append(replace(unit, valid_from=max(unit.valid_from, first)))
    kept = [goes_on.get(unit) or _ended(unit, first) for unit in table]
    units = sorted([unit for unit in kept if unit] + begins, key=_order)
    gone = [u for u in table if u not in goes_on and _ended(u, first) != u]
    return Changed(tuple(units), tuple(_changes(gone, begins, goes_on)), tuple(rewrites))


def _same(wanted: Unit, table: Sequence[Unit], first: date) -> Unit | None:
    """The unit of the table that goes on as the one wanted: only the day that it ends on may differ. The latest, so
    that one that has ended does not stand in for the one that began instead."""
    found = [u for u in table if _is_current(u, first) and not _differing(u, wanted)]
    found = [
        u for u in found if u.valid_from == wanted.valid_from or max(u.valid_from, wanted.valid_from) <= first
    ]
    return max(found, key=lambda u: u.valid_from, default=None)


def _began(unit: Unit, wanted: Unit) -> bool:
    """Whether a unit of the table began in the place of the wanted one on the day that this says."""
    return (unit.municipality, unit.district, unit.valid_from) == (
        wanted.municipality,
        wanted.district,
        wanted.valid_from,
    )


def _stands(unit: Unit, wanted: Unit, first: date) -> bool:
    """Whether a unit of the table is the one that the wanted one was on the day before: by its ages, its address or its
    first day; whenever the row began that has it now."""
    alike = _began(unit, wanted) or _place(unit) == _place(wanted) or _identity(unit) == _identity(wanted)
    return alike and unit.in_force(first - _DAY)


def _was(unit: Unit, wanted: Unit, first: date) -> bool:
    """Whether a unit of the table ended as the wanted one has, or is said by it to end the day before."""
    ends_now = wanted.valid_to == first - _DAY and unit.in_force(first - _DAY)
    return (ends_now or unit.valid_to == wanted.valid_to) and not _differing(unit, wanted)


def _is_current(unit: Unit, first: date) -> bool:
    """Whether it has not ended before the day before."""
    return unit.valid_to is None or unit.valid_to >= first - _DAY


def _ended(unit: Unit, first: date) -> Unit | None:
    """A unit that is not wanted any more; None where it had not begun."""
    if unit.valid_to and unit.valid_to < first:
        return unit
    return None if unit.valid_from >= first else replace(unit, valid_to=first - _DAY)


def _differing(one: Unit, other: Unit) -> tuple[str, ...]:
    """The columns in which two units differ, but for their days."""
    names = (f.name for f in fields(Unit) if f.name not in ("valid_from", "valid_to"))
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def _changes(gone: list[Unit], begins: Sequence[Unit], goes_on: Mapping[Unit, Unit]) -> Iterator[Change]:
    """What begins, paired with what is gone from the same place, or with the same unit there; then the rest."""
    for before, after in goes_on.items():
        if before.valid_to != after.valid_to:
            yield _change("changes", after, ("valid_to",))
    for unit in begins:
        was = next((g for g in gone if _place(g) == _place(unit)), None)
        was = was or next((g for g in gone if _identity(g) == _identity(unit)), None)
        if was:
            gone.remove(was)
            yield _change("changes", unit, _differing(was, unit))
        else:
            yield _change("begins", unit)
    for unit in gone:
        yield _change("ends", unit)


def _change(what: Literal["ends", "begins", "changes"], unit: Unit, columns: tuple[str, ...] = ()) -> Change:
    return Change(what, unit.municipality, unit.district, unit.age_from, unit.age_to, unit.her_id, columns)


def _place(unit: Unit) -> tuple[str, str | None, int | None, int | None]:
    return unit.municipality, unit.district, unit.age_from, unit.age_to


def _identity(unit: Unit) -> tuple[str, str | None, str]:
    return unit.municipality, unit.district, unit.her_id


def _order(unit: Unit) -> tuple[str, str, int, date]:
    return unit.municipality, unit.district or "", unit.age_from or 0, unit.valid_from
