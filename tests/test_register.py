"""What an answer of the address register means for an address of ours, for how long, and who has to look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapter.domain.register import (
    Address,
    Belief,
    Entry,
    Party,
    State,
    certificates_ending,
    learned,
    not_to_be_used,
    state_of,
)
from adapter.mapping.register import belief

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OURS, ANOTHER = "999900022", "999900033"
UNIT = Address("8900022", OURS)
THERE = Party("8900022", "Service", OURS)
BELIEF = Belief(timedelta(days=7), timedelta(days=30))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("party", "state"),
    [
        (THERE, "active"),
        (None, "unknown-there"),
        (replace(THERE, until=NOW), "gone"),
        (replace(THERE, until=NOW + DAY), "active"),
        (replace(THERE, organisation=ANOTHER), "other-organisation"),
        (replace(THERE, organisation=ANOTHER, until=NOW), "gone"),
        (replace(THERE, kind="Person"), "other-kind"),
        (replace(THERE, kind="Organization"), "other-kind"),
        (replace(THERE, organisation=""), "active"),
    ],
)
def test_an_answer_means_one_thing(party: Party | None, state: State) -> None:
    assert state_of(party, UNIT, NOW) == state


def test_an_organisation_is_one_and_no_service() -> None:
    whole = Address("8900002", OURS, "Organization")
    assert state_of(Party("8900002", "Organization", OURS), whole, NOW) == "active"
    assert state_of(Party("8900002", "Service", OURS), whole, NOW) == "other-kind"


def entry(state: State = "active", **more: object) -> Entry:
    return Entry("8900022", state, OURS, NOW, NOW, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kept", "at", "why"),
    [
        (None, NOW, None),
        (entry(), NOW, None),
        (entry("gone"), NOW, "address-gone"),
        (entry("unknown-there"), NOW, "address-gone"),
        (entry("other-organisation"), NOW, "address-of-another"),
        (entry("other-kind"), NOW, "address-is-no-service"),
        (entry("other-kind"), NOW + 8 * DAY, None),
        (replace(entry("other-kind"), organisation=ANOTHER), NOW, "address-of-another"),
        (entry("gone"), NOW + 7 * DAY, "address-gone"),
        (entry("gone"), NOW + 7 * DAY + timedelta(seconds=1), None),
        (entry("gone"), NOW - timedelta(seconds=1), None),
        (entry(until=NOW + DAY), NOW + DAY, "address-gone"),
        (entry(until=NOW + DAY), NOW + DAY - timedelta(seconds=1), None),
        (replace(entry(), organisation=ANOTHER), NOW, "address-of-another"),
        (replace(entry("unknown-there"), organisation=""), NOW, "address-gone"),
    ],
    ids=[
        "never asked",
        "there",
        "ended",
        "unknown",
        "another's",
        "a person's",
        "a person's, a week ago",
        "a person's of another",
        "a week old",
        "older",
        "from the future",
        "an end that has come",
        "an end to come",
        "another's since the tables changed",
        "unknown, of nobody",
    ],
)
def test_an_address_is_used_unless_the_register_has_said_lately_that_it_is_not_the_units(
    kept: Entry | None, at: datetime, why: str | None
) -> None:
    """It is not either that of a person: an address is the HER-id of a service, never a person's (HIS 1153)."""
    assert not_to_be_used(kept, OURS, at, BELIEF) == why


def after(before: Entry | None, state: State, at: datetime, party: Party | None = THERE) -> Entry:
    return learned(before, party, state, UNIT.her_id, at, BELIEF)


def test_a_person_looks_at_what_has_changed_and_at_what_was_never_right() -> None:
    first = after(None, "active", NOW)
    assert (first.look_since, first.since) == (None, NOW)
    assert after(None, "unknown-there", NOW, None).look_since == NOW
    gone = after(first, "gone", NOW + DAY)
    assert (gone.look_since, gone.since) == (NOW + DAY, NOW + DAY)
    still = after(gone, "gone", NOW + 2 * DAY)
    assert (still.look_since, still.since, still.checked_at) == (NOW + DAY, NOW + DAY, NOW + 2 * DAY)
    seen = replace(still, look_since=None)
    assert after(seen, "gone", NOW + 3 * DAY).look_since is None
    assert after(seen, "active", NOW + 3 * DAY).look_since == NOW + 3 * DAY


def test_the_end_of_a_certificate_is_told_once_when_it_comes_near() -> None:
    ends = NOW + 40 * DAY
    party = replace(THERE, signing_until=ends, encryption_until=NOW + 400 * DAY)
    first = after(None, "active", NOW, party)
    assert first.look_since is None
    near = after(first, "active", NOW + 11 * DAY, party)
    assert near.look_since == NOW + 11 * DAY
    assert [*certificates_ending(near, NOW + 11 * DAY, BELIEF)] == [("signing", ends)]
    seen = replace(near, look_since=None)
    assert after(seen, "active", NOW + 12 * DAY, party).look_since is None
    renewed = replace(party, signing_until=NOW + 800 * DAY)
    assert after(seen, "active", NOW + 13 * DAY, renewed).look_since is None


@pytest.mark.parametrize(
    "text", ["", "believed-for: P7D", "believed-for: 7\ncertificate-warned: P30D", "- P7D", "a: P7D\nb: P7D"]
)
def test_a_table_that_does_not_say_how_long_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        belief(text)


def test_the_table_says_how_long_an_answer_counts() -> None:
    text = (Path(__file__).resolve().parents[1] / "mappings" / "register.yaml").read_text("utf-8")
    assert belief(text) == BELIEF
