"""Reads mappings/retention.yaml and refuses what would remove too much."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from adapter.domain.lifecycle import LifeCycle
from adapter.domain.retention import Class, Over, Period, Retention, Rule, states_before
from adapter.mapping import yaml_text

_PERIOD = re.compile(r"P([1-9][0-9]{0,2})([YD])")
_WITH_THE_CASE = "with-the-case"
_RULED = {
    "payload": ("kept", "settled"),
    "refused": ("kept", "none"),
    "superseded": ("over", "over"),
    "waiting": ("over", "archived"),
    "receipts": ("over", "archived"),
    "deliveries": ("over", "archived"),
    "history": ("over", "archived"),
    "case": ("over", "archived"),
    "answers": ("kept", "purged"),
    "audit": ("kept", "purged"),
}
"""What each class is counted from and what must hold of its case: a table may be stricter, never laxer."""
_OWN_TIME = frozenset({"payload", "refused", "superseded", "case", "answers", "audit"})
_STRICTER = {"settled": ("settled", "over"), "over": ("over", "archived")}


def load(folder: Path, lifecycles: Mapping[str, LifeCycle]) -> Retention:
    """The rules of a folder of tables. Raises ValueError naming the file and what is wrong with it."""
    try:
        read = yaml_text.read((folder / "retention.yaml").read_text(encoding="utf-8"))
        rules = {name: _rule(name, row) for name, row in read["classes"].items()}
        _require_order(rules)
        over = _over(read["over"], lifecycles)
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as why:
        raise ValueError(f"retention.yaml: {why}") from why
    needed = states_before(lifecycles["case"], "route")
    return Retention(over, frozenset(lifecycles["case"].cells) - needed, rules)


def _rule(name: Class, row: Mapping[str, Any]) -> Rule:
    if name not in _RULED:
        raise ValueError(f"no class {name}")
    if strange := set(row) ^ {"what", "keep", "counted", "case", "ground"}:
        raise ValueError(f"{name}: unknown or missing {sorted(strange)}")
    counted, case = _RULED[name]
    if row["counted"] != counted or row["case"] not in _STRICTER.get(case, (case,)):
        raise ValueError(f"{name}: counted {counted}, and the case {case} at least")
    keep = None if row["keep"] == _WITH_THE_CASE else _period(name, row["keep"])
    if (keep is None) == (name in _OWN_TIME):
        raise ValueError(f"{name}: {'a period' if keep is None else _WITH_THE_CASE} is needed")
    return Rule(name, keep, row["counted"], row["case"], row["ground"])


def _period(name: str, text: str) -> Period:
    read = _PERIOD.fullmatch(text)
    if read is None:
        raise ValueError(f"{name}: a period is written P10Y or P90D")
    length = int(read[1])
    return Period(length, 0) if read[2] == "Y" else Period(0, length)


def _require_order(rules: Mapping[Class, Rule]) -> None:
    """Evidence outlives what it is evidence of, and a case what is only a part of it."""
    if missing := set(get_args(Class)) - set(rules):
        raise ValueError(f"no row for {sorted(missing)}")
    about = {name: rule.keep.about for name, rule in rules.items() if rule.keep}
    if any(about["audit"] < length for length in about.values()):
        raise ValueError("audit: nothing is kept longer than the audit")
    if about["case"] < max(about["superseded"], about["payload"]):
        raise ValueError("case: a part of a case is not kept longer than the case")


def _over(row: Mapping[str, Any], lifecycles: Mapping[str, LifeCycle]) -> Over:
    both = row["with-plan"]
    over = Over(frozenset(row["states"]), frozenset(both["states"]), frozenset(both["plan"]))
    case, plan = lifecycles["case"], lifecycles["plan"]
    if unknown := (over.states | over.with_plan) - set(case.cells) or over.plan - set(plan.cells):
        raise ValueError(f"over: no states {sorted(unknown)}")
    usual = set(case.events) - set(row["taken-up"])
    if alive := {s for s in over.states for e in usual if case.after(s, e) not in (None, s)}:
        raise ValueError(f"over: a case goes on from {sorted(alive)}")
    if alive := {s for s in over.plan for e in plan.events if _goes_on(plan, s, e)}:
        raise ValueError(f"over: a plan goes on from {sorted(alive)}")
    return over


def _goes_on(cycle: LifeCycle, state: str, event: str) -> bool:
    """Whether an event leads from a state to another, but for the mark of an error."""
    return cycle.after(state, event) not in (None, state, "entered-in-error")
