"""Reads mappings/decisions.yaml: outcomes, reasons for refusal, legal bases and the rules of complaint."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from adapter.domain.decision import Dated, DecisionRules, LegalBasis, Track
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable

_PARTS = {"version", "history", "outcomes", "refusals", "tracks", "bases", "complainants"}
_CODES = {
    "outcomes": "task-outcome",
    "refusals": "refusal-reason",
    "bases": "legal-basis",
    "complainants": "complainant",
}
"""The code list that each part has a row for each code of."""


def decision_rules(text: str, codes: Mapping[str, CodeTable]) -> DecisionRules:
    """The whole file. Raises ValueError for a code without a row, a row without a code, or a track nobody knows."""
    raw = yaml_text.read(text)
    if strange := set(raw) ^ _PARTS:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    if raw["version"] not in raw["history"]:
        raise ValueError("the version has no line in history")
    for part, name in _CODES.items():
        if strange := set(raw[part]) ^ set(codes[f"{name}.map"].forward.values()):
            raise ValueError(f"{part}: not the codes of {name}.map.json: {sorted(strange)}")
    tracks = {name: Track(name=name, **row) for name, row in raw["tracks"].items()}
    return DecisionRules(
        outcomes=raw["outcomes"],
        refusals={code: _dated(code, row, ()) for code, row in raw["refusals"].items()},
        bases={code: _basis(code, row, tracks) for code, row in raw["bases"].items()},
        proxies=frozenset(code for code, row in raw["complainants"].items() if row.get("authority")),
    )


def _basis(code: str, row: Mapping[str, Any], tracks: Mapping[str, Track]) -> LegalBasis:
    if row.get("track") not in tracks:
        raise ValueError(f"{code}: no such track")
    return LegalBasis(tracks[row["track"]], _dated(code, row, ("track",)))


def _dated(code: str, row: Mapping[str, Any], others: Collection[str]) -> Dated:
    if strange := set(row) - {"from", "until", *others}:
        raise ValueError(f"{code}: unknown {sorted(strange)}")
    return Dated(_day(row.get("from")), _day(row.get("until")))


def _day(given: str | date | None) -> date | None:
    """YAML reads a whole date as one, unless it is told not to."""
    return date.fromisoformat(given) if isinstance(given, str) else given
