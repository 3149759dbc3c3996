"""Reads one column of a table: a tree becomes facts, findings, and an account of every leaf."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.domain.problems import Finding
from adapter.mapping.paths import Found, find, first
from adapter.mapping.rows import Cell, CodeTable, ReadingTable, Row
from adapter.mapping.transforms import TRANSFORMS, Misfit
from adapter.wire.tree import leaves

_POSITION = re.compile(r"\[\d+\]")

Fact = str | tuple["Facts", ...]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Root:
    """A tree and the place where it stands in what was received."""

    place: str
    tree: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table made of a tree.

    `origin` says where each fact stood. Every leaf of the source is in exactly one of `read`, `ignored`
    (with its reason) and `unread`; these hold places only. `texts` are what stands where people write freely,
    read or not, with its places.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    origin: Mapping[str, str]
    read: frozenset[str]
    ignored: Mapping[str, str]
    unread: tuple[str, ...]
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Notes:
    findings: list[Finding] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)


def read(
    table: ReadingTable, column: str, roots: Mapping[str, Root], whole: Root, codes: Mapping[str, CodeTable]
) -> Reading:
    """Read `column` of `table`. `roots` are the trees that paths begin in, `whole` is everything received."""
    notes = _Notes()
    facts = _facts(table.rows, column, roots, codes, notes)
    ignored: dict[str, str] = {}
    unread: list[str] = []
    rules = _Rules([(rule.at, rule.because) for rule in table.ignored.get(column, ())], roots)
    for place, _ in leaves(whole.tree, whole.place):
        if place not in notes.read:
            because = rules.of(place)
            if because is None:
                unread.append(place)
            else:
                ignored[place] = because
    texts = tuple(_texts(table.texts.get(column, ()), whole, roots))
    read_ = frozenset(notes.read)
    return Reading(facts, tuple(notes.findings), notes.origin, read_, ignored, tuple(unread), texts)


def _texts(paths: Iterable[str], whole: Root, roots: Mapping[str, Root]) -> Iterator[tuple[str, str]]:
    rules = _Rules([(path, path) for path in paths], roots)
    for place, value in leaves(whole.tree, whole.place):
        if isinstance(value, str) and rules.of(place) is not None:
            yield place, value


def _facts(
    rows: Iterable[Row], column: str, roots: Mapping[str, Root], codes: Mapping[str, CodeTable], notes: _Notes
) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for row in rows:
        cell = row.cells.get(column)
        if cell is None:
            continue
        found = _locate(cell, roots)
        if row.rows:
            facts[row.fact] = tuple(
                _facts(row.rows, column, {"item": Root(item.place, item.value)}, codes, notes)
                for item in found
            )
        elif not found or found[0].value in (None, ""):
            if column in row.need:
                notes.findings.append(Finding(row.need[column], _expected(cell, roots)))
        else:
            _take(row, cell, found[0], roots, codes, notes, facts)
    return facts


def _take(
    row: Row,
    cell: Cell,
    found: Found,
    roots: Mapping[str, Root],
    codes: Mapping[str, CodeTable],
    notes: _Notes,
    facts: dict[str, Fact],
) -> None:
    notes.read.update((found.place, *found.consulted))
    if cell.system and not _of_system(cell, found, roots, notes):
        notes.findings.append(Finding(cell.problem, found.place))
        return
    if isinstance(found.value, dict | list):
        notes.findings.append(Finding("malformed-value", found.place))
        return
    value = str(found.value).lower() if isinstance(found.value, bool) else str(found.value)
    try:
        value = TRANSFORMS[cell.form](value) if cell.form else value
    except Misfit as misfit:
        notes.findings.append(Finding(misfit.problem, found.place))
        return
    if cell.codes:
        known = codes[cell.codes].forward
        if value not in known:
            notes.findings.append(Finding(cell.problem, found.place))
            return
        value = known[value]
    facts[row.fact] = value
    notes.origin[row.fact] = found.place


def _of_system(cell: Cell, found: Found, roots: Mapping[str, Root], notes: _Notes) -> bool:
    """Whether the element beside the value says what it must, or says nothing."""
    beside, wanted = cell.system or ("", "")
    holder = Cell(tuple(path.rpartition(".")[0] for path in cell.at))
    for element in _locate(holder, roots):
        said = first(element.value, beside, element.place)
        if said and found.place.startswith(f"{element.place}."):
            notes.read.add(said.place)
            return said.value in ("", wanted)
    return True


def _locate(cell: Cell, roots: Mapping[str, Root]) -> list[Found]:
    for path in cell.at:
        root, _, rest = path.partition(".")
        if root in roots:
            hits = list(find(roots[root].tree, rest, roots[root].place))
            if hits:
                return hits
    return []


def _expected(cell: Cell, roots: Mapping[str, Root]) -> str:
    """Where the missing fact should have stood: the first path, as far as its root is there."""
    root, _, rest = cell.at[0].partition(".")
    bare = re.sub(r"\[[^\]]*=[^\]]*\]", "", rest)
    return f"{roots[root].place}.{bare}" if root in roots else f"{root}.{bare}"


class _Rules:
    """Which of some rules names a place. Places that differ in positions only are looked up once."""

    def __init__(self, rules: Iterable[tuple[str, str]], roots: Mapping[str, Root]) -> None:
        self._roots = roots
        rules = tuple(rules)
        self._plain = [(re.compile(_wild(at)), says) for at, says in rules if "]" not in at]
        choosing = [(pattern, says) for at, says in rules if "]" in at for pattern in _chosen(at, roots)]
        self._choosing = choosing
        self._known: dict[tuple[str, ...], str | None] = {}

    def of(self, place: str) -> str | None:
        """What the rule that names the place says, or None."""
        names = self._names(place)
        if names not in self._known:
            hits = (says for pattern, says in self._plain if any(pattern.fullmatch(n) for n in names))
            self._known[names] = next(hits, None)
        return self._known[names] or next(
            (says for pattern, says in self._choosing if pattern.fullmatch(place)), None
        )

    def _names(self, place: str) -> tuple[str, ...]:
        """What rules may call a place: its whole way, and the way below a role it belongs to; without positions."""
        roots = self._roots.items()
        below = [f"{name}{place[len(r.place) :]}" for name, r in roots if place.startswith(f"{r.place}.")]
        return tuple(_POSITION.sub("", name) for name in (place, *below))


def _chosen(rule: str, roots: Mapping[str, Root]) -> list[re.Pattern[str]]:
    """A rule that chooses by key=value, as one expression for each element it chooses."""
    chosen, _, rest = rule.rpartition("]")
    root, _, path = chosen.partition(".")
    hits = find(roots[root].tree, f"{path}]", roots[root].place) if root in roots else ()
    below = _wild(rest).replace(r"\.", r"(?:\[\d+\])?\.")
    return [re.compile(rf"{re.escape(hit.place)}{below}(?:\[\d+\])?") for hit in hits]


def _wild(rule: str) -> str:
    return re.escape(rule).replace(r"\*\*", ".*").replace(r"\*", "[^.]*")
