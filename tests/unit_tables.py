"""Small tables of coordinating units, made at random, in which no two rows serve the same place, age and day."""

from collections.abc import Sequence
from datetime import date

from hypothesis import strategies as st

from adapter.domain.routing import Municipality, Unit

BEGINNING = date(2018, 1, 1)
MUNICIPALITIES = (Municipality("1511", "A", BEGINNING), Municipality("1514", "B", BEGINNING))
DISTRICTS = ("151101", "151102", "151109")
"""The last never has a unit of its own."""
DAYS = (BEGINNING, date(2020, 1, 1), date(2022, 7, 1), date(2024, 1, 1), date(2023, 12, 31), date(2026, 1, 1))
AGES = (None, 0, 10, 18, 40)

_PLACES = st.sampled_from((("1511", None), ("1511", DISTRICTS[0]), ("1511", DISTRICTS[1]), ("1514", None)))


@st.composite
def unit(draw: st.DrawFn) -> Unit:
    municipality, district = draw(_PLACES)
    first, last = sorted(draw(st.lists(st.integers(0, 120), min_size=2, max_size=2)))
    begins, ends = draw(st.sampled_from(DAYS[:4])), draw(st.none() | st.sampled_from(DAYS[1:]))
    return Unit(
        municipality=municipality,
        district=district,
        age_from=draw(st.sampled_from((None, first))),
        age_to=draw(st.sampled_from((None, last))),
        valid_from=begins,
        valid_to=ends if ends and ends >= begins else None,
        organisation="999900077",
        her_id=str(draw(st.integers(8900070, 8900073))),
        name=draw(st.sampled_from(("A (fiktiv)", "B (fiktiv)"))),
    )


def apart(units: Sequence[Unit]) -> list[Unit]:
    """Those of them that serve nobody whom an earlier one serves."""
    kept: list[Unit] = []
    for one in units:
        if not any(_same_place(one, other) and _meet(one, other) for other in kept):
            kept.append(one)
    return kept


def _same_place(one: Unit, other: Unit) -> bool:
    return (one.municipality, one.district) == (other.municipality, other.district)


def _meet(one: Unit, other: Unit) -> bool:
    """Counted out, age by age and day by day of change."""
    days = [d for d in (*DAYS, date(2030, 1, 1)) if one.in_force(d) and other.in_force(d)]
    days += [
        u.valid_from for u in (one, other) if one.in_force(u.valid_from) and other.in_force(u.valid_from)
    ]
    return bool(days) and any(one.takes(age) and other.takes(age) for age in range(200))


TABLES = st.lists(unit(), max_size=6).map(apart)
