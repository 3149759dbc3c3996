"""The mapping engine: paths both ways, an account of every leaf, tables that are refused at start."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.mapping.engine import Root, read
from adapter.mapping.paths import find, first, put
from adapter.mapping.rows import Cell, CodeTable, Ignored, ReadingTable, Row, WritingTable, Written
from adapter.mapping.tables import Tables, load
from adapter.mapping.transforms import TRANSFORMS, Misfit
from adapter.mapping.writing import write
from adapter.settings import carried
from adapter.wire.fhir import check
from adapter.wire.tree import as_xpath, leaves

BASE = "https://ip-adapter.example/fhir"
SEX = CodeTable("sex", "a", "b", {"1": "male", "2": "female"})


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load(carried("mappings"), BASE)


words = st.text("abcåøæ Ø1'\"<&", min_size=1, max_size=12).filter(str.strip)
ROWS = (
    Row("patient.id", {"x": Cell(("x.identifier[system=urn:oid:1].value",))}),
    Row("patient.family", {"x": Cell(("x.name[0].family",))}),
    Row("patient.sex", {"x": Cell(("x.gender",), codes="sex")}),
)
WRITTEN = WritingTable(
    "p",
    1,
    "Patient",
    None,
    (
        Written("identifier[system=urn:oid:1].value", fact="patient.id"),
        Written("name[0].family", fact="patient.family"),
        Written("gender", fact="patient.sex", codes="back"),
    ),
)
BACK = CodeTable("back", "b", "a", {v: k for k, v in SEX.forward.items()})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "patient.id": words,
            "patient.family": words,
            "patient.sex": st.sampled_from(["male", "female"]),
        },
    )
)
def test_what_is_written_is_read_back(facts: dict[str, str]) -> None:
    """Facts survive the way out and back in, each alone and all together."""
    tree = write(WRITTEN, facts, {"back": BACK})
    root = Root("x", tree)
    reading = read(ReadingTable("p", 1, ROWS, {}, ()), "x", {"x": root}, root, {"sex": SEX})
    assert (reading.facts, reading.findings) == (facts, ())


trees = st.recursive(
    words | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abcde"), trees, max_size=4), st.sets(st.sampled_from("abcde")))
def test_every_leaf_is_accounted_for_once(tree: dict[str, Any], names: set[str]) -> None:
    """read, ignored and unread are disjoint and together they are all leaves, whatever the tree."""
    rows = tuple(Row(n, {"x": Cell((f"x.{n}",))}) for n in sorted(names))
    table = ReadingTable("t", 1, rows, {"x": (Ignored("x.a.**", "because"),)}, ())
    root = Root("x", tree)
    reading = read(table, "x", {"x": root}, root, {})
    places = [place for place, _ in leaves(tree, "x")]
    account = [*(reading.read & set(places)), *reading.ignored, *reading.unread]
    assert sorted(account) == sorted(places)


def test_an_unknown_code_is_a_finding_and_no_fact() -> None:
    """Nothing is guessed, and the finding names the place and not the code."""
    root = Root("x", {"gender": "7"})
    reading = read(ReadingTable("p", 1, ROWS, {}, ()), "x", {"x": root}, root, {"sex": SEX})
    assert [(f.problem, f.where) for f in reading.findings] == [("unknown-code", "x.gender")]
    assert reading.facts == {}


def test_a_key_chooses_among_many() -> None:
    """The identifier asked for is found wherever it stands in the list, and another is not taken for it."""
    tree = {"Ident": [{"Id": ["1"], "TypeId": [{"@V": "DNR"}]}, {"Id": ["2"], "TypeId": [{"@V": "FNR"}]}]}
    found = first(tree, "Ident[TypeId.@V=FNR].Id", "P")
    assert found is not None
    assert (found.place, found.value, found.consulted) == (
        "P.Ident[1].Id[0]",
        "2",
        ("P.Ident[1].TypeId[0].@V",),
    )
    assert first(tree, "Ident[TypeId.@V=HPR].Id", "P") is None
    assert as_xpath(found.place) == "/P/Ident[2]/Id"


def test_a_code_of_another_list_is_none() -> None:
    """What stands beside a code and says another list makes it a finding; one that is silent does not."""
    cell = Cell(("x.c.@V",), codes="sex", system=("@S", "1.2"))
    table = ReadingTable("t", 1, (Row("sex", {"x": cell}),), {}, ())
    for beside, problems in (({"@S": "1.2"}, []), ({}, []), ({"@S": "1.3"}, ["unknown-code"])):
        root = Root("x", {"c": [{"@V": "1", **beside}]})
        reading = read(table, "x", {"x": root}, root, {"sex": SEX})
        assert [f.problem for f in reading.findings] == problems
        assert reading.unread == ()


def test_a_rule_may_choose_what_it_sets_aside() -> None:
    """Only the element with the key is set aside; its neighbour is reported."""
    tree = {"r": [{"k": "24", "n": ["a"]}, {"k": "8", "n": ["b"]}]}
    table = ReadingTable("t", 1, (), {"x": (Ignored("x.r[k=24].n", "because"),)}, ())
    reading = read(table, "x", {"x": Root("x", tree)}, Root("x", tree), {})
    assert set(reading.ignored) == {"x.r[0].n[0]"}
    assert "x.r[1].n[0]" in reading.unread


def test_a_key_may_say_how_a_value_begins() -> None:
    """An e-mail address is not taken for a telephone number."""
    tree = {"t": [{"@V": "mailto:a@b.example"}, {"@V": "tel:1"}]}
    assert [f.value for f in find(tree, "t[@V^=tel:].@V", "")] == ["tel:1"]


def test_positions_are_written_in_order() -> None:
    """A gap in a list would shift what stands behind it."""
    with pytest.raises(ValueError, match="in order"):
        put({}, "given[1]", "x")


@pytest.mark.parametrize(
    ("form", "bad"),
    [
        ("uuid", "x"),
        ("day", "2026-13-01"),
        ("instant", "i går"),
        ("national_number", "21905297102"),
        ("d_number", "21905297101"),
        ("digits", "12a"),
        ("digits", "٣٤"),
    ],
)
def test_a_transform_refuses_what_has_not_its_form(form: str, bad: str) -> None:
    """The exception names the problem and does not carry the value."""
    with pytest.raises(Misfit) as caught:
        TRANSFORMS[form](bad)
    assert bad not in str(caught.value)


@pytest.mark.parametrize(("winter", "summer"), [("2026-01-10T10:00:00", "2026-07-10T10:00:00")])
def test_a_time_without_zone_is_norwegian(winter: str, summer: str) -> None:
    """GenDate without offset means the clock on the wall in Norway, also in summer."""
    assert TRANSFORMS["instant"](winter).endswith("+01:00")
    assert TRANSFORMS["instant"](summer).endswith("+02:00")
    assert TRANSFORMS["instant"]("2026-07-10T10:00:00Z").endswith("+00:00")


BROKEN = {
    "unknown key": ("messages/need.yaml", "columns:", "colums: []\ncolumns:"),
    "unknown code table": ("messages/need.yaml", "codes: sex", "codes: seks"),
    "unknown transform": ("messages/need.yaml", "as: national_number", "as: fnr"),
    "unknown problem": ("messages/need.yaml", "need: missing-element,", "need: missing-elephant,"),
    "not a path": ("messages/need.yaml", "at: patient.name", "at: patient..name"),
    "both is and fact": ("resources/plan.yaml", "is: draft", "is: draft, fact: x"),
    "version without history": ("resources/plan.yaml", "version: 1", "version: 2"),
    "state without a row": ("lifecycles/plan.csv", "draft,=,active", "draft,=,actve"),
    "state nothing leads to": (
        "lifecycles/consent.csv",
        "entered-in-error,,,,,=",
        "entered-in-error,,,,,=\nlost,,,,,=",
    ),
    "event of a step that is none": ("steps.csv", "case,accept,", "case,acept,"),
    "a problem twice": ("problems.yaml", "number: 102", "number: 101"),
    "a door to no table": ("doors.csv", "fhir,need,fhir,need-notified", "fhir,ned,fhir,need-notified"),
    "an event of a stay without words": ("texts/stay.yaml", "  discharged: Pasienten er utskrevet\n", ""),
    "an event of a stay whose words are empty": ("texts/stay.yaml", "Pasienten er utskrevet", ""),
    "words for an event that is none": ("texts/stay.yaml", "  discharged:", "  released:"),
    "a line that does not say when": ("texts/stay.yaml", "anslått til {at:", "anslått til {when:"),
    "no words for what is taken back": ("texts/stay.yaml", "taken-back:", "withdrawn:"),
    "a broken expression": ("detection.yaml", "'\\blangvarige?\\b'", "'\\blangvarige?('"),
}


@pytest.mark.parametrize(("file", "old", "new"), BROKEN.values(), ids=BROKEN.keys())
def test_a_bad_table_stops_the_start(file: str, old: str, new: str, tmp_path: Path) -> None:
    """The program refuses to start and names the file; no message meets the bad row."""
    folder = Path(shutil.copytree(carried("mappings"), tmp_path / "mappings"))
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=Path(file).name if "need.yaml" not in file else "need"):
        load(folder, BASE)


def test_code_tables_are_concept_maps(tables: Tables) -> None:
    """Each is valid FHIR that a partner could load elsewhere."""
    import json  # noqa: PLC0415

    for path in sorted(carried("mappings").glob("codes/*.map.json")):
        assert check(json.loads(path.read_text(encoding="utf-8").replace("{base}", BASE))) == ()
    assert len(tables.codes) >= 10
