"""Until when one may complain, by the law's own way of counting, and what a decision and a complaint must say."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain import complaint as complaints
from adapter.domain.complaint import Complaint, opens_anew, timeliness
from adapter.domain.decision import Decision, amiss, time_limit
from adapter.mapping.days_off import is_day_off
from adapter.mapping.tables import load
from adapter.settings import SAMPLE_BASE, carried

TABLES = load(carried("mappings"), SAMPLE_BASE)
RULES = TABLES.decisions
TODAY = date(2026, 3, 10)
NEED_ON = date(2026, 3, 9)
REFUSED = Decision("refused", "not-long-term", ("PBRL_2_5",), TODAY, TODAY, "handed-over")


def last_day(basis: str, known: str) -> date | None:
    decision = Decision("refused", "other", (basis,), None, date.fromisoformat(known), "handed-over")
    return time_limit(decision, RULES, is_day_off).last_day


@pytest.mark.parametrize(
    ("basis", "known", "last"),
    [
        ("PBRL_2_5", "2026-03-10", "2026-04-07"),  # a Tuesday, four weeks after a Tuesday
        ("PBRL_2_5", "2026-03-06", "2026-04-07"),  # Good Friday, and Easter until Monday
        ("PBRL_2_5", "2026-03-05", "2026-04-07"),  # Maundy Thursday
        ("HOL_7_1", "2026-04-16", "2026-05-15"),  # Ascension Day
        ("HOL_7_1", "2026-04-27", "2026-05-26"),  # Whit Monday
        ("HOL_7_2A", "2026-04-03", "2026-05-04"),  # 1 May is a Friday
        ("SPHL_2_5", "2027-04-19", "2027-05-18"),  # 17 May is a Monday
        ("PBRL_2_5C", "2025-11-27", "2025-12-29"),  # Christmas, a weekend
        ("PBRL_2_5C", "2025-12-04", "2026-01-02"),  # New Year's Day
        ("SOTJL_28", "2026-03-10", "2026-03-31"),
        ("SOTJL_33", "2026-03-14", "2026-04-07"),  # a Saturday before Easter
        ("NAVL_15", "2026-03-07", "2026-03-30"),  # a Saturday
        ("BVL_15_9", "2026-03-13", "2026-04-07"),  # Good Friday
    ],
)
def test_when_the_time_to_complain_ends(basis: str, known: str, last: str) -> None:
    """Counted by hand in a calendar: pbrl § 7-5 and fvl § 29, by domstolloven §§ 148 and 149."""
    assert last_day(basis, known) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("basis", "weeks", "body"),
    [
        ("PBRL_2_5", 4, "county-governor"),
        ("HOL_7_2", 4, "county-governor"),
        ("PHVL_4_1", 4, "county-governor"),
        ("SOTJL_33", 3, "county-governor"),
        ("NAVL_15", 3, "superior-body"),
        ("BVL_15_9", 3, "county-governor"),
    ],
)
def test_by_which_rules_one_complains(basis: str, weeks: int, body: str) -> None:
    """Forskrift 1110/2022 § 11, read by hand."""
    assert (RULES.bases[basis].track.weeks, RULES.bases[basis].track.body) == (weeks, body)


@given(st.sampled_from(sorted(RULES.bases)), st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_no_time_ends_early_or_on_a_day_off(basis: str, known: date) -> None:
    """It ends on the day of the same name, or on the first day after it that is none of the days off; never more than
    the five days that Easter takes later."""
    last = last_day(basis, known.isoformat())
    assert last
    by_weeks = known + timedelta(weeks=RULES.bases[basis].track.weeks)
    skipped = [by_weeks + timedelta(days=days) for days in range((last - by_weeks).days)]
    assert not is_day_off(last)
    assert all(is_day_off(day) for day in skipped)
    assert len(skipped) <= 5


@pytest.mark.parametrize(
    ("year", "off"),
    [
        (2026, "01-01 04-02 04-03 04-06 05-01 05-14 05-25 12-25"),
        (2027, "01-01 03-25 03-26 03-29 05-06 05-17"),
    ],
)
def test_which_weekdays_are_holidays(year: int, off: str) -> None:
    """Of a printed calendar; what falls on a weekend is a day off anyway."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    weekdays = [day.isoformat()[5:] for day in days if day.weekday() < 5 and is_day_off(day)]
    assert weekdays == off.split()
    assert all(is_day_off(day) for day in days if day.weekday() >= 5)


def test_nothing_is_made_up_for_what_is_missing() -> None:
    for given_, missing in (
        (replace(REFUSED, bases=()), ("legal-basis",)),
        (replace(REFUSED, known_on=None), ("known-on",)),
        (replace(REFUSED, bases=("PBRL_2_5", "SOTJL_28")), ("one-legal-track",)),
        (Decision(), ("legal-basis", "known-on")),
    ):
        limit = time_limit(given_, RULES, is_day_off)
        assert (limit.last_day, limit.missing) == (None, missing)
    assert time_limit(replace(REFUSED, bases=("PBRL_2_5", "HOL_7_1")), RULES, is_day_off).last_day


def test_the_last_day_counts_whole_and_what_was_posted_on_it_is_in_time() -> None:
    limit = time_limit(REFUSED, RULES, is_day_off)
    last = date(2026, 4, 7)
    after = last + timedelta(days=1)
    assert timeliness(Complaint("decision", last), REFUSED, limit) == "in-time"
    assert timeliness(Complaint("decision", after), REFUSED, limit) == "late"
    assert timeliness(Complaint("decision", after, posted_on=last), REFUSED, limit) == "in-time"
    assert timeliness(Complaint("plan", after), REFUSED, limit) == "not-known"


@pytest.mark.parametrize(
    ("decided", "sent", "expected"),
    [
        ("2026-03-10", "2027-03-10", "not-known"),
        ("2026-03-10", "2027-03-11", "late"),
        ("2028-02-29", "2029-02-28", "not-known"),
        ("2028-02-29", "2029-03-01", "late"),
    ],
)
def test_more_than_a_year_after_the_decision_is_late(decided: str, sent: str, expected: str) -> None:
    """Also where nobody has said when the party knew of it (fvl § 31)."""
    decision = Decision("refused", "other", ("PBRL_2_5",), date.fromisoformat(decided))
    limit = time_limit(decision, RULES, is_day_off)
    assert timeliness(Complaint("decision", date.fromisoformat(sent)), decision, limit) == expected


@pytest.mark.parametrize(
    ("event", "decision", "problems"),
    [
        ("refuse", REFUSED, []),
        ("refuse", replace(REFUSED, refusal=""), ["refusal-reason-missing"]),
        ("decide", REFUSED, ["decision-contradicts"]),
        ("refuse", replace(REFUSED, refusal="duty-suspended"), ["refusal-reason-not-in-force"]),
        (
            "refuse",
            replace(REFUSED, decided_on=date(2026, 3, 11), known_on=None, known_by=""),
            ["day-still-to-come"],
        ),
        ("refuse", replace(REFUSED, known_on=date(2026, 3, 9)), ["decision-contradicts"]),
        ("refuse", replace(REFUSED, known_by=""), ["knowledge-not-shown"]),
        ("refuse", replace(REFUSED, known_on=None), ["decision-contradicts"]),
        (
            "refuse",
            replace(REFUSED, bases=("BVL_15_9",), decided_on=date(2022, 12, 31)),
            ["legal-basis-not-in-force", "decision-before-need"],
        ),
        ("refuse", replace(REFUSED, bases=(), decided_on=date(1, 1, 1)), ["decision-before-need"]),
        ("refuse", replace(REFUSED, decided_on=None, known_on=date(2026, 3, 8)), ["decision-before-need"]),
        ("decide", replace(REFUSED, outcome="existing-plan", refusal="", decided_on=date(2025, 3, 9)), []),
    ],
)
def test_what_is_wrong_with_a_decision(event: str, decision: Decision, problems: list[str]) -> None:
    assert [finding.problem for finding in amiss(decision, event, RULES, TODAY, NEED_ON)] == problems


def test_only_a_complaint_of_the_decision_that_stands_opens_it() -> None:
    """One that led to another decision is no ground against that one, nor is one that was upheld."""
    asked = Complaint("decision", date(2026, 3, 20), complainant="party")
    assert opens_anew("quashed", asked, latest=True)
    assert not opens_anew("upheld", asked, latest=True)
    assert not opens_anew("quashed", asked, latest=False)
    assert not opens_anew("quashed", replace(asked, about="plan"), latest=True)
    assert list(complaints.amiss(asked, RULES, date(2026, 3, 20))) == []
