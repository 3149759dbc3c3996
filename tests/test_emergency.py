"""A token that claims an emergency is known by what it says that the access is for, and opens nothing."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from api_client import open_database
from cases import FIXTURES
from test_identity import Issuer, token

from adapter.domain.message import Caller
from adapter.flows.read import read_resource
from adapter.outside.purposes import purposes
from adapter.replay import open_stage

CODE = {"code": "BTG", "system": "urn:oid:2.16.840.1.113883.1.11.20448"}
NUMBER = "21905297101"


@pytest.mark.parametrize(
    "claims",
    [
        {"purpose_of_use": "BTG"},
        {"purpose_of_use": ["TREAT", "BTG"]},
        {"extensions": {"ihe_iua": {"purpose_of_use": [CODE]}}},
        {"care-relationship": {"purpose-of-use": CODE}},
        {"authorization_details": [{"type": "one"}, {"care_relationship": {"purpose_of_use": CODE}}]},
    ],
    ids=["code", "codes", "iua", "tillitsrammeverk", "authorization-details"],
)
def test_an_emergency_is_known_wherever_the_token_says_it(claims: dict[str, Any]) -> None:
    caller = Issuer().identity().caller(f"Bearer {token(**claims)}")
    assert caller.emergencies == {"BTG"}


@pytest.mark.parametrize(
    "claims",
    [
        {"purpose_of_use": "TREAT"},
        {"purpose": "BTG"},
        {"purpose_of_use": {"text": "BTG"}},
        {"purpose_of_use": [None, 4, ["BTG"]]},
    ],
    ids=["treatment", "of-another-name", "words", "nonsense"],
)
def test_what_is_no_code_of_an_emergency_claims_none(claims: dict[str, Any]) -> None:
    assert not Issuer().identity().caller(f"Bearer {token(**claims)}").emergencies


def test_claims_within_claims_are_looked_through_to_an_end() -> None:
    """However deep somebody nests them."""
    nested: Any = {"purpose_of_use": "BTG"}
    for _ in range(2000):
        nested = [nested]
    assert list(purposes({"deep": nested})) == []


def test_an_attempt_names_no_id_that_only_the_caller_knows(tmp_path: Path) -> None:
    """What stands in the audit of a resource that there is not is its type: an id may be anybody's number."""
    store = open_database(tmp_path)
    parts = open_stage(FIXTURES / "follow" / "whole-way", store).parts
    caller = Caller("999900033", frozenset(), frozenset({"BTG"}))
    assert read_resource(caller, "Patient", NUMBER, None, parts).status == 403
    store.close()
    (file,) = tmp_path.glob("*.db")
    with sqlite3.connect(file) as rows:
        written = "".join(str(row) for row in rows.execute("SELECT * FROM audit"))
    assert "emergency-refused" in written
    assert NUMBER not in written
