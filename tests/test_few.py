"""No count of few can be read from the figures, nor reckoned from the ones that are shown."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.figures import STAGES, Course, Group, Stage, figures
from adapter.flows.figures import KEYS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAST = 5
CELLS = ("of", "reached", "ended", "lost")
Place = tuple[int, Stage, str]


def _course(group: int, came: int, ended: bool, wanted: bool, hours: int = 1) -> Course:
    at = {stage: NOW + timedelta(hours=hours) for stage in STAGES[:came]}
    return Course("h", str(group), NOW, at, ended, plan_wanted=True, coordinator_wanted=wanted)


def _true(courses: list[Course], groups: list[list[Course]]) -> dict[Place, int]:
    """Each cell by a second way of counting; row 0 is all."""
    found: dict[Place, int] = {}
    for row, members in enumerate([courses, *groups]):
        left = members
        for stage in STAGES:
            left = [c for c in left if stage != "coordinator" or c.coordinator_wanted]
            came = [c for c in left if stage in c.at]
            over = [c for c in left if stage not in c.at and c.ended]
            counts = (len(left), len(came), len(over), len(left) - len(came) - len(over))
            found |= {(row, stage, name): count for name, count in zip(CELLS, counts, strict=True)}
            left = came
    return found


def _equations(rows: int) -> list[tuple[Place, list[Place]]]:
    """What is known to be a sum of what: within a row, and over the groups."""
    within = [
        ((row, stage, "of"), [(row, stage, name) for name in CELLS[1:]])
        for row in range(rows)
        for stage in STAGES
    ]
    over = [
        ((0, stage, name), [(row, stage, name) for row in range(1, rows)])
        for stage in STAGES
        for name in CELLS
    ]
    return within + over


def _reckoned(shown: dict[Place, int], rows: int) -> dict[Place, int]:
    """All that follows from what is shown, one unknown at a time."""
    known, before = dict(shown), -1
    while len(known) != before:
        before = len(known)
        for whole, parts in _equations(rows):
            open_ = [place for place in (whole, *parts) if place not in known]
            if len(open_) == 1:
                total = sum(known[place] for place in parts if place in known)
                known[open_[0]] = total if open_[0] == whole else known[whole] - total
    return known


MANY = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, len(STAGES)), st.booleans(), st.booleans()),
    min_size=LEAST,
    max_size=90,
)


@given(MANY)
def test_no_count_of_few_is_shown_or_can_be_reckoned(cases: list[tuple[int, int, bool, bool]]) -> None:
    courses = [_course(*one) for one in cases]
    total, groups = figures(courses, KEYS["municipality"], LEAST)
    assert total is not None
    table = [total, *groups]
    known: dict[Place, int] = {
        (row, one.stage, name): count
        for row, group in enumerate(table)
        for one in group.stages
        for name in CELLS
        if (count := getattr(one, name)) is not None
    }
    apart = {group.key[0] for group in groups}
    members = [[c for c in courses if _of(c, apart) == group.key[0]] for group in groups]
    true = _true(courses, members)
    for place, count in _reckoned(known, len(table)).items():
        assert count == true[place]
        assert count == 0 or count >= LEAST, place


def _of(course: Course, apart: set[str]) -> str:
    return course.municipality if course.municipality in apart else "others"


def _only(courses: list[Course]) -> Group:
    total, _ = figures(courses, KEYS["municipality"], LEAST)
    assert total is not None
    return total


def test_of_many_everything_is_shown() -> None:
    """It hides no more than it must: ten that came so far, ten that did not, and five that are over."""
    courses = [_course(1, 5, False, True)] * 10 + [_course(1, 0, False, True)] * 10
    first = _only(courses + [_course(1, 0, True, True)] * 5).stages[0]
    assert (first.of, first.reached, first.ended, first.lost) == (25, 10, 5, 10)


def test_the_longest_time_is_not_told() -> None:
    """Of ten the ninth is close to the one that took longest; of fifty there are five behind it."""
    for number, told in ((10, None), (50, timedelta(hours=45))):
        courses = [_course(1, 1, False, True, hours) for hours in range(1, number + 1)]
        assert _only(courses).stages[0].p90 == told


def test_the_median_of_five_is_not_told() -> None:
    """Nor is the time of the third of five: only two took longer."""
    assert _only([_course(1, 1, False, True, hours) for hours in range(5)]).stages[0].median is None


def test_what_is_left_out_of_one_group_cannot_be_taken_from_all() -> None:
    """Seven are over, five of them in one group: the five, shown, would tell the two of the other."""
    of = [(1, 5), (2, 2)]
    courses = [_course(g, 5, False, True) for g, _ in of for _ in range(10)]
    courses += [_course(g, 0, False, True) for g, _ in of for _ in range(10)]
    courses += [_course(g, 0, True, True) for g, over in of for _ in range(over)]
    total, groups = figures(courses, KEYS["municipality"], LEAST)
    assert total is not None
    assert total.stages[0].ended == 7
    assert [group.stages[0].ended for group in groups] == [None, None]
