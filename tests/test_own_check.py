"""The quick check of what we write refuses all that the full check refuses: each element of each golden, spoiled."""

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cases import FIXTURES

from adapter.domain.case import Resource
from adapter.wire import json, own
from adapter.wire.fhir import check
from adapter.wire.own import check_own
from adapter.wire.warm import warm

LIMITS = {"max_bytes": 50_000_000, "max_depth": 100}
BAD: tuple[Any, ...] = (
    *(
        None,
        "",
        " ",
        "\t",
        "a b",
        " a",
        "a ",
        "a\x00",
        "a\ud800",
        "\udfffb",
        "\x1f",
        "\u00a0",
        "x" * 65,
        "æ/ø",
        "bogus",
        "a\nb",
    ),
    *(0, 1, -1, 1.5, True, False, [], {}, [{}], [None], ["x"], {"x": "y"}, {"url": "u"}, {"extension": []}),
    *("2026", "2026-13", "2026-02-30", "2026-02-28", "0000-01-01", "2026-2-3", "20260203", "2026-W01"),
    *("2026-02-28T10:00:00", "2026-02-28T10:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28T10:00Z"),
    *("2026-02-30T10:00:00Z", "2026-02-28T10:00:60Z", "2026-02-28T10:00:00.123456789Z"),
    *("2026-02-28T10:00:00+14:01", "2026-02-28 10:00:00Z", "2026-02-28T10:00:00+0100", "٢٠٢٦"),
    *("Patient/1", "Medication/1", "Patient/", "#x", "urn:uuid:1", "Device/1/_history/2"),
    *(
        {"reference": "Medication/1"},
        {"type": "Medication"},
        {"reference": 7},
        {"display": "x", "type": ["x"]},
    ),
)
EXTRA = {
    *(
        "for_fhir",
        "resource_type",
        "fhir_comments",
        "favourite",
        "_status",
        "_id",
        "contained",
        "text",
        "note",
    ),
    *(
        "valueString",
        "valueCode",
        "deceasedBoolean",
        "deceasedDateTime",
        "language",
        "implicitRules",
        "period",
    ),
}


def without_positions(place: str) -> str:
    return re.sub(r"\[\d+\]", "", place)


@cache
def kept() -> dict[str, Resource]:
    """A resource for each (type, element) that a golden holds."""
    found: dict[str, Resource] = {}
    for path in sorted(FIXTURES.rglob("out/end.json")):
        for case in json.loads(path.read_bytes(), **LIMITS).values():
            for resource in case["resources"]:
                for place, _, _ in members(resource, resource["resourceType"]):
                    found.setdefault(without_positions(place), resource)
    return found


def members(node: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Every member of every object and list below a node, with the place, the holder and the key."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in pairs:
        here = f"{place}[{key}]" if isinstance(node, list) else f"{place}.{key}"
        yield here, node, key
        yield from members(child, here)


def spoiled(place: str, resource: Resource) -> Iterator[Resource]:
    """The resource with one element replaced, left out, doubled, or with another beside it."""
    for change in (*range(len(BAD)), "gone", "doubled", "wrapped", *sorted(EXTRA)):
        broken = copy.deepcopy(resource)
        _, holder, key = next(
            m for m in members(broken, resource["resourceType"]) if without_positions(m[0]) == place
        )
        if isinstance(change, int):
            holder[key] = BAD[change]
        elif change == "gone":
            del holder[key]
        elif change == "wrapped":
            holder[key] = [holder[key]]
        elif change == "doubled" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif isinstance(holder, dict):
            holder[change] = "x" if change[:1] != "_" else {"extension": [{"url": "u", "valueString": "x"}]}
        yield broken


def test_goldens_hold_every_type_that_we_write() -> None:
    types = {place.partition(".")[0] for place in kept()}
    assert types >= {"Patient", "Organization", "Practitioner", "PractitionerRole", "HealthcareService"}
    assert types >= {"ServiceRequest", "Task", "CarePlan", "CareTeam", "Consent", "Provenance"}


def test_nothing_is_refused_that_a_golden_holds() -> None:
    """What is written today is sound for both checks."""
    for place, resource in kept().items():
        assert check_own(resource) == check(resource) == (), place


@pytest.mark.parametrize("place", sorted(kept()))
def test_what_the_full_check_refuses_is_refused(place: str) -> None:
    """Each element that a golden holds is spoiled in every way below; the full check is the measure."""
    for broken in spoiled(place, kept()[place]):
        if check(broken):
            assert check_own(broken), broken


@pytest.mark.parametrize("place", ["Task.status", "Patient.birthDate", "ServiceRequest.subject.reference"])
def test_both_name_the_same_place(place: str) -> None:
    """So that what is told of a fault of ours is what the full check would tell."""
    resource = copy.deepcopy(kept()[place])
    _, holder, key = next(m for m in members(resource, place.partition(".")[0]) if m[0] == place)
    holder[key] = "Medication/1"
    assert check_own(resource) == check(resource) != ()


def test_what_we_write_is_judged_without_the_full_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tables write has a rule of its own here: the slow way is for what a customer's table may add."""
    monkeypatch.setattr(own, "check", lambda _: pytest.fail("asked the full check"))
    golden = FIXTURES / "notify" / "xml-need-is-routed" / "out" / "end.json"
    for case in json.loads(golden.read_bytes(), **LIMITS).values():
        assert [check_own(resource) for resource in case["resources"]] == [()] * len(case["resources"])


@pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
@pytest.mark.parametrize("element", ["display", "reference", "type"])
def test_half_a_character_is_refused_wherever_it_stands(half: int, element: str) -> None:
    """No encoding can write it, so nobody could be sent it; both checks agree, and a whole one is text."""
    task = copy.deepcopy(kept()["Task.status"])
    task["for"] = {"reference": "Patient/1", "display": "x\U0001f600"}
    assert check_own(task) == check(task) == ()
    task["for"][element] = "Patient" + chr(half)
    assert check(task)
    assert check_own(task)


@pytest.mark.parametrize("extra", [{"multipleBirthInteger": 1}, {"contained": [{"resourceType": "Nope"}]}])
def test_what_has_no_rule_is_left_to_the_full_check(extra: Resource) -> None:
    patient = {"resourceType": "Patient", **extra}
    assert check_own(patient) == check(patient)


@pytest.mark.parametrize("name", [None, 7, "Nope", "HumanName"])
def test_an_unknown_type_is_a_finding(name: object) -> None:
    assert [fault.where for fault in check_own({"resourceType": name})] == ["resourceType"]


def test_the_samples_that_warm_up_are_sound() -> None:
    """It raises where one is not."""
    warm()
