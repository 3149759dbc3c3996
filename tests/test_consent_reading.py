"""How a Consent says whom and what it is about, and what nobody here can follow of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.case import Version
from adapter.domain.consent import Category, SharingByLaw
from adapter.domain.provision import Actor, Provision, Written
from adapter.flows.consents import consent_of
from adapter.mapping.sharing import categories
from adapter.outside.store import open_store
from adapter.replay import open_stage
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
HERE = "999900011"
ENH, HER = "urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:2.16.578.1.12.4.1.2"
TERMS = "http://terminology.hl7.org/CodeSystem"
OURS = "https://ip-adapter.example/fhir/CodeSystem/information-category"
ROLE = {"coding": [{"system": f"{TERMS}/v3-ParticipationType", "code": "IRCP"}]}
WHOLE = Actor(frozenset({HERE}), whole=True)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store = open_store(f"sqlite:///{empty_database(tmp_path_factory.mktemp('reading') / 'case.db')}")
    yield open_stage(FIXTURES / "consent" / "expired", store)
    store.close()


def _version(type_: str, id_: str, **body: Any) -> Version:
    return Version(type_, id_, 1, "case", AT, HERE, "test", {"resourceType": type_, "id": id_, **body})


CASE = [
    _version("Organization", "hospital", identifier=[{"system": ENH, "value": HERE}]),
    _version("Organization", "ward", partOf={"reference": "Organization/hospital"}),
    _version("Organization", "unit", identifier=[{"system": HER, "value": "8900012"}]),
    _version("Practitioner", "nurse"),
    _version("Practitioner", "stranger"),
    _version("RelatedPerson", "mother"),
    _version(
        "PractitionerRole",
        "at-work",
        practitioner={"reference": "Practitioner/nurse"},
        organization={"reference": "Organization/hospital"},
    ),
    _version("ServiceRequest", "need", authoredOn="2026-03-01"),
    _version("CarePlan", "plan", created="2026-03-05"),
    _version("CareTeam", "team"),
]

NOBODY = [
    {"resourceType": "Procedure", "id": "done", "partOf": [{"reference": "Procedure/whole"}]},
    {"resourceType": "QuestionnaireResponse", "id": "answered", "identifier": {"system": HER, "value": "1"}},
]
"""What has elements with the names of those of an organisation, of another type."""


def read(stage: Stage, provision: dict[str, Any], **more: Any) -> Provision:
    """What becomes of a provision in a consent to sharing."""
    kind = {"system": f"{stage.parts.base}/CodeSystem/consent-kind", "code": "SHARING"}
    consent = {
        "resourceType": "Consent",
        "id": "one",
        "status": "active",
        "category": [{"coding": [kind]}],
        **more,
    }
    made = consent_of(
        {**consent, "patient": {"reference": "Patient/one"}, "provision": provision}, CASE, stage.parts
    )
    assert made.provision is not None
    return made.provision


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"identifier": {"system": ENH, "value": HERE}}, WHOLE),
        ({"identifier": {"value": HERE}}, WHOLE),
        ({"reference": "Organization/hospital"}, WHOLE),
        ({"identifier": {"system": HER, "value": "8900001"}}, WHOLE),
        ({"identifier": {"system": HER, "value": "8900012"}}, Actor(frozenset({HERE}), "8900012")),
        ({"identifier": {"system": HER, "value": "8999999"}}, Actor(frozenset(), "8999999")),
        ({"reference": "Organization/unit"}, Actor(frozenset({HERE}), "8900012")),
        ({"reference": "Organization/ward"}, Actor(frozenset({HERE}))),
        ({"reference": "PractitionerRole/at-work"}, Actor(frozenset({HERE}))),
        ({"reference": "Practitioner/nurse"}, Actor(frozenset({HERE}))),
        ({"reference": "Practitioner/stranger"}, Actor(frozenset())),
        ({"reference": "RelatedPerson/mother"}, Actor(frozenset(), whole=True)),
        ({"reference": "CareTeam/team"}, Actor(frozenset())),
        ({"reference": "#inside"}, WHOLE),
        ({"reference": "#done"}, Actor(frozenset())),
        ({"reference": "#answered"}, Actor(frozenset())),
        ({"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "9999999"}}, Actor(frozenset())),
    ],
)
def test_whom_it_names(stage: Stage, reference: dict[str, Any], expected: Actor) -> None:
    """An organisation by number; else whatever is known of where the one named is: a service, a person, a role."""
    inside = {"resourceType": "Organization", "id": "inside", "identifier": [{"system": ENH, "value": HERE}]}
    made = read(
        stage,
        {"type": "permit", "actor": [{"role": ROLE, "reference": reference}]},
        contained=[inside, *NOBODY],
    )
    assert made.actors == {expected}


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (f"{TERMS}/v3-ParticipationType", "PRCP", WHOLE),
        (f"{TERMS}/v3-ParticipationType", "CST", Actor(frozenset())),
        ("urn:oid:2.16.578.1.12.4.1.1.9034", "8", Actor(frozenset({HERE}))),
    ],
)
def test_in_which_role(stage: Stage, system: str, code: str, expected: Actor) -> None:
    """A recipient is one as a whole; a role in the organisation is less; where data come from is nobody's business."""
    role = {"coding": [{"system": system, "code": code}]}
    actor = {"role": role, "reference": {"identifier": {"system": ENH, "value": HERE}}}
    assert read(stage, {"type": "permit", "actor": [actor]}).actors == {expected}


@pytest.mark.parametrize(
    ("limit", "information"),
    [
        ({"code": [{"coding": [{"system": OURS, "code": "plan"}]}]}, [{"plan"}]),
        (
            {"code": [{"coding": [{"system": "x", "code": "y"}, {"system": OURS, "code": "plan"}]}]},
            [{"plan"}],
        ),
        ({"code": [{"coding": [{"system": "x", "code": "plan"}]}]}, [{"?"}]),
        ({"code": [{"coding": [{"system": OURS, "code": "plans"}]}, {"text": "x"}]}, [{"?"}]),
        ({"securityLabel": [{"system": OURS, "code": "mental-health"}]}, [{"mental-health"}]),
        ({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "CarePlan"}]}, [{"plan"}]),
        ({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "CareTeam"}]}, [{"?plan"}]),
        ({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]}, [{"?"}]),
        ({"data": [{"meaning": "instance", "reference": {"reference": "CarePlan/plan"}}]}, [{"plan"}]),
        ({"data": [{"meaning": "related", "reference": {"reference": "CarePlan/plan"}}]}, [{"plan", "?"}]),
        ({"data": [{"meaning": "instance", "reference": {"reference": "CareTeam/team"}}]}, [{"?plan"}]),
        ({"data": [{"meaning": "instance", "reference": {"reference": "CarePlan/other"}}]}, [{"?"}]),
        ({"data": [{"meaning": "authoredby", "reference": {"reference": "Practitioner/nurse"}}]}, [{"?"}]),
        ({"action": [{"coding": [{"system": f"{TERMS}/consentaction", "code": "access"}]}]}, []),
        ({"action": [{"coding": [{"system": f"{TERMS}/consentaction", "code": "correct"}]}]}, [{"correct"}]),
        ({"action": [{"coding": [{"system": f"{TERMS}/consentaction", "code": "use"}]}]}, [{"?"}]),
    ],
)
def test_what_it_is_about(stage: Stage, limit: dict[str, Any], information: list[set[str]]) -> None:
    """Categories of ours, by their code, as a label, by the type or the resource that is one; else a doubt."""
    made = read(stage, {"type": "permit", **limit})
    assert [set(each) for each in made.information] == information
    assert not made.unclear


def test_labels_and_purposes_of_others(stage: Stage) -> None:
    """A label that some category goes under, any degree of confidentiality; the purposes of v3-ActReason."""
    labels = [("v3-Confidentiality", "V"), ("v3-ActCode", "PSY"), ("v3-ActCode", "HIV")]
    purposes = [{"system": f"{TERMS}/v3-ActReason", "code": "COC"}, {"system": "x", "code": "COC"}]
    security = [{"system": f"{TERMS}/{system}", "code": code} for system, code in labels]
    made = read(stage, {"type": "deny", "securityLabel": security, "purpose": purposes})
    assert made.labels == {f"{TERMS}/v3-Confidentiality|V", f"{TERMS}/v3-ActCode|PSY", "?"}
    assert made.purposes == {"COC", "?"}


@pytest.mark.parametrize(
    "doubtful",
    [
        {"type": "permit", "extension": [{"url": "http://example.org/limit", "valueString": "x"}]},
        {"type": "permit", "period": {"start": "2026-03-10", "end": "2025-03-10"}},
    ],
)
def test_what_nobody_can_follow(stage: Stage, doubtful: dict[str, Any]) -> None:
    """An element that is not read, or a period that cannot be, makes a provision unclear, at whatever depth."""
    made = read(stage, {"type": "permit", "provision": [doubtful]})
    assert [made.unclear, made.exceptions[0].unclear] == [False, True]
    assert read(stage, doubtful).unclear
    assert read(stage, {"type": "permit"}, modifierExtension=[{"url": "x", "valueBoolean": True}]).unclear


def test_when_it_was_written(stage: Stage) -> None:
    """The oldest of what the case holds is the need of the first of March; a day is one in Norway."""
    made = read(stage, {"type": "permit", "dataPeriod": {"start": "2026-02-28"}})
    begins, first = (datetime(2026, month, day, 23, tzinfo=UTC) for month, day in ((2, 27), (2, 28)))
    assert made.written == Written(begins, None, first)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("{consent: needed, kinds: [SHARING], because: x}", "required"),
        ("{consent: required, kinds: [], because: x}", "required"),
        ("{consent: required, kinds: [OBJECTION], because: x}", "objection"),
        ("{consent: required, kinds: [SHARING], because: x, colour: red}", "colour"),
        ("{consent: required, kinds: [SHARING], because: x, within: other}", "within other"),
        (
            "{consent: required, kinds: [SHARING], because: x, law: {basis: HPL99, to: ['999900011']}}",
            "HPL25",
        ),
        (
            "{consent: required, kinds: [SHARING], because: x, law: {basis: HPL25, to: [everybody]}}",
            "by number",
        ),
        ("{consent: required, kinds: [SHARING], because: x, law: {basis: HPL25, to: []}}", "by number"),
    ],
)
def test_a_table_that_is_not_understood_stops_the_start(row: str, problem: str) -> None:
    """Nothing in mappings/consent.yaml is guessed at, least of all what may go without consent."""
    with pytest.raises(ValueError, match=problem):
        categories(f"categories: {{plan: {row}}}")


def test_law_stands_in_the_table_only_where_somebody_has_written_it(stage: Stage) -> None:
    """As delivered nothing goes by law; a row that says so is read with the organisations it names."""
    assert all(category.law is None for category in stage.parts.tables.categories.values())
    row = "{consent: required, kinds: [SHARING], because: x, law: {basis: HPL25, to: ['999900011']}}"
    made: Category = categories(f"categories: {{plan: {row}}}")["plan"]
    assert made.law == SharingByLaw("HPL25", frozenset({HERE}))
