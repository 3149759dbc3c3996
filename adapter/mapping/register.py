"""Reads mappings/register.yaml: how long the address register is believed."""

import re
from datetime import timedelta

from adapter.domain.register import Belief
from adapter.mapping import yaml_text

_NAMES = {"believed-for", "certificate-warned"}
_DAYS = re.compile(r"P([1-9][0-9]{0,2})D", re.ASCII)


def belief(text: str) -> Belief:
    """The rule that a table's text states. Raises ValueError or yaml.YAMLError."""
    read = yaml_text.read(text)
    if strange := set(read) ^ _NAMES:
        raise ValueError(f"unknown or missing {sorted(strange)}")
    return Belief(answer=_days(read["believed-for"]), certificate=_days(read["certificate-warned"]))


def _days(text: object) -> timedelta:
    found = _DAYS.fullmatch(str(text))
    if found is None:
        raise ValueError("a period is written P7D")
    return timedelta(days=int(found[1]))
