"""Reads the partner table and refuses what cannot be right."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from stdnum.no import orgnr

from adapter.domain.delivery import Channel
from adapter.domain.partners import Body, Form, Kind, Language, Partner, Partners
from adapter.mapping import yaml_text

_KEYS = frozenset(field.name for field in fields(Partner))
_CHOICES = {
    "kind": get_args(Kind),
    "channel": get_args(Channel),
    "form": get_args(Form),
    "language": get_args(Language),
}
_SYNTHETIC = "9999"


def load(path: Path, *, synthetic: bool) -> Partners:
    """The partner table of a file.

    Organisation numbers must have a right check digit; numbers that begin with 9999 are samples and are taken only
    where `synthetic` is true. Raises ValueError naming the row (by position) and what is wrong.
    """
    table = yaml_text.read(path.read_text(encoding="utf-8"))
    partners = [
        _partner(row, f"{path.name}: row {position}", synthetic)
        for position, row in enumerate(table["partners"], 1)
    ]
    by_organisation = {p.organisation: p for p in partners}
    by_her_id = {her_id: p for p in partners for her_id in p.services}
    if len(by_organisation) != len(partners) or len(by_her_id) != sum(len(p.services) for p in partners):
        raise ValueError(f"{path.name}: an organisation or a HER-id stands twice")
    if sum(p.kind == "adapter" for p in partners) != 1:
        raise ValueError(f"{path.name}: exactly one row has kind adapter")
    if any(p.channel != "fhir" for p in partners):
        home = next(p for p in partners if p.kind == "adapter")
        if not home.service_her_ids:
            raise ValueError(f"{path.name}: the adapter needs the HER-id of a service to send XML from")
    bodies = _bodies(table.get("bodies", {}), path.name, synthetic)
    for partner in partners:
        if partner.kind in get_args(Body):  # a service of child welfare is one, in whichever row it stands
            known = bodies.get(partner.organisation, frozenset())
            bodies[partner.organisation] = known | {partner.kind}
    return Partners(by_organisation, by_her_id, bodies)


def _partner(row: Mapping[str, Any], where: str, synthetic: bool) -> Partner:
    if unknown := set(row) - _KEYS:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    number = _number(row["organisation"], where, synthetic)
    if "kind" not in row:
        raise ValueError(f"{where}: kind must be stated")
    services = {str(her_id): str(name) for her_id, name in row["services"].items()}
    for key, known in _CHOICES.items():
        if row.get(key, known[0]) not in known:
            raise ValueError(f"{where}: {key} is one of {', '.join(known)}")
    if not isinstance(row.get("receipts", True), bool):
        raise ValueError(f"{where}: receipts is true or false")
    own = {
        "organisation": number,
        "services": services,
        "endpoint": row.get("endpoint"),
        "address": str(row.get("address", "")),
    }
    partner = Partner(**{**row, **own})
    _require_way(partner, where)
    _require_address(partner, where)
    return partner


def _number(said: object, where: str, synthetic: bool) -> str:
    number = str(said)
    if number.startswith(_SYNTHETIC) and not synthetic:
        raise ValueError(f"{where}: a sample organisation in production")
    if not (number.startswith(_SYNTHETIC) and len(number) == 9 and number.isdigit()) and not orgnr.is_valid(
        number
    ):
        raise ValueError(f"{where}: wrong check digit of the organisation number")
    return number


def _bodies(raw: Mapping[str, Sequence[object]], where: str, synthetic: bool) -> dict[str, frozenset[str]]:
    """What organisations are by law, by their numbers."""
    if unknown := set(raw) - set(get_args(Body)):
        raise ValueError(f"{where}: no bodies {sorted(unknown)}")
    found: dict[str, frozenset[str]] = {}
    for body, numbers in raw.items():
        for position, said in enumerate(numbers, 1):
            number = _number(said, f"{where}: {body} {position}", synthetic)
            found[number] = found.get(number, frozenset()) | {body}
    return found


def _require_address(partner: Partner, where: str) -> None:
    """Of a municipality each unit has an address of its own, in the table of coordinating units."""
    has_its_own = partner.kind not in ("municipality", "adapter")
    if partner.address and not (has_its_own and partner.address in partner.service_her_ids):
        raise ValueError(
            f"{where}: address is the HER-id of a service, of another partner than a municipality"
        )


def _require_way(partner: Partner, where: str) -> None:
    """XML goes to a service, by its HER-id: over HTTPS to an address of its own, or by the message service's."""
    if partner.channel == "fhir":
        return
    if not partner.service_her_ids:
        raise ValueError(f"{where}: channel {partner.channel} needs the HER-id of a service")
    if (partner.channel == "edi") != (partner.endpoint is not None):
        needs = (
            "needs an endpoint"
            if partner.channel == "edi"
            else "has no endpoint: the message service is a setting"
        )
        raise ValueError(f"{where}: channel {partner.channel} {needs}")
