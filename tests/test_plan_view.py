"""A plan as somebody sees it holds nothing of a category denied to that one, is valid, and has no trace of a gap."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.case import Version
from adapter.domain.consent import Deny, Permit
from adapter.flows.plan_view import Access, as_shown, elements_shown
from adapter.mapping.tables import load
from adapter.settings import SAMPLE_BASE, carried
from adapter.wire.fhir import check

VIEWS = load(carried("mappings"), SAMPLE_BASE).views
SYSTEM = VIEWS.system
HERE, OTHER = "999900033", "999900011"
Tree = dict[str, Any]


def of(*codes: str) -> Tree:
    """What marks an element as being of these categories."""
    url = SYSTEM.replace("CodeSystem", "StructureDefinition")
    marks = [{"url": url, "valueCoding": {"system": SYSTEM, "code": code}} for code in codes]
    return {"extension": marks} if marks else {}


def plan(**elements: Any) -> Tree:
    return {
        "resourceType": "CarePlan", "id": "p", "meta": {"versionId": "3"}, "status": "active", "intent": "plan",
        "subject": {"reference": "Patient/x"}, **elements,
    }  # fmt: skip


def access(*permitted: str) -> Access:
    """Of one who may have these parts; the whole plan if that is all of them."""
    said: dict[str, Permit | Deny] = {
        name: Permit("consent", ("c",)) if name in permitted else Deny("denied", ("d",))
        for name in VIEWS.parts
    }
    whole = Permit("consent") if len(permitted) == len(VIEWS.parts) else Deny("denied", ("d",))
    return Access(HERE, {**said, VIEWS.whole: whole}, {"Organization/o": HERE, "Organization/other": OTHER})


def seen(resource: Tree, *permitted: str) -> Tree | None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    version = Version(resource["resourceType"], resource["id"], 3, "case", now, HERE, "s", resource)
    made = as_shown(version, access(*permitted), VIEWS)
    return made.body if made else None


def without_marks(resource: Tree | None) -> Tree | None:
    """The part without what says that it is one, which must be there."""
    if resource is None:
        return None
    meta = dict(resource["meta"])
    for place in ("security", "tag"):
        assert [m["code"] for m in meta.pop(place)] == ["SUBSETTED"]
    return {**resource, "meta": meta}


GOAL = {"display": "mål", **of("goals-and-wishes")}
MIND = {"display": "psyke", **of("mental-health")}
PROSE = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>psyke</div>"}


def test_who_may_have_everything_gets_the_plan_as_it_is() -> None:
    whole = plan(text=PROSE, goal=[GOAL, MIND, {"display": "uten"}])
    assert seen(whole, *VIEWS.parts) is whole


def test_a_denied_goal_goes_and_no_list_is_left_empty() -> None:
    assert without_marks(seen(plan(goal=[MIND, GOAL]), "goals-and-wishes")) == plan(goal=[GOAL])
    assert without_marks(seen(plan(goal=[MIND]), "goals-and-wishes")) == plan()


def test_an_element_without_a_category_is_only_for_who_may_have_every_part() -> None:
    everything_but_one = [name for name in VIEWS.parts if name != "mental-health"]
    made = without_marks(
        seen(plan(title="tittel", note=[{"text": "fritt"}], goal=[GOAL]), *everything_but_one)
    )
    assert made == plan(goal=[GOAL])


def test_a_narrative_does_not_go_with_a_part() -> None:
    assert without_marks(seen(plan(text=PROSE, goal=[MIND, GOAL]), "goals-and-wishes")) == plan(goal=[GOAL])


def test_an_element_of_two_categories_needs_both() -> None:
    both = {"display": "begge", **of("goals-and-wishes", "mental-health")}
    assert without_marks(seen(plan(goal=[both]), "goals-and-wishes")) == plan()
    assert without_marks(
        seen(plan(goal=[both, {"display": "-"}]), "goals-and-wishes", "mental-health")
    ) == plan(goal=[both])


def test_a_code_of_no_category_opens_nothing() -> None:
    assert without_marks(seen(plan(goal=[{"display": "?", **of("gossip")}]), "goals-and-wishes")) == plan()


def test_a_part_inside_an_element_is_kept_back_alone() -> None:
    note = {"text": "psyke", **of("mental-health")}
    detail = {"status": "in-progress", "description": "turer"}
    walk = {**of("measures-and-responsibility"), "progress": [note], "detail": detail}
    left = {**of("measures-and-responsibility"), "detail": detail}
    assert without_marks(seen(plan(activity=[walk]), "measures-and-responsibility")) == plan(activity=[left])


def test_what_cannot_be_without_the_denied_goes_with_it() -> None:
    """CarePlan.activity.detail.status is 1..1."""
    detail = {"status": "in-progress", "_status": of("mental-health"), "description": "turer"}
    walk = {**of("measures-and-responsibility"), "detail": detail, "progress": [{"text": "fint"}]}
    left = {**of("measures-and-responsibility"), "progress": [{"text": "fint"}]}
    assert without_marks(seen(plan(activity=[walk]), "measures-and-responsibility")) == plan(activity=[left])


def test_what_extends_a_primitive_marks_it() -> None:
    goal = {**GOAL, "_display": of("mental-health")}
    made = seen(plan(goal=[goal]), "goals-and-wishes")
    assert without_marks(made) == plan(goal=[of("goals-and-wishes")])
    many = plan(instantiatesUri=["urn:a", "urn:b"], _instantiatesUri=[of("mental-health"), of("housing")])
    assert without_marks(seen(many, "housing")) == plan(
        instantiatesUri=["urn:b"], _instantiatesUri=[of("housing")]
    )


def goal_resource(id_: str, text: str, *codes: str) -> Tree:
    return {
        "resourceType": "Goal", "id": id_, **of(*codes), "lifecycleStatus": "active",
        "description": {"text": text}, "subject": {"reference": "Patient/x"},
    }  # fmt: skip


def test_what_is_contained_goes_with_the_last_that_names_it() -> None:
    held = [goal_resource("g", "psyke"), goal_resource("h", "tur")]
    to = [{"reference": "#g", **of("mental-health")}, {"reference": "#h", **of("goals-and-wishes")}]
    made = without_marks(seen(plan(contained=held, goal=to), "goals-and-wishes"))
    assert made == plan(contained=held[1:], goal=to[1:])


def test_a_category_of_what_is_contained_is_that_of_whatever_names_it() -> None:
    held = [goal_resource("g", "psyke", "mental-health"), goal_resource("h", "tur", "goals-and-wishes")]
    detail = {"status": "in-progress", "goal": [{"reference": "#g"}, {"reference": "#h"}]}
    walk = {**of("measures-and-responsibility"), "detail": detail}
    whole = plan(contained=held, goal=[{"reference": "#g"}, {"reference": "#h"}], activity=[walk])
    left = {**walk, "detail": {**detail, "goal": [{"reference": "#h"}]}}
    made = without_marks(seen(whole, "goals-and-wishes", "measures-and-responsibility"))
    assert made == plan(contained=held[1:], goal=[{"reference": "#h"}], activity=[left])


def test_one_reference_with_a_category_keeps_back_each_to_the_same() -> None:
    walk = {
        **of("measures-and-responsibility"),
        "detail": {"status": "in-progress", "goal": [{"reference": "Goal/1"}]},
    }
    whole = plan(goal=[{"reference": "Goal/1", **of("mental-health")}], activity=[walk])
    made = without_marks(seen(whole, "measures-and-responsibility"))
    assert made == plan(activity=[{**walk, "detail": {"status": "in-progress"}}])


def test_a_complex_extension_has_the_category_that_is_nested_in_it() -> None:
    def need(text: str, code: str) -> Tree:
        return {
            "url": "urn:need",
            "extension": [{"url": "text", "valueString": text}, *of(code)["extension"]],
        }

    mind, want = need("psyke", "mental-health"), need("tur", "goals-and-wishes")
    assert without_marks(seen(plan(extension=[mind, want]), "goals-and-wishes")) == plan(extension=[want])


def test_a_plan_that_is_of_a_denied_category_is_not_shown_at_all() -> None:
    assert seen({**plan(goal=[GOAL]), **of("mental-health")}, "goals-and-wishes") is None


def test_of_a_team_a_recipient_of_a_part_sees_itself_and_who_coordinates() -> None:
    def member(number: str, role: str, system: str = "urn:oid:2.16.578.1.12.4.1.1.9034") -> Tree:
        who = {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": number}}
        return {"role": [{"coding": [{"system": system, "code": role}]}], "member": who}

    own, coordinator, clinic = member(HERE, "6"), member(OTHER, "8"), member(OTHER, "20")
    named = {**member(HERE, "6"), "member": {"reference": "Organization/o"}}
    school = {**member(OTHER, "6"), **of("school-and-education")}
    team: Tree = {
        "resourceType": "CareTeam",
        "id": "t",
        "meta": {},
        "participant": [own, coordinator, clinic, named, school],
    }
    made = without_marks(seen(team, "goals-and-wishes"))
    assert made == {**team, "participant": [own, coordinator, named]}
    assert without_marks(seen(team, "school-and-education")) == {
        **team,
        "participant": [own, coordinator, named, school],
    }


def test_of_a_person_a_part_shows_who_it_is_and_not_how_to_reach_it() -> None:
    person: Tree = {
        "resourceType": "Patient",
        "id": "x",
        "meta": {},
        "gender": "male",
        "telecom": [{"value": "1"}],
    }
    assert "telecom" not in (seen(person, "housing") or {"telecom": 1})
    assert seen(person, "identity-and-contact") is person


def test_each_element_is_told_with_what_became_of_it() -> None:
    held = [goal_resource("g", "psyke", "mental-health")]
    whole = plan(contained=held, goal=[{"reference": "#g"}, GOAL], title="tittel")
    told = {
        s.place: (s.outcome, s.because, s.consents)
        for s in elements_shown(whole, access("goals-and-wishes"), VIEWS)
    }
    assert told == {
        "CarePlan.contained[0]": ("withheld", "denied", ("d",)),
        "CarePlan.goal[0]": ("withheld", "denied", ("d",)),
        "CarePlan.goal[1]": ("sent", "consent", ("c",)),
        "CarePlan.title": ("withheld", "denied", ("d",)),
    }


CODES = sorted(VIEWS.parts)[:4]
MARKS = st.lists(st.sampled_from(CODES), max_size=2, unique=True)


@st.composite
def marked_plans(draw: st.DrawFn) -> tuple[Tree, dict[str, frozenset[str] | None]]:
    """A plan, and for each of its values the categories that it is of; None for one that only the whole plan shows."""
    of_value: dict[str, frozenset[str] | None] = {}

    def value(*above: list[str]) -> str:
        text = f"verdi{len(of_value):03d}"
        categories = frozenset(code for marks in above for code in marks)
        of_value[text] = categories if above[0] else None
        return text

    goals, activities, held = [], [], []
    for position in range(draw(st.integers(0, 3))):
        own, to = draw(MARKS), draw(MARKS)
        held.append(goal_resource(f"g{position}", value(own + to), *own))
        goals.append({"reference": f"#g{position}", **of(*to)})
    for _ in range(draw(st.integers(0, 3))):
        own, within, name = draw(MARKS), draw(MARKS), draw(MARKS)
        detail = {
            "status": "unknown",
            "description": value(own, name),
            **({"_description": of(*name)} if name else {}),
        }
        note = {"text": value(own, within), **of(*within)}
        activities.append({**of(*own), "progress": [note], "detail": detail})
    parts = {"contained": held, "goal": goals, "activity": activities, "title": value([])}
    return plan(**{name: items for name, items in parts.items() if items}), of_value


def empties(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict | list):
        yield from ([tree] if not tree else [])
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from empties(child)


@settings(max_examples=300, deadline=None)
@given(marked_plans(), st.sets(st.sampled_from(CODES)))
def test_exactly_what_is_permitted_is_seen(
    made: tuple[Tree, Mapping[str, frozenset[str] | None]], permitted: set[str]
) -> None:
    """A value is there if each of its categories is permitted, and not otherwise; what is left is valid FHIR."""
    whole, of_value = made
    before = json.dumps(whole)
    part = seen(whole, *permitted)
    assert part is not None
    text = json.dumps(part, ensure_ascii=False)
    for value, categories in of_value.items():
        assert (value in text) == (categories is not None and categories <= permitted), value
    assert check(part) == ()
    assert list(empties(part)) == []
    assert json.dumps(whole) == before
