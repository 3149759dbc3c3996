"""Which case a FHIR message goes on with: by what its Communication says in any of the ways it may, or by nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wire.conversation import named_by
from adapter.wire.parties import Entries

URN = "urn:uuid:A0000000-0000-4000-8000-000000000001"
ID = "a0000000-0000-4000-8000-000000000001"
HEADER = {"focus": [{"reference": "urn:uuid:note"}]}


def entries(**note: Any) -> Entries:
    resource = {"resourceType": "Communication", **note}
    return Entries({"entry": [{"fullUrl": "urn:uuid:note", "resource": resource}]})


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ({"reference": "Task/1-2"}, "1-2"),
        ({"reference": "https://ip-adapter.example/fhir/Task/1-2/_history/4"}, "1-2"),
        ({"identifier": {"system": "urn:ietf:rfc:3986", "value": URN}}, ID),
        ({"identifier": {"system": "urn:oid:1", "value": URN}, "reference": "Task/1-2"}, "1-2"),
        ({"display": "saken"}, ""),
    ],
)
def test_a_case_is_named_by_an_identifier_or_by_an_id_of_ours(reference: dict[str, Any], name: str) -> None:
    assert named_by(entries(about=[reference]), HEADER) == ("", name)
    assert named_by(entries(inResponseTo=[reference]), HEADER) == (name, "")


def test_what_is_no_communication_names_nothing() -> None:
    """A need is not about a case, and a focus that is not there is about nothing."""
    held = entries(resourceType="ServiceRequest", about=[{"reference": "Task/1"}])
    assert named_by(held, HEADER) == ("", "")
    assert named_by(
        entries(about=[{"reference": "Task/1"}]), {"focus": [{"reference": "urn:uuid:other"}]}
    ) == ("", "")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["reference", "identifier", "system", "value", "x"]), inside, max_size=3
        )
    ),
    max_leaves=12,
)


@given(ANY, ANY, ANY)
def test_whatever_stands_there_is_text_or_nothing(about: Any, answers: Any, focus: Any) -> None:
    """It is looked at before the message is known to be FHIR."""
    for header in (HEADER, {"focus": focus}):
        assert all(
            isinstance(name, str) for name in named_by(entries(about=about, inResponseTo=answers), header)
        )
