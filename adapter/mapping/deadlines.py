"""Reads mappings/deadlines.yaml, and refuses to start on a rule that nothing can start, or that rests on nothing."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final, get_args

from adapter.domain.counting import Length, Unit
from adapter.domain.deadline import Basis, Rule
from adapter.mapping import yaml_text

STATED: Final = "stated"
"""In place of a length: the fact itself says which day is the last."""
NOT_IN_FORCE: Final = "not-in-force"
FACTS: Final = frozenset(
    {
        *(
            "received",
            "delivered",
            "unit-wrote",
            "granted",
            "party-knows",
            "known-on",
            "expected-on",
            "death",
        ),
        *("invited", "invitation-answered", "revision-on", "revision-withdrawn", "contact-doctor-known"),
        *("consent-until", "consent-over", "complaint-received", "complaint-answered", "complaint-time-over"),
        *("birthday-16", "birthday-16-settled", "birthday-18", "birthday-18-settled", "listed", "seen"),
    }
)
"""What flows/clock_facts.py tells of a case beside the steps of its life cycles."""
_WITH_A_DAY: Final = frozenset(
    {"known-on", "expected-on", "revision-on", "consent-until", "birthday-16", "birthday-18"}
)
"""Facts that state a day."""
_ROLES: Final = frozenset({"owner", "requester", "author", "asked"})
_LENGTH = re.compile(r"P(\d{1,3})([DBWM])")
_UNITS: Mapping[str, Unit] = {"D": "days", "B": "working-days", "W": "weeks", "M": "months"}
_OPTIONAL: Final = {"from", "until", "outlives", "also", "operator", "category", "dayless"}
_ALWAYS: Final = {"starts", "stops", "within", "warn", "remind", "basis", "because"}


@dataclass(frozen=True, slots=True)
class _Agreement:
    """What two organisations have agreed on for one rule, and on which days what starts goes by it."""

    between: frozenset[str]
    rule: str
    within: Length
    warn: Length
    because: str
    since: date | None
    until: date | None


class DeadlineRules:
    """All rules, and what pairs of organisations have agreed on."""

    def __init__(self, rules: tuple[Rule, ...], agreements: tuple[_Agreement, ...] = ()) -> None:
        self.rules = rules
        self._agreements = agreements
        self._between: dict[frozenset[str], tuple[Rule, ...]] = {}

    def between(self, requester: str, owner: str | None) -> tuple[Rule, ...]:
        """The rules for a case of these organisations (by number): what they have agreed on goes first (R-112)."""
        pair = frozenset({requester, owner or ""})
        if pair not in self._between:
            self._between[pair] = (*self._agreed(pair), *self.rules)
        return self._between[pair]

    def of(self, name: str) -> Rule:
        """What a rule of this name says of whom it is told to; all rows of a name say the same of that."""
        return next(rule for rule in self.rules if rule.name == name)

    def _agreed(self, pair: frozenset[str]) -> Iterator[Rule]:
        for one in self._agreements:
            for rule in self.rules:
                if one.between == pair and one.rule == rule.name:
                    yield replace(
                        rule,
                        within=one.within,
                        warn=one.warn,
                        because=one.because,
                        since=max((d for d in (one.since, rule.since) if d), default=None),
                        until=min((d for d in (one.until, rule.until) if d), default=None),
                    )


def deadline_rules(
    text: str, steps: Collection[str], problems: Collection[str], categories: Collection[str]
) -> DeadlineRules:
    """The rules of the text. `steps` are the events of all life cycles, as "case:open".

    Raises ValueError naming the rule and what is wrong with it.
    """
    raw = yaml_text.read(text)
    known = {*FACTS, *steps}
    if strange := set(raw["over"]) - known:
        raise ValueError(f"over: nothing happens that is called {sorted(strange)}")
    rules = tuple(
        rule
        for name, rows in raw["rules"].items()
        for rule in _rows(name, rows if isinstance(rows, list) else [rows], raw["over"])
    )
    for rule in rules:
        _require_known(rule, known, problems, categories)
    _require_turns(rules)
    return DeadlineRules(rules, tuple(_agreements(raw.get("agreements") or (), rules)))


def _rows(name: str, rows: list[Mapping[str, Any]], over: list[str]) -> Iterator[Rule]:
    for row in rows:
        if wrong := (set(row) - _ALWAYS - _OPTIONAL) | (_ALWAYS - set(row)):
            raise ValueError(f"{name}: unknown or missing {sorted(wrong)}")
        since, until = _days(name, row)
        yield Rule(
            name=name,
            starts=frozenset(row["starts"]),
            stops=frozenset(row["stops"]) | (frozenset() if row.get("outlives") else frozenset(over)),
            within=Length(0, "days") if row["within"] == STATED else _length(name, row["within"]),
            warn=_length(name, row["warn"]),
            because=row["because"],
            basis=row["basis"],
            since=since,
            until=until,
            remind=tuple(row["remind"]),
            also=tuple(row.get("also", ())),
            operator=row.get("operator", ""),
            category=row.get("category", "reminder"),
            dayless=row.get("dayless", False),
        )


def _days(name: str, row: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """From and until; what is adopted and not in force counts from the last day there is."""
    since, until = row.get("from"), row.get("until")
    since = date.max if since == NOT_IN_FORCE else since
    if any(day is not None and type(day) is not date for day in (since, until)):
        raise ValueError(f"{name}: a day is written 2026-01-31")
    if since and until and until < since:
        raise ValueError(f"{name}: it ends before it begins")
    return since, until


def _length(name: str, text: str) -> Length:
    read = _LENGTH.fullmatch(str(text))
    if read is None:
        raise ValueError(f"{name}: a length is written P1M, P3W, P10D or P10B, or {STATED}")
    return Length(int(read[1]), _UNITS[read[2]])


def _require_known(
    rule: Rule, known: Collection[str], problems: Collection[str], categories: Collection[str]
) -> None:
    if strange := (rule.starts | rule.stops) - set(known):
        raise ValueError(f"{rule.name}: nothing happens that is called {sorted(strange)}")
    if not rule.starts or not rule.stops:
        raise ValueError(f"{rule.name}: something starts it, and something stops it")
    if rule.within.number == 0 and not rule.starts <= _WITH_A_DAY:
        raise ValueError(f"{rule.name}: {sorted(rule.starts - _WITH_A_DAY)} states no day")
    if rule.within.number and rule.starts & _WITH_A_DAY:
        raise ValueError(f"{rule.name}: the day is stated, and counted as well")
    if rule.basis not in get_args(Basis) or not str(rule.because).strip():
        raise ValueError(f"{rule.name}: it rests on law or on an agreement, and says which")
    if nobody := set(rule.remind + rule.also) - _ROLES:
        raise ValueError(f"{rule.name}: nobody is called {sorted(nobody)}")
    if rule.operator and rule.operator not in problems:
        raise ValueError(f"{rule.name}: no problem {rule.operator}")
    if rule.category not in categories:
        raise ValueError(f"{rule.name}: no category {rule.category}")


def _require_turns(rules: tuple[Rule, ...]) -> None:
    """Rows of one name take turns, and differ in nothing but their time and what it rests on."""
    for name in {rule.name for rule in rules}:
        rows = sorted((r for r in rules if r.name == name), key=lambda rule: rule.since or date.min)
        for before, after in pairwise(rows):
            if before.until is None or after.since is None or before.until >= after.since:
                raise ValueError(f"{name}: two rows for one day")
        if len({tuple(getattr(row, told) for told in _TOLD) for row in rows}) > 1:
            raise ValueError(f"{name}: its rows are told differently")


_TOLD: Final = tuple(
    f.name for f in fields(Rule) if f.name in ("remind", "also", "operator", "category", "dayless")
)


def _agreements(rows: Collection[Mapping[str, Any]], rules: tuple[Rule, ...]) -> Iterator[_Agreement]:
    basis = {rule.name: rule.basis for rule in rules}
    for row in rows:
        if wrong := (set(row) - {"from", "until"}) ^ {"between", "because", "rules"}:
            raise ValueError(f"agreements: unknown or missing {sorted(wrong)}")
        pair = frozenset(str(number) for number in row["between"])
        if len(pair) != 2 or not str(row["because"]).strip():
            raise ValueError("agreements: each is between two organisations, and says what it rests on")
        since, until = _days("agreements", row)
        for name, agreed in row["rules"].items():
            if basis.get(name) != "agreement" or set(agreed) != {"within", "warn"}:
                raise ValueError(f"agreements: {name} is no rule to agree on, or not by within and warn")
            within, warn = (_length(name, agreed[what]) for what in ("within", "warn"))
            yield _Agreement(pair, name, within, warn, row["because"], since, until)
