"""Reads mappings/plan-content.yaml: what a plan must contain, by the facts of the table that reads plans."""

from collections.abc import Collection, Mapping

from adapter.domain.plan_content import ContentRules, Item
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable, ReadingTable

_LETTERS = frozenset("abcdefghij")
_KEYS = {"part", "fact", "place", "is", "each", "child"}


def content_rules(
    text: str, plan: ReadingTable, legal_status: CodeTable, roles: CodeTable, closing: CodeTable
) -> ContentRules:
    """The rules. Raises ValueError for a fact that is never read, a code nobody knows, or a letter without a rule."""
    raw = yaml_text.read(text)
    if raw["version"] not in raw["history"]:
        raise ValueError("the version has no line in history")
    items = tuple(_item(row) for row in raw["items"])
    rules = ContentRules(
        items,
        _team(raw["said-by-team"], roles),
        frozenset(raw["not-granted"]),
        frozenset(raw["carried-out"]),
        {event: frozenset(reasons) for event, reasons in raw["endings"].items()},
    )
    if missing := _LETTERS - {item.part for item in items}:
        raise ValueError(f"no item for {sorted(missing)}")
    measures = next(row.rows for row in plan.rows if row.fact == "measures")
    read = {row.fact for row in plan.rows} | set(rules.said_by_team)
    _require_read([i.fact for i in items if not i.each], read)
    _require_read([i.fact for i in items if i.each], {row.fact for row in measures})
    if unknown := rules.not_granted - set(legal_status.forward.values()):
        raise ValueError(f"no legal status {sorted(unknown)}")
    if strange := set[str]().union(*rules.endings.values()) - set(closing.forward.values()):
        raise ValueError(f"no reason for an end {sorted(strange)}")
    return rules


def _item(row: dict[str, str | bool]) -> Item:
    if strange := set(row) - _KEYS:
        raise ValueError(f"unknown keys {sorted(strange)}")
    part, fact, place, means = (str(row[key]) for key in ("part", "fact", "place", "is"))
    return Item(part, fact, place, means, each=bool(row.get("each")), child=bool(row.get("child")))


def _team(raw: Mapping[str, str | list[str]], roles: CodeTable) -> dict[str, frozenset[str] | None]:
    said = {fact: None if each == "any" else frozenset(each) for fact, each in raw.items()}
    if unknown := {role for each in said.values() for role in each or ()} - set(roles.forward.values()):
        raise ValueError(f"no roles {sorted(unknown)}")
    return said


def _require_read(facts: Collection[str], read: Collection[str]) -> None:
    if unread := set(facts) - set(read):
        raise ValueError(f"care-plan-update.yaml has no fact {sorted(unread)}")
