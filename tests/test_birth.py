"""When somebody was born is read in one way, from what is stated or from the identity number."""

from datetime import date
from typing import Any

import pytest

from adapter.flows.birth import born_of

FNR, DNR, OTHER = (f"urn:oid:2.16.578.1.12.4.1.4.{n}" for n in (1, 2, 101))
MOTHER = "12848510058"  # synthetic: born on 12 April 1985


@pytest.mark.parametrize(
    ("person", "born"),
    [
        ({"birthDate": "1985-04-12"}, date(1985, 4, 12)),
        ({"identifier": [{"system": FNR, "value": MOTHER}]}, date(1985, 4, 12)),
        ({"birthDate": "1985", "identifier": [{"system": FNR, "value": MOTHER}]}, date(1985, 4, 12)),
        (
            {"identifier": [{"system": OTHER, "value": "1"}, {"system": FNR, "value": MOTHER}]},
            date(1985, 4, 12),
        ),
        ({"identifier": [{"system": DNR, "value": "52848510058"}]}, None),  # the check digits are wrong
        ({"identifier": [{"system": OTHER, "value": MOTHER}]}, None),
        ({"identifier": [{"value": MOTHER}]}, None),
        ({"birthDate": "1985-04"}, None),
        ({}, None),
    ],
)
def test_a_birth_date_is_stated_or_borne_out_by_an_identity_number(
    person: dict[str, Any], born: date | None
) -> None:
    """To the day, and by nothing else that happens to have eleven digits."""
    assert born_of(person) == born
