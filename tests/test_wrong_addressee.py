"""Whom a unit means that names the right addressee, and who has refused a case by whatever number it goes now."""

from dataclasses import replace
from datetime import date

import pytest

from adapter.domain.problems import Finding
from adapter.domain.purge_there import Purged, amiss
from adapter.domain.routing import Directory, Municipality, Unit
from adapter.domain.wrong_addressee import Named, has_refused, right_unit

BEFORE, REFORM, NOW = date(2023, 12, 31), date(2024, 1, 1), date(2026, 3, 10)
OLD = Unit("3024", None, None, None, date(2020, 1, 1), BEFORE, "999000001", "1001", "Old")
HEIR = replace(
    OLD, municipality="3201", valid_from=REFORM, valid_to=None, organisation="999000002", her_id="1002"
)
CHILDREN = replace(HEIR, municipality="5501", age_to=17, organisation="999000003", her_id="1003")
ADULTS = replace(CHILDREN, age_from=18, age_to=None, her_id="1004")
OTHER = replace(HEIR, municipality="1508", organisation="999000005", her_id="1005")
TOWNS = (
    Municipality("3024", "Old", date(2020, 1, 1), BEFORE, ("3201",)),
    Municipality("3201", "New", REFORM),
    Municipality("5501", "By age", REFORM),
    Municipality("1507", "Split", date(2020, 1, 1), BEFORE, ("1508", "1580")),
    Municipality("1508", "One half", REFORM),
    Municipality("1580", "Other half", REFORM),
)
DIRECTORY = Directory(TOWNS, (OLD, HEIR, CHILDREN, ADULTS, OTHER))
CHILD, ADULT = date(2015, 2, 14), date(1952, 10, 21)


def said(named: Named, born: date | None = ADULT, refused: frozenset[str] = frozenset()) -> str:
    found = right_unit(DIRECTORY, named, born, refused, NOW)
    return found.problem if isinstance(found, Finding) else found.her_id


@pytest.mark.parametrize(
    ("named", "born", "comes_to"),
    [
        (Named(her_ids=frozenset({"1002"})), ADULT, "1002"),
        (Named(her_ids=frozenset({"1001"})), ADULT, "right-addressee-unknown"),
        (Named(her_ids=frozenset({"4711"})), ADULT, "right-addressee-unknown"),
        (Named(organisations=frozenset({"999000002"})), ADULT, "1002"),
        (Named(organisations=frozenset({"999000003"})), ADULT, "several-units"),
        (Named(municipalities=frozenset({"3024"})), ADULT, "1002"),
        (Named(municipalities=frozenset({"5501"})), CHILD, "1003"),
        (Named(municipalities=frozenset({"5501"})), ADULT, "1004"),
        (Named(municipalities=frozenset({"5501"})), None, "age-unknown"),
        (Named(municipalities=frozenset({"1507"})), ADULT, "municipality-split"),
        (Named(municipalities=frozenset({"1580"})), ADULT, "no-unit"),
        (Named(her_ids=frozenset({"1002"}), municipalities=frozenset({"3024"})), ADULT, "1002"),
        (Named(her_ids=frozenset({"1002", "1005"})), ADULT, "right-addressee-unclear"),
        (
            Named(her_ids=frozenset({"1002"}), municipalities=frozenset({"1508"})),
            ADULT,
            "right-addressee-unclear",
        ),
        (Named(her_ids=frozenset({"1002"}), otherwise=True), ADULT, "right-addressee-unknown"),
        (Named(), ADULT, "right-addressee-unknown"),
    ],
)
def test_only_what_leads_to_one_unit_in_use_is_followed(
    named: Named, born: date | None, comes_to: str
) -> None:
    """By the directory of the day; of two that are named, and of what is no number of a unit, a person decides."""
    assert said(named, born) == comes_to


@pytest.mark.parametrize(
    ("unit", "refused", "on", "has"),
    [
        (HEIR, "999000002", NOW, True),
        (ADULTS, "999000003", NOW, True),
        (HEIR, "999000001", NOW, True),
        (OTHER, "999000001", NOW, False),
        (replace(HEIR, age_to=17), "999000001", NOW, False),
        (HEIR, "999000001", BEFORE, False),
        (OTHER, "999000002", NOW, False),
    ],
    ids=["itself", "another-address", "renumbered", "elsewhere", "others-of-it", "both-in-use", "nobody"],
)
def test_who_refused_has_refused_under_every_number(unit: Unit, refused: str, on: date, has: bool) -> None:
    """Another address of the same organisation, and who came in its place when its municipality got a new number; but
    not a unit of the same place for others, and not while both are in use."""
    assert has_refused(DIRECTORY, unit, {refused}, on) is has


def test_who_has_refused_is_not_sent_it_again_by_being_named() -> None:
    """Whether it is named by itself or by the municipality that it has come to be."""
    refused = frozenset({"999000001"})
    for named in (Named(her_ids=frozenset({"1002"})), Named(municipalities=frozenset({"3024"}))):
        assert said(named, refused=refused) == "right-addressee-refused-before"


@pytest.mark.parametrize(
    ("purged", "problems"),
    [
        (Purged(named=True, on=NOW), []),
        (Purged(named=True, on=date(2026, 3, 9)), []),
        (Purged(named=True, on=date(2026, 3, 8)), ["purged-on-an-impossible-day"]),
        (Purged(named=True, on=date(2026, 3, 11)), ["purged-on-an-impossible-day"]),
        (Purged(named=True, on=None), ["missing-element"]),
        (Purged(named=False, on=None), ["person-not-named", "missing-element"]),
    ],
)
def test_a_purge_is_confirmed_by_somebody_for_a_day_on_which_it_can_have_been(
    purged: Purged, problems: list[str]
) -> None:
    """Not before the content came there, and not on a day to come."""
    assert [finding.problem for finding in amiss(purged, date(2026, 3, 9), NOW)] == problems
