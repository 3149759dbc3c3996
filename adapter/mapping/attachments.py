"""Reads mappings/attachments.yaml and refuses what it does not understand."""

from collections.abc import Mapping
from typing import Any

from adapter.domain.attachments import AttachmentRules, MediaType
from adapter.mapping import yaml_text


def attachment_rules(text: str) -> AttachmentRules:
    """The rules of the file. Raises ValueError for what is none."""
    raw = yaml_text.read(text)
    if strange := set(raw) ^ {"version", "history", "largest", "most", "types"}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    types = tuple(_media_type(row) for row in raw["types"])
    if min(raw["largest"], raw["most"]) < 0 or len({t.name for t in types}) != len(types):
        raise ValueError("a type that stands twice, or a number below nought")
    return AttachmentRules(types, raw["largest"], raw["most"])


def _media_type(row: Mapping[str, Any]) -> MediaType:
    if strange := set(row) - {"type", "begins", "also", "words"}:
        raise ValueError(f"unknown keys {sorted(strange)}")
    begins = tuple(bytes.fromhex(str(b)) for b in row.get("begins", ()))
    words = row.get("words", False)
    if bool(begins) == words or b"" in begins:
        raise ValueError(f"{row['type']}: either how it begins, or that it is words")
    return MediaType(row["type"], begins, frozenset(row.get("also", ())), words)
