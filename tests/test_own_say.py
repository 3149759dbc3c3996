"""What a service may say of its own participation, and that relatives take part when both sides want it."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from test_participation import BORN, DAY, NOW, ROW

from adapter.domain.participation import Change, beyond_its_say, of_relative

TODAY, TOMORROW = date(2026, 3, 10), date(2026, 3, 11)


@pytest.mark.parametrize(
    ("accepted", "missing"),
    [
        ((None, None), ["accepted-by-person", "accepted-by-relative"]),
        ((TODAY, None), ["accepted-by-relative"]),
        ((None, TODAY), ["accepted-by-person"]),
        ((TODAY, TOMORROW), ["accepted-by-relative"]),
        ((TODAY, TODAY), []),
    ],
)
def test_a_relative_takes_part_when_both_have_accepted(
    accepted: tuple[date | None, date | None], missing: list[str]
) -> None:
    """IP-f § 4: the person and the relative, each by a day that has been; being invited needs neither."""
    row = replace(ROW, roles=frozenset({"relative"}), accepted=accepted)
    expected = [("acceptance-missing", f"{ROW.place}.extension[{name}]") for name in missing]
    assert [(f.problem, f.where) for f in of_relative(row, BORN, NOW)] == expected
    assert list(of_relative(replace(row, stated="invited"), BORN, NOW)) == []


def test_parents_are_relatives_once_the_person_is_of_age() -> None:
    """Of a child they decide; of a grown-up, or of one whose age nobody knows, only the former are."""
    parent = replace(ROW, roles=frozenset({"parent"}))
    assert list(of_relative(parent, BORN, NOW)) == []
    assert list(of_relative(parent, None, NOW)) == []
    assert len(list(of_relative(parent, date(2008, 3, 10), NOW))) == 2
    assert list(of_relative(ROW, date(2008, 3, 10), NOW)) == []


@pytest.mark.parametrize(
    ("family", "roles", "born", "asked"),
    [
        ("relative", "", BORN, True),
        ("relative", "participant", BORN, True),
        ("relative", "guardian", BORN, False),
        ("relative", "parent", BORN, False),
        ("parent", "participant", BORN, False),
        ("parent", "participant", date(2008, 3, 10), True),
        ("guardian", "participant", BORN, False),
        ("", "participant", BORN, False),
    ],
)
def test_a_related_person_is_a_relative_whatever_its_role(
    family: str, roles: str, born: date, asked: bool
) -> None:
    """But for a guardian, and for a parent of a minor."""
    row = replace(ROW, roles=frozenset(filter(None, [roles])), family=family)
    assert len(list(of_relative(row, born, NOW))) == (2 if asked else 0)


@pytest.mark.parametrize(
    ("stood", "said", "beyond"),
    [
        (None, NOW, False),
        (None, NOW - DAY, False),
        (None, NOW - 2 * DAY, True),
        (NOW + DAY, NOW + DAY, False),
        (NOW + DAY, NOW, False),
        (NOW + DAY, NOW + 2 * DAY, True),
        (NOW + DAY, None, True),
    ],
)
def test_a_service_leaves_now_and_prolongs_nothing(
    stood: datetime | None, said: datetime | None, beyond: bool
) -> None:
    change = Change(replace(ROW, end=stood), replace(ROW, end=said))
    found = [(f.problem, f.where) for f in beyond_its_say(change, NOW, lambda: True)]
    assert found == ([("actor-not-allowed", f"{ROW.place}.period.end")] if beyond else [])


@pytest.mark.parametrize(
    ("stated", "by_itself", "beyond"),
    [("paused", True, False), ("paused", False, True), ("suspended", True, True), ("invited", False, False)],
)
def test_a_service_comes_back_from_a_rest_of_its_own(stated: str, by_itself: bool, beyond: bool) -> None:
    """Not from one that the owner has laid on it; but it may leave."""
    before = replace(ROW, stated=stated)
    for word, amiss in (("active", beyond), ("declined", False)):
        change = Change(before, replace(ROW, stated=word))
        assert bool(list(beyond_its_say(change, NOW, lambda: by_itself))) is amiss


def test_an_invitation_runs_out_and_is_over_then() -> None:
    invited = replace(ROW, stated="invited", end=NOW)
    assert invited.is_over(NOW)
    assert not invited.is_over(NOW - DAY)
    assert not replace(ROW, stated="proposed", end=NOW).is_over(NOW)
