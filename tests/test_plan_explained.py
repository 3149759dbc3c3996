"""`ip-adapter explain` tells of each recipient of a plan which element went there and which did not, and by which
consent; and a telephone number is told from a place by its form."""

from pathlib import Path

import pytest
from cases import FIXTURES, empty_database
from kept import played

from adapter.cli.explain import lines
from adapter.flows.account import Account
from adapter.flows.explain import explain
from adapter.mapping.tables import load
from adapter.outside.store import open_store
from adapter.replay import open_stage, play, read_case
from adapter.settings import SAMPLE_BASE, carried

FOLDER = FIXTURES / "view" / "everything-but-mental-health"
HOSPITAL, SECOND = "999900011", "999900033"


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.delenv("ACCEPT", raising=False)
    database = empty_database(tmp_path / "case.db")
    play(FOLDER, database)
    store = open_store(f"sqlite:///{database}")
    try:
        (case_id,) = store.case_ids()
        return explain(case_id, open_stage(FOLDER, store).parts)
    finally:
        store.close()


def told(account: Account, recipient: str) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Of the last plan that went to a recipient: what became of each element, by its place."""
    *_, last = (d for d in account.deliveries if d.recipient == recipient and d.category == "plan")
    return {shown.place: (shown.outcome, shown.because, shown.consents) for shown in last.elements}


def test_each_element_is_told_as_sent_or_withheld_with_the_consent_that_decided(account: Account) -> None:
    second = told(account, SECOND)
    assert second["CarePlan.goal[0]"] == ("sent", "consent", ("samtykke-deling",))
    for place in (
        "CarePlan.goal[1]",
        "CarePlan.activity[1]",
        "CarePlan.activity[0].progress[0]",
        "CarePlan.note[0]",
    ):
        assert second[place] == ("withheld", "denied", ("samtykke-deling",)), place
    assert second["CareTeam.participant[0]"][0] == "withheld"
    whole = told(account, HOSPITAL)
    assert {outcome for outcome, _, _ in whole.values()} == {"sent"}
    assert {place for place in whole if place.startswith("CarePlan")} == {
        p for p in second if p.startswith("CarePlan")
    }


def test_what_was_stopped_is_told_with_what_each_consent_came_to(tmp_path: Path) -> None:
    """By the reasons of the decision itself, as the consents stood when it was stopped."""
    url = f"sqlite:///{empty_database(tmp_path / 'case.db')}"
    with played(url, "consent/plan-consent-withdrawn-while-queued", 7) as stage:
        account = explain(stage.cases[0], stage.parts)
    (stopped,) = (d for d in account.deliveries if d.state == "stopped-by-consent")
    assert [(g.consent, g.says) for g in stopped.grounds] == [
        ("samtykke-deling", "permits"),
        ("samtykke-plan", "withdrawn"),
    ]
    assert "  consent samtykke-plan: withdrawn" in list(lines(account))


def test_no_value_of_the_plan_is_told(account: Account) -> None:
    text = "\n".join(lines(account))
    assert "withheld  CarePlan.goal[1]" in text
    assert [value for values in read_case(FOLDER).denied.values() for value in values if value in text] == []


@pytest.mark.parametrize(
    "number", ["90000017", "+47 90 00 00 17", "0047 41-00-00-17", "80 00 00 00", "02800"]
)
def test_a_number_of_no_region_may_leave(number: str) -> None:
    assert load(carried("mappings"), SAMPLE_BASE).places.says_nothing_of_a_place(number)


@pytest.mark.parametrize(
    "number", ["22111112", "+47 55 11 11 12", "+46 8 123 456", "90000017 (Skjulby)", "112", ""]
)
def test_a_number_of_a_region_or_of_no_known_form_may_not(number: str) -> None:
    assert not load(carried("mappings"), SAMPLE_BASE).places.says_nothing_of_a_place(number)
