"""Reads mappings/protection.yaml and refuses what it does not understand."""

import re
from dataclasses import fields

from adapter.domain.protection import Places
from adapter.mapping import yaml_text
from adapter.mapping.rows import CodeTable


def places(text: str, levels: CodeTable) -> Places:
    """What is a place. `levels` are those of the code table `protection`. Raises ValueError for what is none."""
    raw = yaml_text.read(text)
    names = {field.name for field in fields(Places)}
    if strange := set(raw) ^ {"version", "history", *names}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    if strange := set(raw["open"]) - set(levels.forward.values()):
        raise ValueError(f"no level {sorted(strange)} in protection.map.json")
    lists = {name: frozenset(raw[name]) for name in names if name != "phones"}
    return Places(**lists, phones=re.compile(raw["phones"]))
