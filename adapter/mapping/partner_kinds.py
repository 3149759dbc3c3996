"""Reads mappings/partner-kinds.yaml: what each kind of partner may do. Unknown and missing words are errors."""

from collections.abc import Mapping
from typing import Any, get_args

from adapter.domain.consent import Category
from adapter.domain.partners import Kind, KindRule, Partners
from adapter.mapping import yaml_text

_KEYS = {"reports", "health", "because"}


def kind_rules(text: str) -> dict[str, KindRule]:
    """The rule of every kind that there is. Raises ValueError for what is missing or not understood."""
    raw = yaml_text.read(text)
    if set(raw) != {"kinds"}:
        raise ValueError("the table has kinds, and nothing else")
    if amiss := set(raw["kinds"]) ^ set(get_args(Kind)):
        raise ValueError(f"unknown or missing kinds {sorted(amiss)}")
    return {kind: _rule(kind, row) for kind, row in raw["kinds"].items()}


def _rule(kind: str, row: Mapping[str, Any]) -> KindRule:
    if amiss := set(row) ^ _KEYS:
        raise ValueError(f"{kind}: unknown or missing keys {sorted(amiss)}")
    if not isinstance(row["reports"], bool) or not isinstance(row["health"], bool):
        raise ValueError(f"{kind}: reports and health are true or false")
    if not row["because"]:
        raise ValueError(f"{kind}: says no reason")
    return KindRule(reports=row["reports"], health=row["health"], because=row["because"])


def require_health_personnel(
    rules: Mapping[str, KindRule], partners: Partners, categories: Mapping[str, Category]
) -> None:
    """Law lets health personnel share without consent, and nobody else (hpl § 25; R-049). Raises ValueError naming the
    category in which a partner of another kind stands.
    """
    others = {p.organisation for p in partners.by_organisation.values() if not rules[p.kind].health}
    for category in categories.values():
        if category.law and not others.isdisjoint(category.law.recipients):
            raise ValueError(f"consent.yaml: {category.name}: law names a partner that is no health service")
