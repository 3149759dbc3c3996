"""Reads mappings/register.yaml: how long the address register is believed."""

import re
from datetime import timedelta
from pathlib import Path

import yaml

from adapter.domain.register import Belief
from adapter.mapping import yaml_text

_NAMES = {"believed-for", "certificate-warned"}
_DAYS = re.compile(r"P([1-9][0-9]{0,2})D")


def load(folder: Path) -> Belief:
    """The rule of a folder of tables. Raises ValueError naming the file and what is wrong with it."""
    try:
        read = yaml_text.read((folder / "register.yaml").read_text(encoding="utf-8"))
        if strange := set(read) ^ _NAMES:
            raise ValueError(f"unknown or missing {sorted(strange)}")
        return Belief(answer=_days(read["believed-for"]), certificate=_days(read["certificate-warned"]))
    except (ValueError, TypeError, yaml.YAMLError) as why:
        raise ValueError(f"register.yaml: {why}") from why


def _days(text: object) -> timedelta:
    found = _DAYS.fullmatch(str(text))
    if found is None:
        raise ValueError("a period is written P7D")
    return timedelta(days=int(found[1]))
