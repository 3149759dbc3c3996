"""FHIR messages are opened as R4 messaging asks, and refused by name."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from fhir_message import ENVELOPE, EVENTS, LETTER, LIMITS, MESSAGE, UNIT, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.case import Resource
from adapter.domain.message import Party
from adapter.domain.problems import Refused
from adapter.wire.message import open_message, read_response, resolve
from adapter.wire.unreadable import Unreadable

HEADER = "Bundle.entry[0].resource"


def refused(message: Resource) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        opened(message)
    return caught.value


def changed(*path: Any, to: Any) -> Resource:
    message = copy.deepcopy(MESSAGE)
    node: Any = message
    for step in path[:-1]:
        node = node[step]
    if to is None:
        del node[path[-1]]
    else:
        node[path[-1]] = to
    return message


def header(*path: Any, to: Any) -> Resource:
    return changed("entry", 0, "resource", *path, to=to)


def test_the_head_is_read_from_the_bundle_and_its_organisations() -> None:
    """The sending unit is part of its hospital: HER-ids outermost first, the number of the legal entity."""
    envelope, bundle = opened(MESSAGE)
    assert bundle == MESSAGE
    assert (envelope.message_id, envelope.envelope_id) == (LETTER, ENVELOPE)
    assert (envelope.door, envelope.kind, envelope.payload) == ("fhir", "need-notified", "fhir")
    assert envelope.sender == Party("999900033", ("8900003", "8900031"), "Prøveby sykehus HF", "Habilitering")
    assert envelope.receiver == Party("999900022", (), "Testkommunen")
    assert envelope.generated == "2026-02-03T08:09:10+01:00"


def test_a_message_without_destination_is_addressed_to_nobody() -> None:
    assert opened(header("destination", to=None))[0].receiver == Party()


def test_a_resubmission_has_the_digest_of_the_first_message_and_new_content_has_another() -> None:
    first = opened(MESSAGE)[0].digest
    again = MESSAGE | {"id": LETTER, "timestamp": "2026-02-04T08:09:10+01:00", "meta": {"versionId": "2"}}
    again["identifier"] = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{LETTER}"}
    assert opened(again)[0].digest == first
    assert opened(changed("entry", 3, "resource", "priority", to="urgent"))[0].digest != first


@pytest.mark.parametrize(
    ("message", "findings", "addressable"),
    [
        ({"resourceType": "Patient"}, {("not-a-message", "Bundle")}, False),
        (MESSAGE | {"type": "batch"}, {("not-a-message", "Bundle")}, False),
        (MESSAGE | {"entry": MESSAGE["entry"][1:]}, {("not-a-message", "Bundle")}, False),
        (header("response", to={"identifier": "x", "code": "ok"}), {("not-a-message", HEADER)}, False),
        (header("id", to="42"), {("malformed-message-id", f"{HEADER}.id")}, False),
        (changed("id", to=None), {("malformed-message-id", "Bundle.id")}, True),
        (
            header("eventCoding", "system", to="urn:x"),
            {("unsupported-message-type", f"{HEADER}.eventCoding")},
            False,
        ),
        (
            header("eventCoding", "code", to="Ola N"),
            {("unsupported-message-type", f"{HEADER}.eventCoding")},
            False,
        ),
        (header("sender", to=None), {("missing-element", f"{HEADER}.sender")}, False),
        (
            header("sender", "reference", to="Organization/gone"),
            {("unresolved-reference", f"{HEADER}.sender.reference")},
            False,
        ),
        (
            header("destination", 0, "receiver", to={"reference": "Organization/gone"}),
            {("unresolved-reference", f"{HEADER}.destination[0].receiver.reference")},
            True,
        ),
        (
            changed("entry", 3, "resource", "status", to="bogus"),
            {("not-fhir", "Bundle.entry[3].resource.status")},
            True,
        ),
        (
            changed("entry", 2, "resource", "resourceType", to="Firm"),
            {("not-fhir", "Bundle.entry[2].resource.resourceType")},
            True,
        ),
    ],
)
def test_each_fault_is_named_with_its_place_and_is_answerable_when_the_head_could_be_read(
    message: Resource, findings: set[tuple[str, str]], addressable: bool
) -> None:
    unreadable = refused(message)
    assert {(f.problem, f.where) for f in unreadable.findings} == findings
    assert (unreadable.envelope is not None) == addressable


def test_references_resolve_by_full_url_and_by_type_and_id() -> None:
    assert resolve(MESSAGE, UNIT) == (1, MESSAGE["entry"][1]["resource"])
    for reference in (
        "ServiceRequest/need-1",
        "ServiceRequest/need-1/_history/2",
        MESSAGE["entry"][3]["fullUrl"],
    ):
        assert resolve(MESSAGE, reference) == (3, MESSAGE["entry"][3]["resource"])
    for reference in (
        "ServiceRequest/need-2",
        "need-1",
        "#need-1",
        "https://b.example/ServiceRequest/need-1",
        "",
    ):
        assert resolve(MESSAGE, reference) is None


ODD = st.sampled_from(
    [None, True, 0, "", "x", [], {}, [None], [{}], {"reference": "#x"}, {"resourceType": "Bundle"}]
)


def places_in(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in members:
        yield (*path, step)
        yield from places_in(child, (*path, step))


@settings(deadline=None)  # models are imported when first met
@given(st.data())
def test_no_mutation_of_a_message_does_more_than_refuse_it(data: st.DataObject) -> None:
    """Up to three places hold something else; what is refused never quotes the person's number."""
    message = copy.deepcopy(MESSAGE)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(list(places_in(message))))
        node: Any = message
        for step in parents:
            node = node[step]
        node[last] = copy.deepcopy(data.draw(ODD))
    try:
        opened(message)
    except Refused as refusal:
        said = str(refusal.findings)
        assert "21905297101" not in said


@settings(deadline=None)  # models are imported when first met
@given(st.binary(max_size=100))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        open_message(raw, **LIMITS, event_system=EVENTS)
    assert read_response(raw, LETTER) in ("nothing", "nonsense")
