"""A plan without what is denied is the plan as it would be had that never been written, marked as a part of it.

Each element of a plan and of a team is labelled in turn and taken out by the view; beside it stands the same resource
from which a hand that knows nothing of labels has taken the element. Both are the same bytes.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_plan_view import SYSTEM, VIEWS, of, plan, seen, without_marks

from adapter.wire.fhir import check

Tree = dict[str, Any]
Path = tuple[str | int, ...]
REST = "goals-and-wishes"
DENIED = "mental-health"
_STANDS = ("resourceType", "id", "meta", "status", "intent", "subject", "lifecycleStatus")
"""What a resource is not without, or what labels themselves stand in."""
_URL = SYSTEM.replace("CodeSystem", "StructureDefinition")


def _does(name: str) -> Tree:
    return {"reference": f"Practitioner/{name}", "display": name}


def _own(name: str, **value: Any) -> Tree:
    return {"url": f"https://ip-adapter.example/fhir/StructureDefinition/{name}", **value}


PLAN = plan(
    contained=[
        {"resourceType": "Practitioner", "id": "lege", "name": [{"family": "L", "given": ["A", "B"]}]},
        {
            "resourceType": "PractitionerRole",
            "id": "rolle",
            "practitioner": {"reference": "#lege"},
            "telecom": [{"system": "phone", "value": "90000017"}],
        },
        {
            "resourceType": "Goal",
            "id": "ro",
            "lifecycleStatus": "active",
            "description": {"text": "ro"},
            "subject": {"reference": "Patient/x"},
            "target": [{"dueDate": "2026-12-01"}, {"detailString": "ro"}],
        },
    ],
    identifier=[{"system": "urn:x", "value": "1"}, {"system": "urn:y", "value": "2"}],
    title="Plan",
    extension=[
        {**_own("plan-need"), "extension": [{"url": "text", "valueString": "ro"}, of(REST)["extension"][0]]},
        _own("next-revision", valueDate="2026-09-10"),
    ],
    goal=[{"reference": "#ro", **of(REST)}, {"display": "bo", **of(REST)}],
    addresses=[{"display": "a", **of(REST)}, {"display": "b", **of(REST)}],
    contributor=[{"reference": "#rolle", **of(REST)}, {**_does("m"), **of(REST)}],
    note=[{"text": "n", "authorString": "x", "time": "2026-03-01", **of(REST)}],
    activity=[
        {
            **of(REST),
            "detail": {
                "status": "in-progress",
                "description": "går",
                "code": {"text": "gang", "coding": [{"system": "urn:z", "code": "1", "display": "gang"}]},
                "performer": [_does("p"), _does("q")],
                "scheduledTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-01", "end": "2026-04-01"}}},
                "goal": [{"display": "bo"}],
            },
            "progress": [{"text": "bra"}, {"text": "bedre"}],
            "outcomeReference": [{"display": "gikk"}],
        },
        {**of(REST), "reference": {"reference": "ServiceRequest/s"}},
    ],
)
TEAM = {
    "resourceType": "CareTeam", "id": "t", "meta": {"versionId": "3"}, "status": "active",
    "subject": {"reference": "Patient/x"},
    "contained": [{"resourceType": "Practitioner", "id": "lege", "name": [{"family": "L"}]}],
    "category": [{"coding": [{"system": "urn:z", "code": "t"}], "text": "team"}],
    "participant": [
        {**of(REST), "role": [{"text": "r"}], "member": {"reference": "#lege"}, "period": {"end": "2027"}},
        {**of(REST), "role": [{"text": "u"}], "member": _does("q"), "onBehalfOf": {"reference": "Organization/z"}},
    ],
    "note": [{"text": "n", **of(REST)}],
}  # fmt: skip


def _places(tree: Any, path: Path = ()) -> Iterator[Path]:
    """Each element of a resource, at every depth, but those it cannot be without and the labels."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name not in _STANDS and not name.startswith("_") and value != of(REST)["extension"]:
                yield from _places(value, (*path, name))
                yield from [] if isinstance(value, list) else [(*path, name)]
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            if not isinstance(value, dict) or value.get("url") != _URL:
                yield from _places(value, (*path, number))
                yield (*path, number)


CASES = [(kind, p) for kind, whole in (("CarePlan", PLAN), ("CareTeam", TEAM)) for p in _places(whole)]


def _name(case: tuple[str, Path]) -> str:
    return ".".join(map(str, (case[0], *case[1])))


@pytest.mark.parametrize("case", [c for c in CASES if c[1][-1] not in ("url", "system")], ids=_name)
def test_an_element_that_is_denied_leaves_what_would_be_there_without_it(case: tuple[str, Path]) -> None:
    kind, path = case
    whole = PLAN if kind == "CarePlan" else TEAM
    permitted = [part for part in VIEWS.parts if part != DENIED]
    without = seen(_taken_out(whole, path), *permitted)
    assert json.dumps(without_marks(seen(_labelled(whole, path), *permitted))) == json.dumps(
        without_marks(without) if "tag" in (without or {}).get("meta", {}) else without
    )


def test_there_are_many_elements() -> None:
    """Or the walk has missed them."""
    assert len(CASES) > 100


def test_who_is_denied_is_named_by_no_name_of_the_same_words_and_half_of_a_name_goes_for_nobody() -> None:
    kari = {"given": ["Kari", "Mo"], "family": "Lie"}
    held = {"resourceType": "Practitioner", "id": "k", "gender": "female", "name": [kari]}
    whole = plan(contained=[held], contributor=[{"reference": "#k", **of("housing")}])
    nameless = {name: value for name, value in held.items() if name != "name"}
    for words, left in (("kari mo  lie", nameless), ("Kari", held), ("Lie", held)):
        made = seen({**whole, "addresses": [{"display": words, **of("mental-health")}]}, "housing") or {}
        assert made["contained"] == [left]


def test_a_label_on_whom_the_plan_is_of_takes_nobodys_name() -> None:
    held = {"resourceType": "RelatedPerson", "id": "k", "patient": {"reference": "Patient/x"}}
    named: Tree = {**held, "name": [{"given": ["Ola"], "family": "Lie"}]}
    author = {"reference": "Patient/x", "display": "Ola Lie", **of("mental-health")}
    whole = plan(contained=[named], contributor=[author, {"reference": "#k", **of("housing")}])
    assert (seen(whole, "housing") or {})["contained"] == [named]


def _labelled(whole: Tree, path: Path) -> Tree:
    """The resource with a label of what is denied on an element, whatever label was there."""
    made = copy.deepcopy(whole)
    around, last = _at(made, path[:-1]), path[-1]
    if isinstance(around[last], dict):
        inner = [e for e in around[last].get("extension", ()) if e.get("url") != _URL]
        around[last]["extension"] = [*inner, *of(DENIED)["extension"]]
    elif isinstance(around, dict):
        around[f"_{last}"] = of(DENIED)
    else:
        holder = _at(made, path[:-2])
        holder[f"_{path[-2]}"] = [of(DENIED) if n == last else None for n in range(len(around))]
    return made


def _taken_out(whole: Tree, path: Path) -> Tree:
    """The resource without an element, wherever it is named by the same words, and without what is nothing then: what
    FHIR demands more of, what is empty, what refers to nothing and what nothing refers to."""
    made = copy.deepcopy(whole)
    before, words = _references(made), _words(_at(made, path))
    del _at(made, path[:-1])[path[-1]]
    while path and (check(made) or _is_nothing(_at(made, path[:-1]))):
        path = path[:-1]
        made = copy.deepcopy(whole)
        del _at(made, path[:-1])[path[-1]]
    for place in list(_places(made)):
        if words and _words(_at(made, place)) == words:
            return _tidied(_taken_out(made, place), before)
    return _tidied(made, before)


def _words(value: Any) -> str:
    """By which a reference names."""
    return str(value.get("display", "")) if isinstance(value, dict) and "system" not in value else ""


def _is_nothing(left: Any) -> bool:
    """Empty, an extension that says nothing (FHIR's invariant ext-1), or one who takes part and is nobody."""
    of_nobody = isinstance(left, dict) and "role" in left and "member" not in left
    return not left or of_nobody or (isinstance(left, dict) and list(left) == ["url"])


def _tidied(made: Tree, before: set[str]) -> Tree:
    held = {f"#{c['id']}" for c in made.get("contained", ())}
    for place in list(_places(made)):
        value = _at(made, place)
        named = value.get("reference", "") if isinstance(value, dict) else ""
        if str(named).startswith("#") and named not in held:
            return _tidied(_taken_out(made, place), before)
    for number, one in enumerate(made.get("contained", ())):
        if f"#{one['id']}" in before - _references(made):
            return _tidied(_taken_out(made, ("contained", number)), before)
    return made


def _references(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        named = {str(value) for name, value in tree.items() if name == "reference"}
        return named.union(*map(_references, tree.values()))
    return set().union(*map(_references, tree)) if isinstance(tree, list) else set()


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree
