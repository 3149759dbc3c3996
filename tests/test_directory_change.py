"""A new table of coordinating units changes what holds from its day on, and nothing of the days before."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from unit_tables import DAYS, TABLES, apart, unit

from adapter.domain.directory_change import Change, Changed, changed
from adapter.domain.directory_check import overlaps
from adapter.domain.routing import Unit

FIRST = date(2024, 1, 1)
DAY = timedelta(days=1)
UNIT = Unit("1511", None, None, None, date(2018, 1, 1), None, "999900077", "8900071", "A (fiktiv)")
SAMPLE_DAYS = sorted({d + n * DAY for d in (*DAYS, FIRST, date(2030, 1, 1)) for n in (-1, 0, 1)})


def numbered(units: Iterable[Unit]) -> list[tuple[int, Unit]]:
    return [*enumerate(units, 2)]


def standing(units: Iterable[Unit], on: date) -> set[Unit]:
    """What is in force on a day, whatever the days it began and ends on."""
    return {replace(u, valid_from=DAYS[0], valid_to=None) for u in units if u.in_force(on)}


WANTED = st.lists(unit().map(lambda u: replace(u, valid_from=max(u.valid_from, FIRST))), max_size=4)
WANTED = WANTED.map(lambda units: [u for u in units if u.valid_to is None or u.valid_to >= u.valid_from])


@given(TABLES, st.data(), WANTED)
def test_before_the_day_all_is_as_it_was_and_from_it_on_as_it_is_wanted(
    table: list[Unit], data: st.DataObject, more: list[Unit]
) -> None:
    """Some rows are left as they are, some are changed, some left out, and some come new."""
    kept = data.draw(st.lists(st.sampled_from(table), unique=True)) if table else []
    renamed = [replace(u, name=data.draw(st.sampled_from([u.name, "C (fiktiv)"]))) for u in kept]
    current = [u for u in renamed if u.valid_to is None or u.valid_to >= FIRST]
    wanted = apart([*current, *more])
    new = changed(table, numbered(wanted), FIRST)
    assert new.rewrites == ()
    for day in SAMPLE_DAYS:
        expected = standing(table, day) if day < FIRST else standing(wanted, day)
        assert standing(new.units, day) == expected
    assert [*overlaps(numbered(new.units))] == []
    assert all(u.valid_to is None or u.valid_from <= u.valid_to for u in new.units)


@given(TABLES)
def test_a_table_put_into_itself_changes_nothing(table: list[Unit]) -> None:
    new = changed(table, numbered(table), FIRST)
    assert (set(new.units), new.changes, new.rewrites) == (set(table), (), ())


@given(TABLES, st.sampled_from(DAYS))
def test_what_is_in_force_put_into_the_table_changes_nothing_that_day(table: list[Unit], on: date) -> None:
    """As an export of one day is taken in again."""
    new = changed(table, numbered(u for u in table if u.in_force(on)), on)
    assert new.rewrites == ()
    assert {c.what for c in new.changes} <= {"ends"}  # such as were to begin later, and are not in it
    assert standing(new.units, on) == standing(table, on)


def test_a_changed_unit_is_ended_and_begins_anew() -> None:
    new = changed([UNIT], [(2, replace(UNIT, telephone="00 00 00 01"))], FIRST)
    assert new.units == (
        replace(UNIT, valid_to=date(2023, 12, 31)),
        replace(UNIT, valid_from=FIRST, telephone="00 00 00 01"),
    )
    assert new.changes == (Change("changes", "1511", None, None, None, "8900071", ("telephone",)),)


def test_a_unit_that_is_left_out_ends_the_day_before() -> None:
    new = changed([UNIT], [], FIRST)
    assert new.units == (replace(UNIT, valid_to=date(2023, 12, 31)),)
    assert [(c.what, c.her_id) for c in new.changes] == [("ends", "8900071")]


def test_a_unit_that_has_not_begun_is_gone_without_a_trace() -> None:
    planned = replace(UNIT, valid_from=date(2025, 1, 1))
    assert changed([planned], [], FIRST).units == ()


def test_an_end_that_was_planned_is_taken_back_by_a_table_that_does_not_say_it() -> None:
    """The unit was to end the day before: no day that is over becomes another."""
    ending = replace(UNIT, valid_to=FIRST - DAY)
    for wanted in (UNIT, replace(UNIT, valid_from=FIRST)):
        new = changed([ending], [(2, wanted)], FIRST)
        assert (new.units, new.rewrites) == ((UNIT,), ())


def test_an_end_that_is_planned_is_a_change_of_that_column_only() -> None:
    ending = replace(UNIT, valid_to=date(2026, 12, 31))
    new = changed([UNIT], [(2, ending)], FIRST)
    assert new.units == (ending,)
    assert [(c.what, c.columns) for c in new.changes] == [("changes", ("valid_to",))]


def test_a_unit_split_by_age_is_one_that_changes_and_one_that_begins() -> None:
    halves = [replace(UNIT, age_to=17), replace(UNIT, age_from=18, her_id="8900072")]
    new = changed([UNIT], numbered(halves), FIRST)
    assert [(c.what, c.her_id, c.columns) for c in new.changes] == [
        ("changes", "8900071", ("age_to",)),
        ("begins", "8900072", ()),
    ]


def test_an_attempt_to_change_what_was_is_named_by_its_line() -> None:
    """A day of beginning that is over and was not so; a row of the past that never stood; one begun too early."""
    past = replace(UNIT, municipality="1514", valid_to=date(2019, 12, 31))
    wanted = [
        UNIT,
        replace(UNIT, municipality="1514"),
        past,
        replace(past, name="B (fiktiv)"),
        replace(UNIT, district="151101", valid_from=date(2023, 12, 31)),
        replace(UNIT, district="151102", valid_from=FIRST),
    ]
    assert changed([UNIT, past], numbered(wanted), FIRST).rewrites == (3, 5, 6)


def test_a_row_that_says_itself_that_it_ends_the_day_before_is_no_rewriting() -> None:
    ended = replace(UNIT, valid_to=date(2023, 12, 31))
    new = changed([UNIT], [(2, ended)], FIRST)
    assert (new.units, new.rewrites) == ((ended,), ())


def test_a_row_is_known_by_what_it_serves_whenever_it_began_anew() -> None:
    """Its first day is that of one before it; nothing of what it says of the past is written."""
    since = replace(UNIT, valid_from=date(2022, 1, 1), telephone="00 00 00 01")
    table = [replace(UNIT, valid_to=date(2021, 12, 31)), since]
    rung = replace(UNIT, telephone="00 00 00 01")
    assert changed(table, [(2, rung)], FIRST) == Changed(tuple(table), (), ())
    new = changed(table, [(2, UNIT)], FIRST)
    assert (new.rewrites, [c.columns for c in new.changes]) == ((), [("telephone",)])
    assert new.units == (table[0], replace(since, valid_to=FIRST - DAY), replace(UNIT, valid_from=FIRST))
    over = replace(rung, valid_to=FIRST - DAY)
    assert changed([*table], [(2, over)], FIRST).rewrites == ()
    wrong = replace(rung, valid_from=date(2019, 1, 1))
    assert changed(table, [(2, wrong)], FIRST).rewrites == (2,)


def test_the_same_table_for_the_same_day_changes_nothing_the_second_time() -> None:
    wanted = numbered([replace(UNIT, age_to=17), replace(UNIT, age_from=18, her_id="8900072")])
    once = changed([UNIT], wanted, FIRST)
    again = changed(once.units, wanted, FIRST)
    assert (again.units, again.changes, again.rewrites) == (once.units, (), ())


@given(TABLES, st.data())
def test_any_table_is_taken_in_twice_as_once(table: list[Unit], data: st.DataObject) -> None:
    """Rows keep the first days they had, also where a change has made them begin anew."""
    current = [u for u in table if u.in_force(FIRST - DAY) and u.in_force(FIRST)]
    wanted = [replace(u, name=data.draw(st.sampled_from([u.name, "C (fiktiv)"]))) for u in current]
    once = changed(table, numbered(wanted), FIRST)
    again = changed(once.units, numbered(wanted), FIRST)
    assert (again.units, again.changes, again.rewrites) == (once.units, (), ())
    later = changed(once.units, numbered(u for u in wanted if not u.valid_to), FIRST + 400 * DAY)
    assert later.rewrites == ()
