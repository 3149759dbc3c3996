"""From the text of one table file to its rows; unknown keys, code tables, transforms and paths are errors."""

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any

from adapter.domain.problems import Catalogue
from adapter.mapping import yaml_text
from adapter.mapping.paths import steps
from adapter.mapping.rows import Cell, CodeTable, Ignored, ReadingTable, Role, Row, WritingTable, Written
from adapter.mapping.transforms import TRANSFORMS, WRITTEN


def _only(row: Mapping[str, Any], *known: str) -> None:
    if unknown := set(row) - set(known):
        raise ValueError(f"unknown keys {sorted(unknown)}")


def reading_table(name: str, text: str) -> ReadingTable:
    """A file of mappings/messages."""
    raw = yaml_text.read(text)
    _only(raw, "version", "history", "spec", "columns", "extends", "roles", "rows", "ignored", "texts")
    if raw["version"] not in raw["history"]:
        raise ValueError("the version has no line in history")
    columns = _columns(raw["columns"], raw.get("extends", {}))
    roles = tuple(_role(r) for r in raw.get("roles", ()))
    texts, ignored = (_of_columns(raw.get(part, {}), columns) for part in ("texts", "ignored"))
    rows = tuple(_row(r, columns) for r in raw["rows"])
    rules = {column: tuple(Ignored(i["at"], i["because"]) for i in each) for column, each in ignored.items()}
    return ReadingTable(name, raw["version"], rows, rules, roles, texts)


Columns = Mapping[str, tuple[str, ...]]
"""Each column with itself and those that it extends, the nearest first."""


def _columns(names: list[str], extends: Mapping[str, str]) -> Columns:
    if unknown := {*extends, *extends.values()} - set(names):
        raise ValueError(f"no columns {sorted(unknown)}")
    chains: dict[str, tuple[str, ...]] = {}
    for name in names:
        chain = [name]
        while (wider := extends.get(chain[-1])) is not None:
            if wider in chain:
                raise ValueError(f"column {name} extends itself")
            chain.append(wider)
        chains[name] = tuple(chain)
    return chains


def _of_columns(given: Mapping[str, list[Any]], columns: Columns) -> dict[str, tuple[Any, ...]]:
    """What is listed for each column, its own before that of those it extends."""
    if unknown := set(given) - set(columns):
        raise ValueError(f"no columns {sorted(unknown)}")
    found = {c: tuple(one for wider in chain for one in given.get(wider, ())) for c, chain in columns.items()}
    return {column: listed for column, listed in found.items() if listed}


def _nearest(given: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """What is given for each column, or for the nearest that it extends."""
    chosen = {column: next((c for c in chain if c in given), None) for column, chain in columns.items()}
    return {column: given[source] for column, source in chosen.items() if source is not None}


def _role(raw: Mapping[str, Any]) -> Role:
    _only(raw, "role", "from", "at", "type", "need", "only")
    only = _says(raw["only"]) if "only" in raw else None
    return Role(raw["role"], raw["from"], raw["at"], raw["type"], raw.get("need", False), only)


def _says(rule: str) -> tuple[str, str]:
    """`path=value`; the path may hold keys, so the last `=` counts."""
    path, _, value = rule.rpartition("=")
    if not steps(path):
        raise ValueError(f"not path=value: {rule!r}")
    return path, value


def _row(raw: Mapping[str, Any], columns: Columns) -> Row:
    _only(raw, "fact", "need", "rows", *columns)
    given = {column: _cell(raw[column]) for column in columns if column in raw}
    cells: dict[str, Cell] = _nearest(given, columns)
    need = raw.get("need", {})
    need = dict.fromkeys(cells, need) if isinstance(need, str) else _nearest(need, columns)
    return Row(raw["fact"], cells, need, tuple(_row(r, columns) for r in raw.get("rows", ())))


def _cell(raw: Any) -> Cell:
    if isinstance(raw, str | list):
        raw = {"at": raw}
    _only(raw, "at", "codes", "as", "system", "else", "every")
    at = (raw["at"],) if isinstance(raw["at"], str) else tuple(raw["at"])
    for path in at:
        steps(path)
    system = _says(raw["system"]) if "system" in raw else None
    problem, every = raw.get("else", "unknown-code"), raw.get("every", False)
    return Cell(at, raw.get("codes"), raw.get("as"), system, problem, every)


def writing_table(name: str, text: str) -> WritingTable:
    """A file of mappings/resources."""
    raw = yaml_text.read(text)
    _only(raw, "version", "history", "spec", "resource", "when", "rows")
    if raw["version"] not in raw["history"]:
        raise ValueError("the version has no line in history")
    rows = tuple(_written(r) for r in raw["rows"])
    return WritingTable(name, raw["version"], raw["resource"], raw.get("when"), rows)


def _written(raw: Mapping[str, Any]) -> Written:
    _only(raw, "at", "is", "fact", "codes", "as", "rows")
    if ("is" in raw) == ("fact" in raw):
        raise ValueError(f"{raw['at']}: a row has either `is` or `fact`")
    steps(raw["at"])
    return Written(
        at=raw["at"],
        constant=raw.get("is"),
        fact=raw.get("fact"),
        codes=raw.get("codes"),
        form=raw.get("as"),
        rows=tuple(_written(r) for r in raw.get("rows", ())),
    )


def code_table(name: str, text: str) -> CodeTable:
    """A ConceptMap with one group; each element has exactly one target."""
    raw = json.loads(text)
    if raw["resourceType"] != "ConceptMap" or len(raw["group"]) != 1:
        raise ValueError("not a ConceptMap with one group")
    (group,) = raw["group"]
    forward = {}
    for element in group["element"]:
        (target,) = element["target"]
        if element["code"] in forward:
            raise ValueError(f"code {element['code']} stands twice")
        forward[element["code"]] = target["code"]
    return CodeTable(name, group["source"], group["target"], forward)


def displays(text: str) -> dict[str, str]:
    """The texts of a CodeSystem by code."""
    return {concept["code"]: concept["display"] for concept in json.loads(text)["concept"]}


def check(
    codes: Mapping[str, CodeTable],
    messages: Mapping[str, ReadingTable],
    resources: Mapping[str, WritingTable],
    problems: Catalogue,
) -> None:
    """Every name a row uses exists. Raises ValueError."""
    for table in messages.values():
        for row in _flat(table.rows):
            for cell in row.cells.values():
                _known(table.name, row.fact, cell.codes, cell.form, codes, TRANSFORMS)
            for problem in (*row.need.values(), *(cell.problem for cell in row.cells.values())):
                if problem not in problems.problems:
                    raise ValueError(f"{table.name}: {row.fact}: no problem {problem}")
    for writing in resources.values():
        for written in _flat_written(writing.rows):
            _known(writing.name, written.at, written.codes, written.form, codes, WRITTEN)


def _known(
    table: str,
    row: str,
    code: str | None,
    form: str | None,
    codes: Mapping[str, CodeTable],
    forms: Container[str],
) -> None:
    if code is not None and code not in codes:
        raise ValueError(f"{table}: {row}: no code table {code}")
    if form is not None and form not in forms:
        raise ValueError(f"{table}: {row}: no transform {form}")


def _flat(rows: tuple[Row, ...]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _flat(row.rows)


def _flat_written(rows: tuple[Written, ...]) -> Iterator[Written]:
    for row in rows:
        yield row
        yield from _flat_written(row.rows)
