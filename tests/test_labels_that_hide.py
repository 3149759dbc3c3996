"""A label hides whatever it is written on: also one that says no category, and a thing named in another way."""

from datetime import UTC, datetime
from typing import Any

import pytest
from test_plan_view import HERE, SYSTEM, VIEWS, access, of, plan, seen, without_marks

from adapter.domain.case import Version
from adapter.flows.plan_view import _by_other_names, _labelled_targets, as_shown, labels

URL = "https://ip-adapter.example/fhir/StructureDefinition/information-category"
ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
Tree = dict[str, Any]


@pytest.mark.parametrize(
    "value",
    [
        {"valueCode": "mental-health"},
        {"valueString": "mental-health"},
        {"valueCoding": {"code": "mental-health"}},
        {"valueCoding": {"system": "urn:other", "code": "mental-health"}},
        {"valueCodeableConcept": {"text": "mental-health"}},
        {},
    ],
)
def test_a_label_that_says_no_category_is_for_nobody(value: Tree) -> None:
    """It is no known category, so it is refused when it is put, and shown to nobody where it is kept."""
    marked = {"text": "psyke", "extension": [{"url": URL, **value}]}
    assert not labels(marked, VIEWS) <= {*VIEWS.parts, VIEWS.whole}
    assert labels(marked, VIEWS)
    walk = {**of("measures-and-responsibility"), "detail": {"status": "unknown"}}
    made = without_marks(seen(plan(activity=[{**walk, "progress": [marked]}]), "measures-and-responsibility"))
    assert made == plan(activity=[walk])


def test_a_label_may_have_codes_of_others_beside_ours() -> None:
    codes = [{"system": "urn:other", "code": "x"}, {"system": SYSTEM, "code": "housing"}]
    marked = {"extension": [{"url": URL, "valueCodeableConcept": {"coding": codes}}]}
    assert labels(marked, VIEWS) == {"housing"}


def walk_by(*who: Tree) -> Tree:
    return {**of("measures-and-responsibility"), "detail": {"status": "unknown", "performer": list(who)}}


@pytest.mark.parametrize(
    "other",
    [
        {"reference": "Organization/o"},
        {"reference": "Organization/o/_history/2"},
        {"reference": "https://ip-adapter.example/fhir/Organization/o"},
        {"reference": "https://ip-adapter.example/fhir/Organization/o/_history/2"},
        {"identifier": {"system": ENH, "value": "9"}, "display": "DPS"},
    ],
)
def test_who_is_denied_in_the_team_is_denied_in_the_plan_however_it_is_named(other: Tree) -> None:
    at = datetime(2026, 3, 10, tzinfo=UTC)
    clinic = {"resourceType": "Organization", "id": "o", "identifier": [{"system": ENH, "value": "9"}]}
    team = {
        "resourceType": "CareTeam",
        "participant": [{"member": {"reference": "Organization/o"}, **of("mental-health")}],
    }
    named = _labelled_targets([team], VIEWS)
    _by_other_names(named, [Version("Organization", "o", 1, "case", at, HERE, "s", clinic)])
    has = access("measures-and-responsibility")
    has = type(has)(has.organisation, has.said, has.numbers, named)
    whole = plan(activity=[walk_by(other, {"reference": "Organization/p"})])
    made = as_shown(Version("CarePlan", "p", 3, "case", at, HERE, "s", whole), has, VIEWS)
    assert made
    assert without_marks(made.body) == plan(activity=[walk_by({"reference": "Organization/p"})])
