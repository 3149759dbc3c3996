"""A plan begins in its own time, and ends with a reason and on a day that has come (IP-f § 9 h, CL-12, R-078).

The table of what it contains holds together, or the program does not start.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from adapter.domain.plan_content import ContentRules, PlanContent, ending, is_child, past
from adapter.mapping.plan_content import content_rules
from adapter.mapping.tables import load
from adapter.settings import carried

BASE = "https://ip-adapter.example/fhir"
TABLES = load(carried("mappings"), BASE)
RULES: ContentRules = TABLES.plan_content
NOON = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
"""12:00 on 10 March 2026 in Norway."""
PLAN = PlanContent(frozenset(), start="2026-03-01", end="2026-03-31", revision="2026-03-20")
REASONS = {
    "not-wished",
    "need-ceased",
    "moved",
    "died",
    "came-of-age",
    "consent-withdrawn",
    "replaced",
    "entered-in-error",
}
"""CL-12 of the project's facts, in its order."""


def problems(plan: PlanContent, event: str, *, begun: bool = True) -> list[str]:
    return [finding.problem for finding in ending(RULES, event, plan, NOON, begun=begun)]


@pytest.mark.parametrize(
    ("start", "end", "revision", "places"),
    [
        ("2026-03-10", "2026-03-10", "2026-03-10", []),
        ("2026-03-11", "2026-03-31", "2026-03-20", ["CarePlan.period"]),
        ("2025-03-10", "2026-03-09", None, ["CarePlan.period"]),
        ("2025", "2026", "2026-03-09", ["CarePlan.extension[next-revision]"]),
        ("2025", "2025", "2025-06-01", ["CarePlan.period", "CarePlan.extension[next-revision]"]),
        ("2025-03-10", "2026-03", "2026-03", []),
        (None, None, None, []),
    ],
)
def test_only_what_holds_today_comes_into_force(
    start: str | None, end: str | None, revision: str | None, places: list[str]
) -> None:
    """Both days of a period count, and so does the day of the revision; of a month or a year its last day."""
    found = past(PlanContent(frozenset(), start=start, end=end, revision=revision), NOON)
    assert [finding.where for finding in found] == places
    assert {finding.problem for finding in found} <= {"plan-out-of-period"}


def test_the_day_ends_at_midnight_in_norway() -> None:
    """The plan of 10 March holds until 23 o'clock UTC, as Norway is an hour ahead in March."""
    plan = replace(PLAN, end="2026-03-10", revision="2026-03-10")
    assert past(plan, datetime(2026, 3, 10, 22, 59, tzinfo=UTC)) == []
    assert len(past(plan, datetime(2026, 3, 10, 23, 0, tzinfo=UTC))) == 2


def test_a_child_comes_of_age_on_a_norwegian_day() -> None:
    """Born on 10 March 2008: a child on the 9th, and of age on the 10th; leap days count on 1 March."""
    assert is_child(date(2008, 3, 10), date(2026, 3, 9))
    assert not is_child(date(2008, 3, 10), date(2026, 3, 10))
    assert is_child(date(2008, 2, 29), date(2026, 2, 28))


@pytest.mark.parametrize("event", ["complete", "revoke"])
def test_an_ending_says_why_and_on_which_day(event: str) -> None:
    """Without both it is refused; with both it is not; what was never in force has no day on which it ended."""
    assert problems(replace(PLAN, end=None), event) == ["closing-reason-unclear", "plan-end-unclear"]
    assert problems(replace(PLAN, end="2026-03-10", closing_reason="moved"), event) == []
    assert problems(replace(PLAN, end=None, closing_reason="moved"), event, begun=False) == []


@pytest.mark.parametrize("end", [None, "2026-03-11", "2027", "2026-02-28"])
def test_the_last_day_has_come_and_is_not_before_the_first(end: str | None) -> None:
    """A plan that began on 1 March did not end in February, and does not end tomorrow today."""
    assert problems(replace(PLAN, end=end, closing_reason="moved"), "complete") == ["plan-end-unclear"]


def test_the_reasons_are_those_of_the_list() -> None:
    """Each code has its name in the code list, and each that fits a plan ends one; a plan does not come of age."""
    assert set(TABLES.codes["closing-reason"].forward) == REASONS
    ends = set[str]().union(*RULES.endings.values())
    assert ends == REASONS - {"came-of-age", "entered-in-error"}


def test_withdrawn_consent_completes_no_plan() -> None:
    """A plan that stops because consent is taken back is revoked: nobody carried it through."""
    plan = replace(PLAN, end="2026-03-10", closing_reason="consent-withdrawn")
    assert problems(plan, "complete") == ["closing-reason-unclear"]
    assert problems(plan, "revoke") == []


@pytest.mark.parametrize("event", ["draft", "activate", "pause"])
def test_what_stands_has_no_reason_why_it_ended(event: str) -> None:
    """A reason without an end contradicts itself, and an end that is planned needs none."""
    assert problems(replace(PLAN, closing_reason="moved"), event) == ["closing-reason-unclear"]
    assert problems(PLAN, event) == []


def test_an_error_says_so_by_its_status() -> None:
    """What never was this person's plan did not end, whatever it said before."""
    assert problems(replace(PLAN, end=None), "enter-in-error") == []
    assert problems(replace(PLAN, closing_reason="moved"), "enter-in-error") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("part: j,", "part: i,", "no item for"),
        ("fact: goals", "fact: dreams", "no fact"),
        ("[main-responsible]", "[leader]", "no roles"),
        ("[wished, applied, refused]", "[wished, hoped]", "no legal status"),
        ("revoke: [consent-withdrawn,", "revoke: [tired,", "no reason for an end"),
        ("is: the person's goals", "was: the person's goals", "unknown keys"),
    ],
)
def test_a_table_that_cannot_hold_stops_the_start(old: str, new: str, said: str) -> None:
    """A letter without a rule, a fact nobody reads or a code nobody has: the program does not begin."""
    text = (carried("mappings") / "plan-content.yaml").read_text("utf-8")
    assert old in text
    with pytest.raises(ValueError, match=said):
        content_rules(
            text.replace(old, new),
            TABLES.messages["care-plan-update"],
            TABLES.codes["legal-status"],
            TABLES.codes["team-role"],
            TABLES.codes["closing-reason"],
        )
