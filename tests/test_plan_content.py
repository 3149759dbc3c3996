"""A plan in force contains what the law lists (forskrift 22 juni 2022 nr. 1110 §§ 3, 4, 9), and what it lacks is named.

The letters beside each thing that is taken away are those of the regulation's text, not of our table.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cases import FIXTURES, empty_database, fresh

from adapter.cli.plan import lines
from adapter.domain.case import Resource, Version
from adapter.flows.parts import Parts
from adapter.flows.plan_content import as_said, judged, read_plan
from adapter.flows.plan_report import plan_report
from adapter.flows.protection import without_places
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OURS = "https://ip-adapter.example/fhir"
FOLDER = FIXTURES / "plan" / "incomplete-plan-names-each-letter"
_HPR = {"type": "Practitioner", "display": "Ola Koordinatorsen (fiktiv)"}


def extension(name: str) -> Callable[[Resource], None]:
    """Takes an extension of this name away."""

    def without(plan: Resource) -> None:
        plan["extension"] = [e for e in plan["extension"] if not e["url"].endswith(f"/{name}")]

    return without


def element(*path: str | int) -> Callable[[Resource], None]:
    """Takes an element away."""

    def without(plan: Resource) -> None:
        inner: Any = plan
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return without


TAKEN_AWAY = {
    "goals": (element("goal"), "a"),
    "resources": (extension("plan-resources"), "a"),
    "needs": (extension("plan-need"), "a"),
    "who takes part": (element("careTeam"), "b"),
    "who makes the plan": (element("author"), "c"),
    "who coordinates": (extension("responsible-for-coordination"), "c"),
    "what the person contributes": (extension("contribution-of-person"), "d"),
    "what the providers contribute": (extension("contribution-of-providers"), "d"),
    "services and measures": (element("activity"), "e"),
    "their extent": (element("activity", 0, "detail", "scheduledString"), "e"),
    "who is responsible for one": (element("activity", 0, "detail", "performer"), "e"),
    "how it is carried out": (element("activity", 0, "detail", "description"), "f"),
    "the period": (element("period"), "h"),
    "the revision": (extension("next-revision"), "h"),
    "the consent": (extension("plan-consent"), "i"),
    "wanted cooperation": (extension("wanted-cooperation"), "j"),
    "main responsibility": (extension("main-responsible"), "§ 3"),
    "legal status": (element("activity", 0, "extension"), "§ 4"),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A case whose person consents to a plan, before any plan is put."""
    folder = tmp_path_factory.mktemp("plan")
    store = open_store(f"sqlite:///{fresh(empty_database(folder / 'empty.db'), folder)}")
    stage = open_stage(FOLDER, store)
    for step in read_case(FOLDER).steps[:3]:
        stage.play(step)
    yield stage
    store.close()


@pytest.fixture
def versions(stage: Stage) -> list[Version]:
    with stage.parts.store.transaction() as tx:
        return list(tx.of_case(stage.cases[-1]))


@pytest.fixture
def plan(stage: Stage, versions: list[Version]) -> Resource:
    draft = next(v.body for v in versions if v.type == "CarePlan")
    return copy.deepcopy({**draft, **stage.cast.plan, "status": "active"})


def parts_lacking(plan: Resource, versions: list[Version], parts: Parts) -> list[str]:
    said = as_said(plan, read_plan(plan, parts), versions, parts)
    missing, contradicting = judged(said, versions, AT, parts)
    assert contradicting == []
    return [gap.part for gap in missing]


def test_a_whole_plan_lacks_nothing(plan: Resource, versions: list[Version], stage: Stage) -> None:
    """What all other claims here start from."""
    assert parts_lacking(plan, versions, stage.parts) == []


@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_what_is_taken_away_is_named_by_its_letter(
    what: str, plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """One thing less is one finding more, with the letter of the regulation."""
    take, letter = TAKEN_AWAY[what]
    take(plan)
    assert parts_lacking(plan, versions, stage.parts) == [letter]


@pytest.mark.parametrize("role", ["coordinator", "child-coordinator", "contact-doctor"])
def test_each_status_of_letter_g_is_asked_for(
    role: str, plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """Coordinator, child coordinator and contact doctor: of each it is said whether one is offered or appointed."""
    statuses = next(e for e in plan["extension"] if e["url"].endswith("/coordinator-status"))
    statuses["extension"] = [e for e in statuses["extension"] if e["url"] != role]
    assert parts_lacking(plan, versions, stage.parts) == ["g"]


def test_blanks_say_nothing(plan: Resource, versions: list[Version], stage: Stage) -> None:
    """A text of blanks is as good as none."""
    plan["goal"] = [{"display": " "}]
    plan["activity"][0]["detail"]["description"] = "\n"
    assert parts_lacking(plan, versions, stage.parts) == ["a", "f"]


GOAL = {
    "resourceType": "Goal",
    "id": "hjem",
    "lifecycleStatus": "active",
    "description": {"text": "Bo hjemme"},
}


@pytest.mark.parametrize("reference", ["Goal/hjem", "#annet", "https://journal.example/fhir/Goal/hjem"])
def test_a_reference_counts_only_where_it_leads_somewhere(
    reference: str, plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """A goal elsewhere is none that anybody who gets the plan could read; one that the plan contains is, and so is what
    says something beside its reference."""
    plan["contained"] = [GOAL]
    for goal, lacking in (
        ({"reference": reference}, ["a"]),
        ({"reference": "#hjem"}, []),
        ({"reference": reference, "display": "Bo hjemme"}, []),
    ):
        plan["goal"] = [goal]
        assert parts_lacking(plan, versions, stage.parts) == lacking


def test_whoever_answers_for_something_is_known_in_the_case(
    plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """Who coordinates, who has the main responsibility and who is responsible for a measure: not somebody elsewhere."""
    unit = next(v.reference for v in versions if v.type == "Organization")
    for reference, lacking in (("Organization/elsewhere", ["c", "e", "§ 3"]), (f"{unit}/_history/1", [])):
        for extension in plan["extension"]:
            if extension["url"].endswith(("/main-responsible", "/responsible-for-coordination")):
                extension["valueReference"] = {"reference": reference}
        plan["activity"][0]["detail"]["performer"] = [{"reference": reference}]
        assert parts_lacking(plan, versions, stage.parts) == lacking


def test_the_team_may_say_who_coordinates(plan: Resource, versions: list[Version], stage: Stage) -> None:
    """A coordinator in the team (9034 8) counts while taking part, and no longer after having left."""
    extension("responsible-for-coordination")(plan)
    role = {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.9034", "code": "8"}]}
    for end, lacking in (("2026-03-10", []), ("2026-03-09", ["c"])):
        member = {"role": [role], "member": _HPR, "period": {"end": end}}
        assert parts_lacking(plan, with_member(versions, member), stage.parts) == lacking


def test_who_has_left_or_not_joined_takes_no_part(
    plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """A team that everybody has left, or is only asked to join, is an overview of nobody."""
    asked = [{"url": f"{OURS}/StructureDefinition/participation-status", "valueCode": "invited"}]
    for out in ({"period": {"end": "2026-03-09"}}, {"extension": asked}):
        alone = [
            changed(v, participant=[{"member": _HPR, **out}]) if v.type == "CareTeam" else v for v in versions
        ]
        assert parts_lacking(plan, alone, stage.parts) == ["b"]


def test_plan_and_team_name_the_same_main_responsible(
    plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """A team in which another service has the main responsibility than the plan names makes two of them."""
    role = {"coding": [{"system": f"{OURS}/CodeSystem/team-role", "code": "main-responsible"}]}
    for number, found in (("999900022", []), ("999900011", ["two-main-responsibles"])):
        identifier = {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": number}
        member = {"role": [role], "member": {"type": "Organization", "identifier": identifier}}
        team = with_member(versions, member)
        _, contradicting = judged(read_plan(plan, stage.parts), team, AT, stage.parts)
        assert [finding.problem for finding in contradicting] == found


@pytest.mark.parametrize("kind", ["SHARING", "NOTIFICATION"])
def test_only_consent_to_the_plan_is_that(
    kind: str, plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """A consent to something else, or of another case, is not consent that the plan is made."""
    coding = {"system": f"{OURS}/CodeSystem/consent-kind", "code": kind}
    other = [changed(v, category=[{"coding": [coding]}]) if v.id == "samtykke-plan" else v for v in versions]
    assert parts_lacking(plan, other, stage.parts) == ["i"]
    assert parts_lacking(plan, [v for v in versions if v.id != "samtykke-plan"], stage.parts) == ["i"]


@pytest.mark.parametrize(
    ("born", "child"),
    [("2008-03-11", True), ("2008-03-10", False), (None, True), ("2008", True)],
)
def test_the_childs_part_is_described_until_18(
    born: str | None, child: bool, plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """On the 18th birthday nothing more is asked for; where neither birth date nor number tells the age, it is."""
    people = [changed(v, birthDate=born, identifier=None) if v.type == "Patient" else v for v in versions]
    assert parts_lacking(plan, people, stage.parts) == (["child"] if child else [])
    text = [{"url": "text", "valueString": "Har valgt selv"}]
    plan["extension"].append({"url": f"{OURS}/StructureDefinition/child-participation", "extension": text})
    assert parts_lacking(plan, people, stage.parts) == []


def test_a_wish_stays_one_where_no_place_may_leave(
    plan: Resource, versions: list[Version], stage: Stage
) -> None:
    """Of a person whose address is protected each measure leaves with its legal status, too (§ 4, R-150)."""
    put = next(replace(v, body=plan) for v in versions if v.type == "CarePlan")
    people = [changed(v, meta={}) if v.type == "Patient" else v for v in versions]
    (shown,) = without_places([put], people, stage.parts)
    assert shown.body["activity"][0]["extension"] == plan["activity"][0]["extension"]


def test_the_report_names_letters_and_no_value(stage: Stage) -> None:
    """`ip-adapter plan` of the draft as the need made it: all that is missing, nothing that is said."""
    report = plan_report(stage.cases[-1], stage.parts)
    assert {gap.part for gap in report.missing} == {*"acdefghij", "§ 3"} - {"f"}
    text = "\n".join(lines(report))
    assert all(f"lacks {part}:" in text for part in "adeghij")
    assert [value for value in stage.cast.private if value in text] == []


def test_a_later_version_leaves_the_earlier_one_in_force_until_then(stage: Stage) -> None:
    """Each version in force has its name and its time, and stays as it was."""
    at, steps = stage.cases[-1], read_case(FOLDER).steps
    stage.play(steps[-1])
    (first,) = plan_report(at, stage.parts).in_force
    whole = steps[-1].put
    assert whole
    revised = whole.model_copy(update={"change": {"status": "active", "title": "Revidert"}})
    stage.play(steps[-1].model_copy(update={"put": revised}))
    report = plan_report(at, stage.parts)
    assert [v.version.rpartition("/")[2] for v in report.in_force] == ["2", "3"]
    assert report.in_force[0].version == first.version
    assert report.in_force[0].until == report.in_force[1].since
    assert report.missing == ()
    assert report.legal_statuses == {"granted": 1}


def with_member(versions: list[Version], member: Resource) -> list[Version]:
    return [
        changed(v, participant=[*v.body["participant"], member]) if v.type == "CareTeam" else v
        for v in versions
    ]


def changed(version: Version, **elements: Any) -> Version:
    """The version with other elements; None takes one away."""
    body = {k: v for k, v in {**version.body, **elements}.items() if v is not None}
    return replace(version, body=body)
