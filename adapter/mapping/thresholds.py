"""Reads mappings/thresholds.yaml and refuses what it does not understand."""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from adapter.domain.counting import Length
from adapter.domain.standing import KINDS, Lateness, Threshold, Thresholds
from adapter.mapping import yaml_text

_BY_THE_CLOCK = re.compile(r"PT([0-9]{1,3})H|P([1-9][0-9]{0,2})D", re.ASCII)
_WORKING_DAYS = re.compile(r"P([1-9][0-9]?)B", re.ASCII)
_NEVER = "never"
_OF_LATE = {"out", "in", "not-there", "because"}
_OF_A_KIND = {"alarm-after", "because"}


def thresholds(text: str, outcomes: Collection[str]) -> Thresholds:
    """The table of a text. `outcomes` are the reasons that answers.csv knows. Raises ValueError or yaml.YAMLError."""
    raw = yaml_text.read(text)
    _require(raw, {"version", "history", "late", "waiting"}, "the table")
    _require(raw["late"], _OF_LATE, "late")
    _require(raw["waiting"], set(KINDS), "waiting")
    for kind, row in raw["waiting"].items():
        _require(row, _OF_A_KIND, kind)
    late = raw["late"]
    if strange := set(late["not-there"]) - set(outcomes):
        raise ValueError(f"late: answers.csv concludes nothing called {sorted(strange)}")
    return Thresholds(
        Lateness(_clock(late["out"]), _clock(late["in"]), frozenset(late["not-there"])),
        {kind: Threshold(_wait(row["alarm-after"]), row["because"]) for kind, row in raw["waiting"].items()},
    )


def _require(row: Mapping[str, Any], names: set[str], where: str) -> None:
    if wrong := set(row) ^ names:
        raise ValueError(f"{where}: unknown or missing {sorted(wrong)}")


def _wait(text: str) -> timedelta | Length | None:
    if text == _NEVER:
        return None
    days = _WORKING_DAYS.fullmatch(text)
    return Length(int(days[1]), "working-days") if days else _clock(text)


def _clock(text: str) -> timedelta:
    found = _BY_THE_CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("a time is written PT4H, P1D or P1B")
    return timedelta(hours=int(found[1])) if found[1] else timedelta(days=int(found[2]))
