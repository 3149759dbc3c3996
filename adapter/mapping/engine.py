"""Reads one column of a table: a tree becomes facts, findings, and an account of every leaf."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from adapter.domain.problems import Finding
from adapter.mapping.paths import Found, Way, below, first, way
from adapter.mapping.rows import Cell, CodeTable, ReadingTable, Row
from adapter.mapping.rules import Chosen, NamedPlaces, Root, Rules
from adapter.mapping.transforms import TRANSFORMS, Misfit

__all__ = ["Fact", "Facts", "Reading", "Root", "flat", "read"]

Fact = str | tuple["Facts", ...]
Facts = Mapping[str, Fact]


def flat(facts: Facts) -> dict[str, str]:
    """Facts that are single values."""
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def rows_of(facts: Facts, name: str) -> tuple[Facts, ...]:
    """The items of a fact that is a list; none where it is not there."""
    rows = facts.get(name, ())
    return () if isinstance(rows, str) else rows


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table made of a tree.

    `origin` says where each fact stood, `further` which fact else was made at a place: of a fact of several values all
    but the first, and those of lists. Every leaf of the source is in exactly one of `read`, `ignored` (with its reason)
    and `unread`; these hold places only. `texts` are what stands where people write freely, read or not, with its
    places, in the order of the table and then of the document.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    origin: Mapping[str, str]
    read: frozenset[str]
    ignored: Mapping[str, str]
    unread: tuple[str, ...]
    texts: tuple[tuple[str, str], ...] = ()
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Notes:
    findings: list[Finding] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)
    further: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)


class _Scope:
    """The trees that paths begin in. Many paths begin alike, and what is known of the beginning is not walked again."""

    def __init__(self, roots: Mapping[str, Root]) -> None:
        self.roots = roots
        self._known = {name: [Found(root.place, root.tree)] for name, root in roots.items()}

    def locate(self, paths: Iterable[str]) -> list[Found]:
        """What stands at the first of these paths that leads to anything."""
        for path in paths:
            if hits := self._at(way(path)):
                return hits
        return []

    def every(self, paths: Iterable[str]) -> list[Found]:
        """What stands at any of these paths and is not empty."""
        return [hit for path in paths for hit in self._at(way(path)) if hit.value not in (None, "")]

    def _at(self, steps: Way) -> list[Found]:
        known = self._known.get(steps.path)
        if known is None and steps.before and steps.step:
            known = self._known[steps.path] = below(self._at(steps.before), steps.step)
        return known or []


def read(
    table: ReadingTable, column: str, roots: Mapping[str, Root], whole: Root, codes: Mapping[str, CodeTable]
) -> Reading:
    """Read `column` of `table`. `roots` are the trees that paths begin in, `whole` is everything received."""
    notes = _Notes()
    facts = _facts(table.rows, column, _Scope(roots), codes, notes)
    places = table.places.get(column) or NamedPlaces(Rules(), Rules())
    chosen, chosen_free = places.aside.chosen(roots), places.free.chosen(roots)
    ignored: dict[str, str] = {}
    unread: list[str] = []
    texts: list[tuple[str, str, str]] = []
    for place, name, value in places.leaves(whole, roots):
        if place not in notes.read:
            because = name.aside or _said(chosen, place)
            if because is None:
                unread.append(place)
            else:
                ignored[place] = because
        if isinstance(value, str) and (rank := name.free or _said(chosen_free, place)):
            texts.append((rank, place, value))
    texts.sort(key=itemgetter(0))
    return Reading(
        facts=facts,
        findings=tuple(notes.findings),
        origin=notes.origin,
        read=frozenset(notes.read),
        ignored=ignored,
        unread=tuple(unread),
        texts=tuple([(place, value) for _, place, value in texts]),
        further=notes.further,
    )


def _said(chosen: Iterable[Chosen], place: str) -> str | None:
    for choice in chosen:
        if choice.names(place):
            return choice.says
    return None


def _facts(
    rows: Iterable[Row], column: str, scope: _Scope, codes: Mapping[str, CodeTable], notes: _Notes
) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for row in rows:
        cell = row.cells.get(column)
        if cell is None:
            continue
        found = scope.every(cell.at) if cell.every else scope.locate(cell.at)
        if row.rows:
            facts[row.fact] = tuple(_item(row.rows, column, item, codes, notes) for item in found)
        elif not found or found[0].value in (None, ""):
            if column in row.need:
                notes.findings.append(Finding(row.need[column], _expected(cell, scope.roots)))
        elif cell.every:
            _take_every(row, cell, found, scope, codes, notes, facts)
        elif (value := _value(cell, found[0], scope, codes, notes)) is not None:
            facts[row.fact] = value
            notes.origin[row.fact] = found[0].place
    return facts


def _item(
    rows: Iterable[Row], column: str, item: Found, codes: Mapping[str, CodeTable], notes: _Notes
) -> dict[str, Fact]:
    """One item of a list. Its facts have names that other items have too, so their places are noted by place."""
    inside = _Notes(findings=notes.findings, further=notes.further, read=notes.read)
    facts = _facts(rows, column, _Scope({"item": Root(item.place, item.value)}), codes, inside)
    notes.further.update((place, fact) for fact, place in inside.origin.items())
    return facts


def _take_every(
    row: Row,
    cell: Cell,
    found: Iterable[Found],
    scope: _Scope,
    codes: Mapping[str, CodeTable],
    notes: _Notes,
    facts: dict[str, Fact],
) -> None:
    values: dict[str, str] = {}
    for one in found:
        value = _value(cell, one, scope, codes, notes)
        if value is not None:
            values.setdefault(value, one.place)
            notes.further[one.place] = row.fact
    if values:
        facts[row.fact] = "\n".join(values)
        notes.origin[row.fact] = next(iter(values.values()))


def _value(
    cell: Cell, found: Found, scope: _Scope, codes: Mapping[str, CodeTable], notes: _Notes
) -> str | None:
    """The value as the fact has it; None where it is a finding."""
    notes.read.update((found.place, *found.consulted))
    if cell.system and not _of_system(cell, found, scope, notes):
        notes.findings.append(Finding(cell.problem, found.place))
        return None
    if isinstance(found.value, dict | list):
        notes.findings.append(Finding("malformed-value", found.place))
        return None
    value = str(found.value).lower() if isinstance(found.value, bool) else str(found.value)
    try:
        value = TRANSFORMS[cell.form](value) if cell.form else value
    except Misfit as misfit:
        notes.findings.append(Finding(misfit.problem, found.place))
        return None
    if not cell.codes:
        return value
    known = codes[cell.codes].forward.get(value)
    if known is None:
        notes.findings.append(Finding(cell.problem, found.place))
    return known


def _of_system(cell: Cell, found: Found, scope: _Scope, notes: _Notes) -> bool:
    """Whether the element beside the value says what it must, or says nothing."""
    beside, wanted = cell.system or ("", "")
    holders = [path.rpartition(".")[0] for path in cell.at]
    for element in scope.every(holders) if cell.every else scope.locate(holders):
        said = first(element.value, beside, element.place)
        if said and found.place.startswith(f"{element.place}."):
            notes.read.add(said.place)
            return said.value in ("", *wanted.split("|"))
    return True


def _expected(cell: Cell, roots: Mapping[str, Root]) -> str:
    """Where the missing fact should have stood: the first path, as far as its root is there."""
    root, _, rest = cell.at[0].partition(".")
    bare = re.sub(r"\[[^\]]*=[^\]]*\]", "", rest)
    return f"{roots[root].place}.{bare}" if root in roots else f"{root}.{bare}"
