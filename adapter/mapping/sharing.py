"""Reads mappings/consent.yaml: what may be shared on which ground. Unknown words are errors."""

import re
from collections.abc import Mapping
from typing import Any

from adapter.domain.consent import OBJECTIONS, Category, SharingByLaw
from adapter.mapping import yaml_text

_KNOWN = {"consent", "kinds", "because", "within", "labels", "resource", "parts", "law"}
_BASES = frozenset({"HPL25"})
"""Law that lets health personnel share what is needed for care, where the patient does not object (hpl §§ 25, 29)."""


def categories(text: str) -> dict[str, Category]:
    """The categories by name. Raises ValueError for what is not understood."""
    raw = yaml_text.read(text)["categories"]
    found = {name: _category(name, row) for name, row in raw.items()}
    for category in found.values():
        if category.within and category.within not in found:
            raise ValueError(f"{category.name}: within {category.within}, which is no category")
    return found


def _category(name: str, row: Mapping[str, Any]) -> Category:
    if unknown := set(row) - _KNOWN:
        raise ValueError(f"{name}: unknown keys {sorted(unknown)}")
    if row["consent"] not in ("required", "not-needed") or (row["consent"] == "required") != bool(
        row["kinds"]
    ):
        raise ValueError(f"{name}: consent is required, of some kinds, or not-needed")
    if not OBJECTIONS.isdisjoint(row["kinds"]):
        raise ValueError(f"{name}: an objection lets nothing pass")
    return Category(
        name=name,
        kinds=tuple(row["kinds"]),
        consent_needed=row["consent"] == "required",
        because=row["because"],
        within=row.get("within", ""),
        labels=frozenset(row.get("labels", ())),
        resource=row.get("resource", ""),
        parts=frozenset(row.get("parts", ())),
        law=_law(name, row["law"]) if "law" in row else None,
    )


def _law(name: str, row: Mapping[str, Any]) -> SharingByLaw:
    to = row["to"]
    if set(row) != {"basis", "to"} or row["basis"] not in _BASES:
        raise ValueError(f"{name}: law has a basis of {sorted(_BASES)}, and whom it lets have it")
    if not to or not all(isinstance(o, str) and re.fullmatch(r"\d{9}", o) for o in to):
        raise ValueError(f"{name}: law names organisations by number")
    return SharingByLaw(row["basis"], frozenset(to))
