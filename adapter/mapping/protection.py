"""Reads mappings/protection.yaml and refuses what it does not understand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from adapter.domain.protection import Places
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable

_PATTERNS = ("phones", "houses", "languages")
_FROM_TABLES = "coded"


def places(text: str, tables: Iterable[CodeTable], kinds_of_information: Iterable[str]) -> Places:
    """What is a place, and what may leave. `tables` are the code tables: their codes are known.

    Raises ValueError for what is neither."""
    raw = yaml_text.read(text)
    names = {field.name for field in fields(Places)} - {_FROM_TABLES}
    if strange := set(raw) ^ {"version", "history", *names}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    codes = _codes(raw, tables, kinds_of_information)
    levels = codes.get(f"{raw['own']}CodeSystem/address-protection", set())
    if strange := set(raw["open"]) - levels:
        raise ValueError(f"no level {sorted(strange)} in protection.map.json")
    made = {name: _made(name, raw[name]) for name in names}
    own = frozenset(f"{system}|{code}" for system, there in codes.items() for code in there)
    return Places(**{**made, "codes": own, _FROM_TABLES: frozenset[str]().union(*codes.values())})


def _codes(
    raw: Mapping[str, Any], tables: Iterable[CodeTable], kinds_of_information: Iterable[str]
) -> dict[str, set[str]]:
    """All codes that stand in a table, by system."""
    found = {system: set(codes) for system, codes in raw["codes"].items()}
    found.setdefault(f"{raw['own']}CodeSystem/information-category", set()).update(kinds_of_information)
    for table in tables:
        found.setdefault(table.source, set()).update(table.forward)
        found.setdefault(table.target, set()).update(table.forward.values())
    return found


def _made(name: str, said: Any) -> Any:
    if name in _PATTERNS:
        return re.compile(said)
    if name == "known":
        return tuple(said)
    return said if name == "own" else frozenset(said)
