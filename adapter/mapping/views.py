"""Reads mappings/view.yaml and refuses what it does not understand."""

from collections.abc import Collection, Mapping

from adapter.domain.consent import Category
from adapter.domain.view import Frame, Views
from adapter.mapping import yaml_text


def views(text: str, categories: Mapping[str, Category], codes: Collection[str]) -> Views:
    """What is shown of a plan. `categories` are those of consent.yaml, `codes` of the code system they stand in.

    Raises ValueError where the three do not agree.
    """
    raw = yaml_text.read(text)
    if strange := set(raw) ^ {"version", "history", "whole", "system", "frames", "coordinators"}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    whole = categories[raw["whole"]]
    # What is a resource of its own is sent beside the whole, and is no part of it.
    parts = {name: c for name, c in categories.items() if c.within == whole.name and not c.resource}
    if odd := sorted(n for n, c in parts.items() if (c.kinds, c.consent_needed) != (whole.kinds, True)):
        raise ValueError(f"{odd}: a part is let pass by the consents that let the whole of it pass")
    needed = {name for name, c in categories.items() if c.consent_needed}
    if strange := needed ^ set(codes):
        raise ValueError(f"{sorted(strange)}: not both in consent.yaml and in information-category.json")
    return Views(
        whole=whole.name,
        parts=parts,
        system=raw["system"],
        frames={kind: _frame(row, {*parts, whole.name}) for kind, row in raw["frames"].items()},
        coordinators=frozenset((row["system"], row["code"]) for row in raw["coordinators"]),
    )


def _frame(row: Mapping[str, object], categories: Collection[str]) -> Frame:
    if strange := set(row) ^ {"always", "extensions", "rest"}:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    always, extensions, rest = row["always"], row["extensions"], row["rest"]
    if not isinstance(always, list) or not isinstance(extensions, list) or rest not in categories:
        raise ValueError("a frame has two lists, and the category of the rest")
    return Frame(frozenset(always), frozenset(extensions), str(rest))
