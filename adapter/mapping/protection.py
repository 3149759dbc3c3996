"""Reads mappings/protection.yaml and refuses what it does not understand."""

import re
from dataclasses import fields
from typing import Any

from adapter.domain.protection import Places
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable

_PATTERNS = ("phones", "houses")
_BEGINNINGS = ("known", "told")


def places(text: str, levels: CodeTable) -> Places:
    """What is a place, and what may leave. `levels` are those of the code table `protection`.

    Raises ValueError for what is neither."""
    raw = yaml_text.read(text)
    names = {field.name for field in fields(Places)}
    if strange := set(raw) ^ {"version", "history", *names}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    if strange := set(raw["open"]) - set(levels.forward.values()):
        raise ValueError(f"no level {sorted(strange)} in protection.map.json")
    return Places(**{name: _made(name, raw[name]) for name in names})


def _made(name: str, said: Any) -> Any:
    if name in _PATTERNS:
        return re.compile(said)
    return tuple(said) if name in _BEGINNINGS else frozenset(said)
