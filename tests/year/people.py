"""The organisations of the year, their tables, and when each is away."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.day.letters import Organisation
from tests.day.run import HOSPITALS, UNITS

from .clock import BEGIN
from .post import Away

XML_HOSPITAL, XML_UNITS = HOSPITALS[1], UNITS[1::3]
"""Who reads Hodemelding; the others read FHIR."""
SECOND = HOSPITALS[1]
"""The hospital that takes part beside the first."""


def write_partners(folder: Path) -> Path:
    """The partner table of the year."""
    table = folder / "partners.yaml"
    table.write_text(yaml.safe_dump({"partners": [*_rows()]}), "utf-8")
    return table


def _rows() -> Iterator[dict[str, Any]]:
    for kind, organisations in (("hospital", HOSPITALS), ("municipality", UNITS)):
        for who in organisations:
            xml = who == XML_HOSPITAL or who in XML_UNITS
            yield {
                "organisation": who.number,
                "name": who.name,
                "kind": kind,
                "services": {who.her: who.name, who.unit: "Koordinerende enhet"},
                "served": kind == "municipality",
                "endpoint": f"https://{who.number}.example/{'edi' if xml else 'fhir'}",
                **({"channel": "edi"} if xml else {}),
            }
    yield {
        "organisation": "999900099",
        "name": "IP-ADAPTER (FIKTIV)",
        "kind": "adapter",
        "services": {"8900009": "IP-ADAPTER (FIKTIV)", "8900091": "Formidling av behov"},
        "served": True,
    }


def outages(chance: random.Random) -> dict[str, Away]:
    """Each partner is away a few times in the year, from hours to five days."""
    found: dict[str, Away] = {}
    for who in (*HOSPITALS, *UNITS):
        starts = sorted(BEGIN + timedelta(days=chance.uniform(5, 355)) for _ in range(4))
        found[who.number] = [(at, at + timedelta(hours=chance.choice((3, 12, 30, 120)))) for at in starts]
    return found


def organisation(number: str) -> Organisation:
    """By its number."""
    return next(o for o in (*HOSPITALS, *UNITS) if o.number == number)
