"""Columns of a table share what is alike; a fact may be made of every value; texts come in the order of trust."""

from typing import Any

import pytest

from adapter.mapping.engine import Root, read
from adapter.mapping.parsing import reading_table
from adapter.mapping.rows import Cell, CodeTable, ReadingTable, Row

HEAD = "version: 1\nhistory: {1: first}\ncolumns: [any, wide, narrow, other]\n"
SHARED = f"""{HEAD}extends: {{wide: any, narrow: wide, other: any}}
rows:
- {{fact: id, need: missing-element, any: x.id}}
- {{fact: name, need: {{wide: missing-element}}, wide: x.name, narrow: x.short}}
texts:
  any: [x.free]
  narrow: [x.first]
ignored:
  any:
  - {{at: x.a, because: any}}
  wide:
  - {{at: x.a, because: wide}}
"""


def one(tree: Any, cell: Cell) -> Any:
    root = Root("x", tree)
    table = ReadingTable("t", 1, (Row("fact", {"c": cell}),), {}, ())
    return read(
        table, "c", {"x": root}, root, {"letters": CodeTable("letters", "a", "b", {"1": "A", "2": "B"})}
    )


def test_a_column_has_what_those_have_that_it_extends() -> None:
    """Its own before theirs, the nearest first: rows, what must be there, reasons and texts alike."""
    table = reading_table("t", SHARED)
    ids, names = table.rows
    assert {c: cell.at for c, cell in ids.cells.items()} == dict.fromkeys(
        ("any", "wide", "narrow", "other"), ("x.id",)
    )
    assert {c: cell.at for c, cell in names.cells.items()} == {"wide": ("x.name",), "narrow": ("x.short",)}
    assert names.need == {"wide": "missing-element", "narrow": "missing-element"}
    assert [rule.because for rule in table.ignored["narrow"]] == ["wide", "any"]
    assert [rule.because for rule in table.ignored["other"]] == ["any"]
    assert table.texts["narrow"] == ("x.first", "x.free")


@pytest.mark.parametrize(
    "extends",
    ["{wide: nobody}", "{nobody: wide}", "{wide: narrow, narrow: wide}", "{any: any}"],
)
def test_a_column_extends_another_that_is_there(extends: str) -> None:
    with pytest.raises(ValueError, match=r"no columns|itself"):
        reading_table("t", f"{HEAD}extends: {extends}\nrows: []\n")


@pytest.mark.parametrize("part", ["texts: {nobody: [x]}", "ignored: {nobody: []}"])
def test_texts_and_reasons_are_of_a_column(part: str) -> None:
    with pytest.raises(ValueError, match="no columns"):
        reading_table("t", f"{HEAD}rows: []\n{part}\n")


def test_a_fact_of_every_value_has_them_in_the_order_of_its_paths() -> None:
    """None twice, empty ones left out; each of them is read, and told of."""
    tree = {"b": ["two", "", "one"], "a": ["one"]}
    reading = one(tree, Cell(("x.a", "x.b"), every=True))
    assert reading.facts == {"fact": "one\ntwo"}
    assert reading.origin == {"fact": "x.a[0]"}
    assert reading.further == {"x.a[0]": "fact", "x.b[0]": "fact", "x.b[2]": "fact"}


def test_each_of_several_codes_must_be_known() -> None:
    """Two that mean the same are one; what is unknown is a finding and hides nothing."""
    reading = one({"c": ["1", "1", "3", "2"]}, Cell(("x.c",), codes="letters", every=True))
    assert reading.facts == {"fact": "A\nB"}
    assert [(f.problem, f.where) for f in reading.findings] == [("unknown-code", "x.c[2]")]


def test_a_code_may_be_of_several_lists() -> None:
    for said, findings in (("1.2", 0), ("1.3", 0), ("1.4", 1)):
        tree = {"c": [{"@V": "1", "@S": said}]}
        assert (
            len(one(tree, Cell(("x.c.@V",), codes="letters", system=("@S", "1.2|1.3"))).findings) == findings
        )


def test_every_value_is_held_against_its_own_list() -> None:
    """The list beside the first value says nothing of the second."""
    tree = {"c": [{"@V": "1", "@S": "1.2"}, {"@V": "2", "@S": "9"}]}
    reading = one(tree, Cell(("x.c.@V",), codes="letters", system=("@S", "1.2"), every=True))
    assert [f.where for f in reading.findings] == ["x.c[1].@V"]


def test_items_of_a_list_tell_where_their_facts_stood() -> None:
    """Facts of items have one name each; their places are told by place."""
    rows = (Row("name", {"c": Cell(("item.n",))}),)
    table = ReadingTable("t", 1, (Row("items", {"c": Cell(("x.i",))}, {}, rows),), {}, ())
    root = Root("x", {"i": [{"n": ["a"]}, {"n": ["b"]}]})
    reading = read(table, "c", {"x": root}, root, {})
    assert reading.facts == {"items": ({"name": "a"}, {"name": "b"})}
    assert reading.further == {"x.i[0].n[0]": "name", "x.i[1].n[0]": "name"}
    assert "name" not in reading.origin


def test_texts_come_in_the_order_of_the_table_and_then_of_the_message() -> None:
    """Attributes hold codes and are no text, but what somebody wrote for want of a code is."""
    tree = {"a": [{"@DN": "no text", "@OT": "written", "t": ["third"]}], "b": ["first", "second"]}
    table = ReadingTable("t", 1, (), {}, (), {"c": ("x.b", "x.**")})
    reading = read(table, "c", {"x": Root("x", tree)}, Root("x", tree), {})
    assert [text for _, text in reading.texts] == ["first", "second", "written", "third"]
