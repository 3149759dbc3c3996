"""Reads mappings/authority.yaml: who may consent for whom, and how relations to a person are written in FHIR."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from adapter.domain.authority import PATIENT, Ages, GiverRule
from adapter.domain.partners import Body
from adapter.mapping import yaml_text

ORGANISATION = "organisation"
"""The relation of an organisation: which one is told by its number, not by a code."""
_KEYS = frozenset(
    {"by", "because", "number", "ages", "incapable", "reasons", "mandate", "decided_by", "yields", "ask"}
)


@dataclass(frozen=True, slots=True)
class AuthorityRules:
    """`relations`: by code system and code, what somebody is to the person. `kinds`: the age at which a kind ends."""

    givers: Mapping[str, GiverRule]
    relations: Mapping[tuple[str, str], frozenset[str]]
    kinds: Mapping[str, int]


def authority_rules(text: str) -> AuthorityRules:
    """The whole file. Raises ValueError for a relation or a word that nobody knows."""
    raw = yaml_text.read(text)
    if unknown := set(raw) ^ {"givers", "relations", "kinds"}:
        raise ValueError(f"unknown or missing {sorted(unknown)}")
    known = {*raw["relations"], *get_args(Body), PATIENT, ORGANISATION}
    givers = {name: _giver(name, row, known) for name, row in raw["givers"].items()}
    return AuthorityRules(
        givers, _relations(raw["relations"]), {kind: int(row["age"]) for kind, row in raw["kinds"].items()}
    )


def _giver(name: str, row: Mapping[str, Any], known: set[str]) -> GiverRule:
    reasons, sphere = dict(row.get("reasons", {})), row.get("mandate", "")
    if strange := set(row) - _KEYS:
        raise ValueError(f"{name}: unknown {sorted(strange)}")
    if strange := {*row["by"], *row.get("decided_by", ()), *filter(None, reasons.values())} - known:
        raise ValueError(f"{name}: no relations {sorted(strange)}")
    if row.get("yields", "") not in ("", "care", "decided") or sphere not in ("", "any", "personal"):
        raise ValueError(f"{name}: yields to care or decided; a mandate is any or personal")
    return GiverRule(
        name=name,
        by=frozenset(row["by"]),
        because=row["because"],
        number=row.get("number", 1),
        ages=_ages(row.get("ages")),
        incapable=_ages(row.get("incapable")),
        reasons=reasons,
        mandate=bool(sphere),
        sphere="" if sphere == "any" else sphere,
        decided_by=frozenset(row.get("decided_by", ())),
        yields=row.get("yields", ""),
        ask=row.get("ask", PATIENT),
    )


def _ages(row: Mapping[str, int] | None) -> Ages | None:
    if row is None:
        return None
    if strange := set(row) - {"from", "below"}:
        raise ValueError(f"ages: unknown {sorted(strange)}")
    return Ages(row.get("from", 0), row.get("below"))


def _relations(raw: Mapping[str, Mapping[str, list[str]]]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for relation, systems in raw.items():
        for system, codes in systems.items():
            for code in codes:
                found[system, code] = found.get((system, code), frozenset()) | {relation}
    return found
