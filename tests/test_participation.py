"""Who takes part in a plan: each row of a team over time, who leads, and until when a child has a coordinator."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.participation import (
    Change,
    Participant,
    at_once,
    besides_named,
    changes,
    child_coordinator,
    comes_of_age,
    leaving,
    main_responsible,
    of_child_coordinator,
    of_itself,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROW = Participant("CareTeam.participant[0]", "Organization/1", "999900033", frozenset({"participant"}))
BORN = date(2015, 2, 14)


def led(who: str, **more: object) -> Participant:
    return replace(ROW, who=who, place=f"at {who}", roles=frozenset({"main-responsible"}), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stated", "start", "end", "there"),
    [
        ("", None, None, True),
        ("", NOW, None, True),
        ("", NOW + DAY, None, False),
        ("", None, NOW + DAY, True),
        ("", None, NOW, False),
        ("active", None, NOW, False),
        ("active", None, None, True),
        ("accepted", None, None, True),
        *(
            (state, None, None, False)
            for state in ("proposed", "consented", "refused", "invited", "declined", "paused", "suspended")
        ),
        ("ended", None, None, False),
        ("removed", None, NOW + DAY, False),
        ("entered-in-error", None, None, False),
    ],
)
def test_who_takes_part(stated: str, start: datetime | None, end: datetime | None, there: bool) -> None:
    """From acceptance, from its first moment until its last, and in no state in which it rests or is over."""
    assert replace(ROW, stated=stated, start=start, end=end).takes_part(NOW) is there


def test_an_interpreter_takes_part_and_gets_nothing() -> None:
    """But one who is a participant too does."""
    interpreter = replace(ROW, roles=frozenset({"interpreter"}))
    assert interpreter.takes_part(NOW)
    assert not interpreter.has_access(NOW)
    assert replace(ROW, roles=frozenset({"interpreter", "participant"})).has_access(NOW)
    assert replace(ROW, roles=frozenset()).has_access(NOW)


def test_the_law_ends_what_the_row_does_not() -> None:
    assert replace(ROW, until=NOW + DAY).takes_part(NOW)
    assert not replace(ROW, until=NOW).takes_part(NOW)


def test_rows_of_one_member_are_told_apart_by_role_and_then_by_order() -> None:
    """A member with two rows whose one role changes has changed that one, and neither left nor joined."""
    coordinator = replace(ROW, roles=frozenset({"coordinator"}))
    gp = replace(ROW, roles=frozenset({"gp"}))
    made = changes([ROW, coordinator], [coordinator, gp])
    assert made == [Change(coordinator, coordinator), Change(ROW, gp)]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["gp", "coordinator"])), max_size=6),
    st.randoms(),
)
def test_an_order_of_rows_means_nothing(rows: list[tuple[str, str]], chance: object) -> None:
    """However they are shuffled, every row finds one like itself."""
    team = [replace(ROW, who=who, roles=frozenset({role})) for who, role in rows]
    other = list(team)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert all(change.before == change.after for change in changes(team, other))


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (ROW, None, "left-without-period"),
        (ROW, replace(ROW, stated="ended"), "left-without-period"),
        (ROW, replace(ROW, stated="removed"), "left-without-period"),
        (ROW, replace(ROW, end=NOW), ""),
        (ROW, replace(ROW, stated="ended", end=NOW), ""),
        (ROW, replace(ROW, stated="entered-in-error"), ""),
        (ROW, replace(ROW, stated="paused"), ""),
        (replace(ROW, stated="proposed"), None, ""),
        (replace(ROW, end=NOW), None, ""),
        (None, ROW, ""),
    ],
)
def test_who_has_had_access_leaves_with_a_period(
    before: Participant | None, after: Participant | None, problem: str
) -> None:
    """Who was only proposed, or has left already, may be taken out of the list."""
    assert [f.problem for f in leaving(Change(before, after), NOW)] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (ROW, ""),
        (replace(ROW, who=""), "missing-element"),
        (replace(ROW, start=NOW, end=NOW), "participation-period-contradictory"),
        (replace(ROW, start=NOW, end=NOW + DAY), ""),
        (replace(ROW, stated="declined"), "declined-without-reason"),
        (replace(ROW, stated="declined", reason=True), ""),
        (replace(ROW, roles=frozenset({"hospital-coordinator"})), "not-health-personnel"),
        (replace(ROW, roles=frozenset({"hospital-coordinator"}), hpr=True), ""),
        (replace(ROW, roles=frozenset({"coordinator"})), ""),
    ],
)
def test_what_cannot_be_so_of_a_row(row: Participant, problem: str) -> None:
    assert [f.problem for f in of_itself(row)] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("children", "born", "end"),
    [
        ((), BORN, "2033-02-14"),
        ((), date(2008, 2, 29), "2026-03-01"),
        ((date(2026, 8, 1), date(2026, 8, 2)), date(1994, 2, 5), "2044-08-02"),
        ((date(2010, 1, 1),), BORN, "2033-02-14"),
        ((date(9999, 1, 1),), BORN, "9999-12-31"),
        ((), None, None),
    ],
)
def test_a_child_coordinator_ends_with_the_youngest(
    children: tuple[date, ...], born: date | None, end: str | None
) -> None:
    """At midnight in Norway; of a child that is due it counts from the day on which it is due."""
    midnight = datetime.fromisoformat(end).replace(tzinfo=ZoneInfo("Europe/Oslo")) if end else None
    assert comes_of_age(children, born) == midnight


@pytest.mark.parametrize(
    ("born", "children", "wished", "stated", "problem"),
    [
        (BORN, (), True, "", ""),
        (BORN, (), False, "", "child-coordinator-not-wished"),
        (date(1994, 2, 5), (), True, "", "child-coordinator-without-child"),
        (date(1994, 2, 5), (date(2026, 8, 1),), True, "", ""),
        (None, (), True, "", "child-coordinator-without-child"),
        (date(1994, 2, 5), (), False, "ended", ""),
    ],
)
def test_who_may_have_a_child_coordinator(
    born: date | None, children: tuple[date, ...], wished: bool, stated: str, problem: str
) -> None:
    """A family that has or expects a child and wishes one (hol § 7-2 a); one that was may be told of."""
    row = replace(ROW, roles=frozenset({"child-coordinator"}), children=children, stated=stated)
    found = [f.problem for f in of_child_coordinator(row, born, NOW, wished=wished)]
    assert found == ([problem] if problem else [])


def test_two_of_a_role_at_the_same_time_and_one_after_the_other() -> None:
    """Who follows the day another leaves is not there at the same time."""
    first, second = led("a", end=NOW + DAY), led("b", start=NOW + DAY)
    assert at_once([first, second], "main-responsible", NOW) == []
    assert at_once([first, replace(second, start=None)], "main-responsible", NOW) == [
        replace(second, start=None)
    ]
    assert at_once([led("a", stated="proposed"), led("b")], "main-responsible", NOW) == []


def test_the_main_responsible_is_named_in_the_team_or_in_the_plan() -> None:
    """By role, by reference or by organisation number; and only while it takes part."""
    by_role, other = led("a"), replace(ROW, who="b", organisation="999900022")
    assert main_responsible([by_role, other], [], NOW) == [by_role]
    assert main_responsible([other], ["999900022"], NOW) == [other]
    assert main_responsible([other], ["b"], NOW) == [other]
    assert main_responsible([replace(other, end=NOW)], ["b"], NOW) == []
    assert main_responsible([replace(other, organisation="")], [""], NOW) == []


def test_the_team_and_the_plan_name_the_same_service() -> None:
    """Another service than the plan's is one too many; a person whose service is not known may be of the same."""
    named = replace(ROW, who="b", organisation="999900022")
    other = led("a", organisation="999900033")
    assert besides_named([named, other], ["999900022"], NOW) == [other]
    assert besides_named([named, led("a", organisation="999900022")], ["999900022"], NOW) == []
    assert besides_named([named, led("a", organisation="")], ["999900022"], NOW) == []
    assert besides_named([other], [], NOW) == []


def test_a_family_has_a_child_coordinator_until_the_law_ends_it() -> None:
    """Whatever the row says of its end."""
    usual = replace(ROW, who="a", roles=frozenset({"coordinator"}))
    child = replace(ROW, who="b", roles=frozenset({"child-coordinator"}), until=NOW + DAY)
    assert child_coordinator([usual, child], NOW) == child
    assert child_coordinator([usual, child], NOW + DAY) is None
    assert child_coordinator([usual], NOW) is None
