"""A consent to less than an organisation is for an address that is it, and otherwise for nobody."""

from pathlib import Path

import pytest
import yaml
from cases import FIXTURES

from adapter.domain.consent import Consent
from adapter.domain.partners import Partners
from adapter.domain.provision import Actor, Provision
from adapter.flows.consents import addressed, reaches_nobody
from adapter.flows.parts import Parts
from adapter.mapping import partners

TABLE = FIXTURES / "consent" / "one-service-all-messages-go-to" / "partners.yaml"
HOSPITAL, SECOND = "999900011", "999900033"
WHOLE = Actor(frozenset({HOSPITAL}), whole=True)
COORDINATING, ADMITTING = (Actor(frozenset({HOSPITAL}), her_id) for her_id in ("8900012", "8900011"))
PERSON, ANYBODY, FAMILY = Actor(frozenset({SECOND})), Actor(frozenset()), Actor(frozenset(), whole=True)


class Tables:
    """As much of the parts as this asks for."""

    def __init__(self, table: Partners) -> None:
        self.partners = table


@pytest.fixture
def parts() -> Parts:
    return Tables(partners.load(TABLE, synthetic=True))  # type: ignore[return-value]


def to(*actors: Actor, permits: bool = True, inner: tuple[Provision, ...] = ()) -> Consent:
    return Consent("one", "SHARING", "active", Provision(permits, frozenset(actors), exceptions=inner))


@pytest.mark.parametrize(
    ("consent", "nobody"),
    [
        (to(), False),
        (to(WHOLE), False),
        (to(COORDINATING), False),
        (to(ADMITTING), True),
        (to(COORDINATING, ADMITTING), True),
        (to(WHOLE, ADMITTING), False),
        (to(PERSON), True),
        (to(ANYBODY), True),
        (to(FAMILY), False),
        (to(ADMITTING, permits=False), False),
        (to(WHOLE, permits=False, inner=(Provision(permits=True, actors=frozenset({ADMITTING})),)), True),
        (Consent("one", "SHARING", "active", None), False),
    ],
)
def test_a_person_is_told_of_who_is_permitted_and_reached_by_nothing(
    consent: Consent, parts: Parts, *, nobody: bool
) -> None:
    """A denial of one service keeps its organisation from it, which is no nothing; relatives get nothing from here."""
    assert reaches_nobody(consent, parts) is nobody


def test_who_is_no_partner_has_no_address(parts: Parts) -> None:
    assert [addressed(number, parts).her_id for number in (HOSPITAL, SECOND, "999999999")] == [
        "8900012",
        "",
        "",
    ]


@pytest.mark.parametrize(("row", "address"), [(0, "8900031"), (0, "8900001"), (1, "8900022")])
def test_an_address_is_a_service_of_a_hospital(row: int, address: str, tmp_path: Path) -> None:
    """Not another's, not the organisation itself, and not of a municipality, whose units have their own."""
    table = yaml.safe_load(TABLE.read_text("utf-8"))
    table["partners"][row]["address"] = address
    file = tmp_path / "partners.yaml"
    file.write_text(yaml.safe_dump(table), "utf-8")
    with pytest.raises(
        ValueError,
        match=f"row {row + 1}: address is the HER-id of a service, of another partner than a municipality",
    ):
        partners.load(file, synthetic=True)
