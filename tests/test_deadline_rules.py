"""mappings/deadlines.yaml: each rule can begin and end, rests on something, is told by known names and is shown by a
folder; what is not so is refused at the start. The days are counted by hand from the law, not by the code."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from adapter.domain.deadline import Happened, deadlines
from adapter.mapping import tables
from adapter.mapping.days_off import is_day_off
from adapter.mapping.deadlines import DeadlineRules, deadline_rules
from adapter.replay.case_file import read_case
from tests.cases import FIXTURES

MAPPINGS = Path(__file__).parents[1] / "mappings"
RULES = tables.load(MAPPINGS, "https://ip-adapter.example/fhir").deadlines
HOSPITAL, MUNICIPALITY, OTHER = "999900033", "999900022", "999900011"
ROW = """
over: [case:close]
rules:
  unit-opens:
    starts: [delivered]
    stops: [case:open]
    within: P3B
    warn: P1B
    remind: [owner]
    operator: unit-has-not-opened
    basis: agreement
    because: Agreed
"""


def read(text: str) -> DeadlineRules:
    return deadline_rules(text, {"case:open", "case:close"}, {"unit-has-not-opened"}, {"reminder"})


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("starts: [delivered]", "starts: [dreamed]", "nothing happens"),
        ("starts: [delivered]", "starts: []", "something starts it"),
        ("stops: [case:open]", "stops: [case:opens]", "nothing happens"),
        ("over: [case:close]", "over: [case:closes]", "nothing happens"),
        ("within: P3B", "within: three days", "a length is written"),
        ("within: P3B", "within: stated", "states no day"),
        ("starts: [delivered]", "starts: [expected-on]", "the day is stated"),
        ("remind: [owner]", "remind: [neighbour]", "nobody is called"),
        ("operator: unit-has-not-opened", "operator: something-else", "no problem"),
        ("basis: agreement", "basis: custom", "rests on law"),
        ("because: Agreed", "because: ' '", "rests on law"),
        ("because: Agreed", "because: Agreed\n    category: plan", "no category"),
        ("because: Agreed", "because: Agreed\n    until: soon", "a day is written"),
        ("because: Agreed", "because: Agreed\n    from: 2026-02-01\n    until: 2026-01-01", "ends before"),
        ("because: Agreed", "because: Agreed\n    colour: red", "unknown or missing"),
        ("    warn: P1B\n", "", "unknown or missing"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(right: str, wrong: str, told: str) -> None:
    """Each slip is named; without it the same text is read."""
    assert read(ROW).rules
    assert right in ROW
    with pytest.raises(ValueError, match=told):
        read(ROW.replace(right, wrong))


@pytest.mark.parametrize(
    ("agreement", "told"),
    [
        ("{between: ['1'], because: x, rules: {}}", "between two"),
        ("{between: ['1', '2'], because: ' ', rules: {}}", "between two"),
        ("{between: ['1', '2'], rules: {}}", "unknown or missing"),
        ("{between: ['1', '2'], because: x, rules: {unit-opens: {within: P5B}}}", "no rule to agree on"),
        ("{between: ['1', '2'], because: x, rules: {law: {within: P5B, warn: P1B}}}", "no rule to agree on"),
    ],
)
def test_only_what_rests_on_an_agreement_is_agreed_on(agreement: str, told: str) -> None:
    """Law is nobody's to change between two (hol §§ 6-1, 6-2)."""
    law = ROW[ROW.index("  unit-opens") :].replace("unit-opens", "law").replace("agreement", "law")
    with pytest.raises(ValueError, match=told):
        read(f"{ROW}{law}\nagreements:\n- {agreement}\n")


def test_two_rows_of_a_rule_take_turns_and_a_case_of_before_keeps_the_rule_of_its_day() -> None:
    """The law changes on 1 July 2026 from a month to two weeks: what began on 30 June keeps its month."""
    text = """
over: []
rules:
  reply:
  - {starts: [delivered], stops: [case:open], within: P1M, warn: P7D, remind: [owner], basis: law, because: a,
      until: 2026-06-30}
  - {starts: [delivered], stops: [case:open], within: P2W, warn: P7D, remind: [owner], basis: law, because: b,
      from: 2026-07-01}
"""
    rules = read(text).rules
    for began, over in (
        (datetime(2026, 6, 30, 12, tzinfo=UTC), datetime(2026, 7, 30, 22, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 15, 22, tzinfo=UTC)),
    ):
        (clock,) = deadlines("c", [Happened("delivered", began, MUNICIPALITY)], rules, is_day_off)
        assert clock.due_at == over  # midnight in Norway, in summer, after the last day
    with pytest.raises(ValueError, match="two rows for one day"):
        read(text.replace("until: 2026-06-30", "until: 2026-07-01"))


def test_what_is_agreed_goes_before_the_rule_for_that_pair_and_on_those_days_alone() -> None:
    """The sample agreement: five working days from 2026 on, three before and for everybody else."""

    def last_day(requester: str, began: datetime) -> date:
        found = deadlines(
            "c",
            [Happened("delivered", began, MUNICIPALITY)],
            RULES.between(requester, MUNICIPALITY),
            is_day_off,
        )
        return next(clock.due_at.date() for clock in found if clock.rule == "unit-opens")

    monday = datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert last_day(HOSPITAL, monday) == date(2026, 3, 16)
    assert last_day(OTHER, monday) == date(2026, 3, 12)
    assert last_day(HOSPITAL, datetime(2025, 3, 10, 12, tzinfo=UTC)) == date(2025, 3, 13)


def test_what_is_adopted_and_not_in_force_begins_nothing() -> None:
    """nfvl §§ 10 and 17: no day is set for them (lov 20 juni 2025 nr. 81)."""
    late = datetime(2030, 1, 1, tzinfo=UTC)
    happened = [Happened("delivered", late, "1"), Happened("expected-on", late, "1", "", date(2030, 2, 1))]
    begun = {clock.rule for clock in deadlines("c", happened, RULES.rules, is_day_off)}
    dated = {rule.name for rule in RULES.rules if rule.since == date.max}
    assert dated == {"enquiry-confirmed", "late-answer-told-again"}
    assert begun & dated == set()


def test_the_month_is_law_and_for_every_case() -> None:
    """fvl § 11 a third paragraph, for all cases (R-083); nobody can agree on another."""
    month = RULES.of("interim-reply")
    assert (month.within.number, month.within.unit, month.basis) == (1, "months", "law")


def test_every_rule_warns_before_it_is_due_and_says_what_it_rests_on() -> None:
    assert all(rule.warn is not None and rule.because for rule in RULES.rules)


def test_every_rule_that_is_in_force_is_shown_by_a_folder() -> None:
    """As a clock that stands at the end of a case folder under fixtures/deadline."""
    shown = {
        clock.split(":")[0]
        for folder in sorted((FIXTURES / "deadline").iterdir())
        for step in read_case(folder).steps
        for clock in step.expect.clocks or ()
    }
    assert {rule.name for rule in RULES.rules if rule.since != date.max} - shown == set()


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_every_rule_has_words_in_both_written_languages(language: str) -> None:
    """What is waited for, and on what ground: a letter of a rule without them would say nothing."""
    words = yaml.safe_load((MAPPINGS / "texts" / f"{language}.yaml").read_text(encoding="utf-8"))["words"]
    names = {rule.name for rule in RULES.rules}
    assert set(words["deadline"]) == set(words["deadline-ground"]) == names
    assert all(words["deadline"].values())
    assert all(words["deadline-ground"].values())
