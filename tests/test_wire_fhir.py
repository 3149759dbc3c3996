"""FHIR R4 is held to: official examples pass, seeded defects are found where they stand, nothing crashes."""

import copy
import json as stdlib_json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import needs_oracle, verdicts
from shared_data import SHARED, needs_shared

from adapter.domain.case import Resource
from adapter.wire import json
from adapter.wire.fhir import check

LIMITS = {"max_bytes": 10_000_000, "max_depth": 60}

# An id may hold no blank (R4 data types, id); the example of HL7 Norway has one.
KNOWN_BAD = {"no-basis-HealthcareService-example.json": ["HealthcareService.id"]}

PLAN: Resource = {
    "resourceType": "CarePlan",
    "id": "plan-1",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/p1"},
    "created": "2026-02-03T08:09:10+01:00",
    "careTeam": [{"reference": "CareTeam/t1"}],
    "activity": [{"detail": {"status": "in-progress", "description": "Ukentlig trening"}}],
}
TEAM: Resource = {
    "resourceType": "CareTeam",
    "subject": {"reference": "Patient/p1"},
    "participant": [
        {"member": {"reference": "Practitioner/d1"}, "onBehalfOf": {"reference": "Organization/o1"}},
        {"member": {"reference": "Organization/o1"}},
    ],
}
ENTRY: Resource = {
    "fullUrl": "https://a.example/fhir/Patient/p1",
    "resource": {"resourceType": "Patient", "id": "p1"},
}
BUNDLE: Resource = {"resourceType": "Bundle", "type": "collection", "entry": [ENTRY]}

# (good resource, path to what is replaced or added, bad value, where it is found, whether the oracle sees it)
DEFECTS: list[tuple[Resource, tuple[Any, ...], Any, str, bool]] = [
    (PLAN, ("status",), "bogus", "CarePlan.status", True),
    (PLAN, ("intent",), None, "CarePlan.intent", True),
    (PLAN, ("note",), [], "CarePlan.note", False),
    (PLAN, ("period",), {}, "CarePlan.period", False),
    (PLAN, ("title",), "", "CarePlan.title", False),
    (PLAN, ("title",), "a\x00b", "CarePlan.title", True),
    (PLAN, ("title",), 7, "CarePlan.title", True),
    (PLAN, ("title",), ["a"], "CarePlan.title", True),
    (PLAN, ("subject",), '{"reference":"Patient/p1"}', "CarePlan.subject", True),
    (PLAN, ("subject",), {"reference": "Medication/p1"}, "CarePlan.subject.reference", True),
    (PLAN, ("subject",), {"type": "Medication", "display": "x"}, "CarePlan.subject.reference", True),
    (PLAN, ("created",), "2026-02-30", "CarePlan.created", False),
    (PLAN, ("created",), "2026-02-03T08:09:10", "CarePlan.created", False),
    (PLAN, ("favourite",), "x", "CarePlan", True),
    (PLAN, ("for_fhir",), {"display": "x"}, "CarePlan", True),
    (PLAN, ("resource_type",), "CarePlan", "CarePlan", True),
    (PLAN, ("fhir_comments",), ["x"], "CarePlan", True),
    (PLAN, ("instantiatesUri",), ["a b"], "CarePlan.instantiatesUri[0]", True),
    (PLAN, ("id",), "a" * 65, "CarePlan.id", False),
    (PLAN, ("activity", 0, "reference"), {"reference": "Task/1"}, "CarePlan.activity[0]", True),
    (PLAN, ("activity", 0, "detail", "status"), "bogus", "CarePlan.activity[0].detail.status", True),
    (PLAN, ("extension",), [{"url": "u", "valueRatioRange": {}}], "CarePlan.extension[0]", True),
    (PLAN, ("extension",), [{"url": "u", "valueDecimal": "1"}], "CarePlan.extension[0].valueDecimal", True),
    (PLAN, ("contained",), [{"resourceType": "Nope"}], "CarePlan.contained[0].resourceType", True),
    (TEAM, ("participant", 1, "onBehalfOf"), {"display": "x"}, "CareTeam.participant[1].onBehalfOf", True),
    (BUNDLE, ("entry",), [ENTRY, ENTRY], "Bundle.entry[1].fullUrl", True),
    (BUNDLE, ("entry", 0, "resource"), {"id": "x"}, "Bundle.entry[0].resource.resourceType", True),
    (
        BUNDLE,
        ("entry", 0, "resource", "name"),
        [{"given": [None]}],
        "Bundle.entry[0].resource.name[0].given[0]",
        True,
    ),
    (BUNDLE, ("entry", 0, "resource", "active"), "true", "Bundle.entry[0].resource.active", True),
    (
        BUNDLE,
        ("entry", 0, "resource", "multipleBirthInteger"),
        Decimal("1.5"),
        "Bundle.entry[0].resource.multipleBirthInteger",
        True,
    ),
]


def seeded(good: Resource, path: tuple[Any, ...], bad: Any) -> Resource:
    broken = copy.deepcopy(good)
    node: Any = broken
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = bad
    if bad is None:
        del node[path[-1]]
    return broken


def places(resource: Resource) -> list[str]:
    found = check(resource)
    assert {finding.problem for finding in found} <= {"not-fhir"}
    return [finding.where for finding in found]


@needs_shared
@pytest.mark.parametrize("folder", ["r4-examples", "no-basis-2.2.2/Examples", "ihe-pcf", "xshare-careplan"])
def test_no_official_example_is_faulted(folder: str) -> None:
    """Examples of HL7, HL7 Norway, IHE and HL7 Europe pass, but for one whose id is malformed."""
    files = sorted((SHARED / "fhir" / folder).glob("*.json"))
    assert files
    for file in files:
        assert places(json.loads(file.read_bytes(), **LIMITS)) == KNOWN_BAD.get(file.name, []), file.name


@pytest.mark.parametrize("good", [PLAN, TEAM, BUNDLE])
def test_the_samples_are_sound_until_a_defect_is_seeded(good: Resource) -> None:
    assert places(good) == []


@pytest.mark.parametrize(("good", "path", "bad", "where", "_"), DEFECTS)
def test_a_seeded_defect_is_found_where_it_stands(
    good: Resource, path: tuple[Any, ...], bad: Any, where: str, _: bool
) -> None:
    assert places(seeded(good, path, bad)) == [where]


@needs_oracle
def test_the_oracle_finds_seeded_defects_and_passes_what_is_sound() -> None:
    """The two Node validators agree with us on all but the defects marked as beyond them."""
    broken = [seeded(good, path, bad) for good, path, bad, _, _ in DEFECTS]
    assert verdicts([PLAN, TEAM, BUNDLE]) == [[], [], []]
    for (_, path, _, where, seen), said in zip(DEFECTS, verdicts(broken), strict=True):
        assert bool(said) == seen, (path, where, said)


@pytest.mark.parametrize(
    "name", [None, 7, "", "Nope", "HumanName", "Resource", "SubscriptionTopic", "a/b", ["Task"]]
)
def test_an_unknown_resource_type_is_a_finding_at_any_depth(name: Any) -> None:
    unknown = {"resourceType": name, "id": "x"}
    assert places(unknown) == ["resourceType"]
    entries = {"resourceType": "Bundle", "type": "batch", "entry": [ENTRY, {"resource": unknown}]}
    assert places(entries) == ["Bundle.entry[1].resource.resourceType"]


def test_a_reference_by_full_url_is_held_to_its_target() -> None:
    """What a urn:uuid points to inside the Bundle must be of a type that the element allows."""
    holder = "urn:uuid:0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001"
    plan = PLAN | {"subject": {"reference": holder}}
    for held, wrong in (("Patient", []), ("Organization", ["Bundle.entry[0].resource.subject.reference"])):
        entries = [{"resource": plan}, {"fullUrl": holder, "resource": {"resourceType": held, "id": "x"}}]
        if held == "Organization":
            entries[1]["resource"]["name"] = "x"
        assert places({"resourceType": "Bundle", "type": "collection", "entry": entries}) == wrong


def test_a_place_never_holds_what_the_sender_wrote() -> None:
    """Names of unknown elements are the sender's text; neither they nor values stand in a finding."""
    secret = "Prøve Prøvesen 21905297101"
    for defect in ({secret: 1}, {"status": secret}, {"created": secret}, {"subject": {secret: secret}}):
        assert "21905297101" not in str(check(PLAN | defect))


def test_sixty_levels_of_extensions_are_read() -> None:
    nested: Resource = {"url": "u", "valueString": "x"}
    for _ in range(28):
        nested = {"url": "u", "extension": [nested]}
    assert places({"resourceType": "Patient", "extension": [nested]}) == []


def test_at_most_a_hundred_findings_are_given() -> None:
    assert len(places({"resourceType": "Patient", "name": [{} for _ in range(5000)]})) == 100


NAMES = st.sampled_from([*PLAN, "entry", "resource", "reference", "extension", "url", "x"])
NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
NODES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)  # models are imported when first met
@given(
    st.dictionaries(st.sampled_from([*PLAN, "entry", "contained", "type", "x"]), NODES),
    st.sampled_from(["CarePlan", "Bundle"]),
)
def test_any_json_is_judged_without_a_crash(members: dict[str, Any], name: str) -> None:
    assert isinstance(check(members | {"resourceType": name}), tuple)
    assert isinstance(check(members), tuple)


def test_what_was_judged_is_unchanged() -> None:
    before = stdlib_json.dumps(PLAN)
    check(PLAN)
    assert stdlib_json.dumps(PLAN) == before
