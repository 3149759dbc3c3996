"""Norway's volume on a weekday, as volume.yaml works it out."""

import ast
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_OPERATORS = {ast.Add: operator.add, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True, slots=True)
class Volume:
    """`day`: how many of each kind on a weekday; `hours`: the share of each hour, Norwegian time."""

    facts: Mapping[str, float]
    day: Mapping[str, float]
    hours: Sequence[float]

    def times(self, factor: float) -> dict[str, int]:
        """So many of each kind, whole numbers, at least one."""
        return {name: max(1, round(number * factor)) for name, number in self.day.items()}


def read_volume() -> Volume:
    """Raises KeyError for a formula that names what does not stand before it."""
    rows = yaml.safe_load((Path(__file__).parent / "volume.yaml").read_text("utf-8"))
    known: dict[str, float] = {}
    for name, row in rows["facts"].items():
        known[name] = row["value"] if "value" in row else worked_out(row["formula"], known)
    facts = dict(known)
    for name, row in rows["day"].items():
        known[name] = worked_out(row["formula"], known)
    return Volume(facts, {name: known[name] for name in rows["day"]}, rows["hours"])


def worked_out(formula: str, known: Mapping[str, float]) -> float:
    """The value of a sum or product of numbers and names."""
    return _value(ast.parse(formula, mode="eval").body, known)


def _value(node: Any, known: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return float(_OPERATORS[type(op)](_value(left, known), _value(right, known)))
    raise ValueError("a formula has numbers, names, +, * and / only")
