"""Deadlines by what has happened: worked out by hand, and held against a second way to find them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.counting import Length
from adapter.domain.days import OSLO, begins, norwegian_day
from adapter.domain.deadline import Deadline, Happened, Look, Rule, Turn, deadlines, look, next_look
from adapter.mapping.days_off import is_day_off

UNIT, HOSPITAL = "964948798", "983975240"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
OPENED = Rule(
    "unit-opens",
    frozenset({"delivered"}),
    frozenset({"case:open", "case:close"}),
    Length(3, "working-days"),
    Length(1, "working-days"),
    "agreement",
    "agreement",
)
ANSWERED = Rule(
    "expected-answer",
    frozenset({"expected-on"}),
    frozenset({"case:decide", "case:close"}),
    Length(0, "days"),
    Length(3, "days"),
    "fvl § 11 a",
    "law",
)


def day(number: int, event: str, by: str = UNIT, **more: object) -> Happened:
    return Happened(event, NOON + timedelta(days=number), by, **more)  # type: ignore[arg-type]


def counted(*happened: Happened, rules: Sequence[Rule] = (OPENED, ANSWERED)) -> tuple[Deadline, ...]:
    return deadlines("case-1", happened, rules, is_day_off)


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


def test_three_working_days_are_over_when_the_fourth_begins() -> None:
    """From a Tuesday, warned on the Thursday; all whole days in Norway, the first not counted."""
    (one,) = counted(day(0, "delivered"))
    assert (one.started_at, one.warn_at, one.due_at) == (NOON, oslo("2026-03-12"), oslo("2026-03-14"))
    assert (one.state, one.by, one.stopped_at) == ("running", "", None)


def test_it_stops_by_whoever_did_what_it_waits_for() -> None:
    (one,) = counted(day(0, "delivered"), day(1, "case:open"))
    assert (one.state, one.stopped_at, one.by) == ("stopped", NOON + timedelta(days=1), UNIT)


def test_what_runs_is_not_begun_anew_but_what_stopped_is() -> None:
    """A corrected need that is delivered once more gives nobody more time; a reopened case has its own."""
    first, second = counted(
        day(0, "delivered"), day(1, "delivered"), day(2, "case:open"), day(9, "delivered")
    )
    assert (first.started_at, first.state) == (NOON, "stopped")
    assert (second.started_at, second.state) == (NOON + timedelta(days=9), "running")


def test_another_day_that_is_stated_takes_the_place_of_the_one_before() -> None:
    """The same day stated again changes nothing, and a day is the last whole one, be it a Sunday."""
    sunday, later = date(2026, 3, 22), date(2026, 4, 1)
    first, second = counted(
        day(0, "expected-on", until=sunday),
        day(1, "expected-on", until=sunday),
        day(2, "expected-on", until=later),
    )
    assert (first.due_at, first.state, first.by) == (oslo("2026-03-23"), "stopped", UNIT)
    assert (second.started_at, second.due_at) == (NOON + timedelta(days=2), oslo("2026-04-02"))
    assert second.warn_at == oslo("2026-03-29")


def test_a_day_that_is_over_when_it_is_stated_is_late_at_once() -> None:
    (one,) = counted(day(0, "expected-on", until=date(2020, 1, 1)))
    assert (one.started_at, one.warn_at, one.due_at) == (NOON, NOON, NOON)


@pytest.mark.parametrize("year", [1, 2026, 9998])
def test_any_year_may_be_stated(year: int) -> None:
    (one,) = counted(day(0, "expected-on", until=date(year, 12, 31)))
    assert one.started_at <= (one.warn_at or one.started_at) <= one.due_at


def test_the_last_year_means_no_end() -> None:
    assert counted(day(0, "expected-on", until=date(9999, 12, 31))) == ()


def test_what_is_about_one_thing_leaves_the_other_alone() -> None:
    """What is about the whole case stops them all."""
    asked = replace(
        OPENED, name="question", starts=frozenset({"question"}), stops=frozenset({"answer", "case:close"})
    )
    about = [day(0, "question", about="a"), day(0, "question", about="b"), day(1, "answer", about="a")]
    assert [d.state for d in counted(*about, rules=[asked])] == ["stopped", "running"]
    assert [d.state for d in counted(*about, day(2, "case:close"), rules=[asked])] == ["stopped"] * 2


def test_what_happens_at_one_moment_counts_in_the_order_given() -> None:
    """What stops as it starts never was; what is opened just before it was delivered is not forgotten."""
    assert counted(day(0, "delivered"), day(0, "case:open")) == ()
    assert [d.state for d in counted(day(0, "case:open"), day(0, "delivered"))] == ["running"]


def test_a_case_of_before_keeps_the_rule_of_its_day() -> None:
    """The law changes on 1 July: five days before it, three from it on, whenever one looks."""
    changes = date(2026, 7, 1)
    old = replace(OPENED, within=Length(5, "working-days"), until=changes - timedelta(days=1))
    new = replace(OPENED, since=changes)
    last, first = oslo("2026-06-30T23:59").astimezone(UTC), oslo("2026-07-01T00:00").astimezone(UTC)
    ends = [counted(Happened("delivered", at, HOSPITAL), rules=[old, new])[0].due_at for at in (last, first)]
    assert ends == [oslo("2026-07-08"), oslo("2026-07-07")]


def test_a_rule_that_is_not_in_force_begins_nothing() -> None:
    assert counted(day(0, "delivered"), rules=[replace(OPENED, since=date(2027, 1, 1))]) == ()


def turns(found: Look) -> list[tuple[str, datetime]]:
    return [(turn.stage, turn.at) for turn in found.turns]


def test_what_an_outage_kept_from_being_told_is_told_in_order_with_its_own_time() -> None:
    """Warned before overdue, both at one look weeks later; and never again."""
    running = counted(day(0, "delivered"))
    late = NOON + timedelta(days=30)
    found = look((), running, late)
    assert turns(found) == [("warned", oslo("2026-03-12")), ("overdue", oslo("2026-03-14"))]
    assert [(d.state, d.warned_at, d.overdue_at) for d in found.deadlines] == [("overdue", late, late)]
    assert turns(look(found.deadlines, running, late + timedelta(days=1))) == []


def test_nobody_is_reminded_of_what_is_done_already() -> None:
    stopped = counted(day(0, "delivered"), day(6, "case:open"))
    assert turns(look((), stopped, NOON + timedelta(days=30))) == []


def test_a_stop_is_told_of_what_was_kept() -> None:
    kept = look((), counted(day(0, "delivered")), NOON + timedelta(days=3)).deadlines
    found = look(kept, counted(day(0, "delivered"), day(3, "case:open")), NOON + timedelta(days=4))
    assert turns(found) == [("stopped", NOON + timedelta(days=3))]
    assert [(d.state, d.by, d.warned_at) for d in found.deadlines] == [
        ("stopped", UNIT, NOON + timedelta(days=3))
    ]


def test_what_is_counted_no_more_stops_and_what_comes_back_goes_on() -> None:
    """As when a report of a death is taken back: what was told before is not told again."""
    running = counted(day(0, "delivered"))
    warned = look((), running, NOON + timedelta(days=3)).deadlines
    gone = look(warned, (), NOON + timedelta(days=3, hours=1))
    assert [(d.state, d.by) for d in gone.deadlines] == [("stopped", "adapter")]
    back = look(gone.deadlines, running, NOON + timedelta(days=5))
    assert turns(back) == [("overdue", oslo("2026-03-14"))]


def test_another_last_day_is_another_thing_to_tell() -> None:
    """Where the same statement is found to mean another day, who was warned is warned of that one."""
    first = counted(day(0, "expected-on", until=date(2026, 3, 11)))
    told = look((), first, NOON + timedelta(hours=1)).deadlines
    found = look(told, counted(day(0, "expected-on", until=date(2026, 5, 4))), NOON + timedelta(days=1))
    assert [d.state for d in found.deadlines] == ["running"]
    assert {d.name_of("warned") for d in (*told, *found.deadlines)} == {
        f"case-1/expected-answer//{NOON.isoformat()}/{due}/warned"
        for due in ("2026-03-11T23:00:00+00:00", "2026-05-04T22:00:00+00:00")
    }


EVENTS = ("delivered", "case:open", "case:close", "expected-on", "case:decide", "received")
happenings = st.lists(
    st.builds(
        Happened,
        st.sampled_from(EVENTS),
        st.integers(0, 60 * 24).map(lambda hours: NOON + timedelta(hours=hours)),
        st.sampled_from((UNIT, HOSPITAL)),
        st.sampled_from(("", "", "a", "b")),
        st.none() | st.dates(date(2026, 2, 1), date(2026, 8, 1)),
    ),
    max_size=12,
    unique_by=lambda one: one.at,
)


def second_way(
    happened: Sequence[Happened], rule: Rule
) -> set[tuple[str, datetime, datetime, datetime | None]]:
    """(about, start, end, stop) of each: begins are looked for one by one, and for each what ends it."""
    ordered = sorted(happened, key=lambda one: one.at)
    found: set[tuple[str, datetime, datetime, datetime | None]] = set()
    for about in {one.about for one in ordered}:
        begun = [(i, one) for i, one in enumerate(ordered) if one.event in rule.starts and one.about == about]
        free_from = 0
        while begun := [(i, one) for i, one in begun if i >= free_from]:
            index, first = begun[0]
            end, stop, free_from = _end(first, rule), None, len(ordered)
            for later, one in enumerate(ordered[index + 1 :], index + 1):
                ends = one.event in rule.stops and (one.about == about or "" in (one.about, about))
                replaces = (
                    one.event in rule.starts and one.about == about and one.until and _end(one, rule) != end
                )
                if ends or replaces:
                    stop, free_from = one.at, later
                    break
            found.add((about, first.at, end, stop))
    return found


def _end(one: Happened, rule: Rule) -> datetime:
    """Day by day until enough of them count."""
    today = norwegian_day(one.at)
    last = today if one.until is None else max(one.until, today - timedelta(days=1))
    left = rule.within.number
    while left:
        last += timedelta(days=1)
        left -= not is_day_off(last)
    while one.until is None and is_day_off(last):
        last += timedelta(days=1)
    return max(begins(last + timedelta(days=1)), one.at)


@given(happenings)
@settings(max_examples=500, deadline=None)
def test_two_ways_find_the_same_deadlines(happened: list[Happened]) -> None:
    for rule in (OPENED, ANSWERED):
        found = {
            (d.about, d.started_at, d.due_at, d.stopped_at)
            for d in deadlines("case-1", happened, [rule], is_day_off)
        }
        assert found == second_way(happened, rule)


@given(happenings, st.lists(st.integers(0, 120 * 24), min_size=1, max_size=15))
@settings(max_examples=500, deadline=None)
def test_however_one_looks_each_stage_is_told_once_and_in_order(
    happened: list[Happened], hours: list[int]
) -> None:
    """At any moments, while more and more happens: nobody is overdue who was not warned, nothing is told twice, and
    what still runs at the end stands as if one had looked but once."""
    kept: tuple[Deadline, ...] = ()
    told: list[Turn] = []
    for at in sorted(NOON + timedelta(hours=hour) for hour in hours):
        known = [one for one in happened if one.at <= at]
        found = look(kept, deadlines("case-1", known, (OPENED, ANSWERED), is_day_off), at)
        kept, told = found.deadlines, [*told, *found.turns]
        assert (next_look(kept) or at + timedelta(1)) > at
        assert [turn.at for turn in found.turns] == sorted(turn.at for turn in found.turns)
    names = [turn.deadline.name_of(turn.stage) for turn in told]
    assert len(set(names)) == len(names)
    for one in kept:
        assert one.started_at <= (one.warn_at or one.started_at) <= one.due_at
        assert one.overdue_at is None or (one.warned_at is not None and one.warned_at <= one.overdue_at)
    once = look(
        (),
        [replace(d, warned_at=None, overdue_at=None, state="running") for d in kept if not d.stopped_at],
        at,
    )
    assert [d.state for d in once.deadlines] == [d.state for d in kept if not d.stopped_at]


@given(happenings)
@settings(max_examples=200, deadline=None)
def test_looking_whenever_it_says_misses_no_turn(happened: list[Happened]) -> None:
    """Each look at the moment that was named finds something that turns, at that moment; then nothing is left."""
    everything = deadlines("case-1", happened, (OPENED, ANSWERED), is_day_off)
    found = look((), everything, NOON + timedelta(days=61))
    while at := next_look(found.deadlines):
        found = look(found.deadlines, everything, at)
        assert {turn.at for turn in found.turns} == {at}
    assert {d.state for d in found.deadlines} <= {"overdue", "stopped"}
