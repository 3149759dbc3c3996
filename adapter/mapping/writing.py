"""Writes FHIR resources from facts, row by row; a row whose fact is missing writes nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapter.domain.case import Resource
from adapter.mapping.engine import Fact, Facts
from adapter.mapping.paths import writer
from adapter.mapping.rows import CodeTable, WritingTable, Written
from adapter.mapping.transforms import WRITTEN


def write(table: WritingTable, facts: Facts, codes: Mapping[str, CodeTable]) -> Resource | None:
    """The resource, with its elements in the order of the rows, or None where the fact in `when` is missing."""
    if table.when and table.when not in facts:
        return None
    resource: Resource = {"resourceType": table.type}
    _write(table.rows, facts, codes, resource)
    return resource


def _write(
    rows: Iterable[Written], facts: Facts, codes: Mapping[str, CodeTable], tree: dict[str, Any]
) -> None:
    for row in rows:
        if row.fact is None:
            writer(row.at)(tree, row.constant)
        elif row.fact in facts:
            content = _content(row, facts[row.fact], codes)
            if content:
                writer(row.at)(tree, content)


def _content(row: Written, fact: Fact, codes: Mapping[str, CodeTable]) -> Any:
    if not isinstance(fact, str):
        return [_item(row.rows, item, codes) for item in fact]
    value = codes[row.codes].forward[fact] if row.codes else fact
    return WRITTEN[row.form](value) if row.form else value


def _item(rows: Iterable[Written], facts: Facts, codes: Mapping[str, CodeTable]) -> Any:
    """One item of a list."""
    tree: dict[str, Any] = {}
    _write(rows, facts, codes, tree)
    return tree
