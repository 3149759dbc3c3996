"""A need reported by telephone: the template fits the table, each fault has its line, and the door is no way around."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from cases import FIXTURES, empty_database
from hypothesis import given
from hypothesis import strategies as st

from adapter.cli.commands import app
from adapter.domain.identifiers import case_id
from adapter.mapping.tables import load
from adapter.outside.store import open_store
from adapter.replay import read_cast
from adapter.settings import SAMPLE_BASE, carried
from adapter.wire.form import line_of, lines_of, open_form
from adapter.wire.unreadable import Unreadable

FORM = FIXTURES / "phone" / "need-is-reported-by-telephone" / "form.yaml"
TEMPLATE = carried("mappings") / "forms" / "need-by-telephone.yaml"
NEED = load(carried("mappings"), SAMPLE_BASE).messages["need"]


def phone(database: Path, *more: str) -> int:
    """The exit code of the command on a database of its own."""
    with pytest.raises(SystemExit) as ended:
        app(["phone", "--by", "vakt", "--database", f"sqlite:///{database}", *more])
    return int(ended.value.code or 0)


def places(value: object, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield place
        return
    for name, below in value.items():
        yield from places(below, f"{place}.{name}")


def test_the_template_asks_for_what_the_table_reads_and_no_more() -> None:
    """Each line of it is a place of a row or is read with the envelope, and each such place has a line."""
    cells = [row.cells["hand"] for row in NEED.rows if "hand" in row.cells]
    read = {place for cell in cells for place in cell.at} | {r.at for r in NEED.ignored["hand"]}
    template = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    assert {*places(template, "form")} == read


def test_a_form_is_registered_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    database = empty_database(tmp_path / "case.db")
    assert phone(database, str(FORM)) == 0
    told = capfd.readouterr().out
    assert told.endswith("Registered.\n")
    assert phone(database, str(FORM), "--json") == 0
    said = json.loads(capfd.readouterr().out)
    assert said["taken"]
    assert {one["problem"] for one in said["findings"]} <= {"came-late"}
    with closing(open_store(f"sqlite:///{database}")) as store:
        (case,) = store.case_ids()
        assert len(store.messages_of(case)) == 1


def test_each_fault_is_told_by_its_line_and_without_a_value(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Looked up in the text, and not by the reader: what is wrong stands on that line, or is missing below it."""
    lines = FORM.read_text("utf-8").splitlines()
    wrong = [
        line.replace("21905297101", "21905297102").replace("1952-10-21", "i går").replace("priority", "hast")
        for line in lines
        if "written-by" not in line
    ]
    form = tmp_path / "form.yaml"
    form.write_text("\n".join(wrong), "utf-8")
    expected = {
        next(n for n, line in enumerate(wrong, 1) if word in line)
        for word in ("21905297102", "i går", "call:", "hast")
    }
    assert phone(empty_database(tmp_path / "case.db"), str(form)) == 1
    told = capfd.readouterr().out
    assert {int(line.split(":")[1]) for line in told.splitlines()[:-1]} == expected
    assert [value for value in (*read_cast(FIXTURES).private, "i går") if value in told] == []


def test_a_line_that_nobody_reads_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    form = tmp_path / "form.yaml"
    form.write_text(FORM.read_text("utf-8").replace("priority", "hast"), "utf-8")
    assert phone(empty_database(tmp_path / "case.db"), str(form)) == 1
    assert "form-line-unknown" in capfd.readouterr().out


@pytest.mark.parametrize("more", [[], ["nowhere.yaml"]])
def test_without_a_form_nothing_is_tried(
    more: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert phone(empty_database(tmp_path / "case.db"), *more) == 2
    assert capfd.readouterr().err.startswith("ip-adapter: ")


def test_the_template_is_printed_as_it_stands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert phone(tmp_path / "none.db", "--template") == 0
    assert capfd.readouterr().out == TEMPLATE.read_text("utf-8")


def test_json_is_a_form_as_well() -> None:
    """The same facts in YAML and in JSON are the same message."""
    raw = FORM.read_bytes()
    as_text = yaml.load(raw, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    assert open_form(json.dumps(as_text).encode())[0] == open_form(raw)[0]


def test_a_call_is_known_by_who_rang_when_about_whom() -> None:
    """Other words of the same call are another message about the same need; another call is another need."""
    raw = FORM.read_bytes()
    first, reworded, later = (
        open_form(text)[0]
        for text in (raw, raw.replace(b"Trenger", b"Treng"), raw.replace(b"T09:40", b"T09:41"))
    )
    assert first.message_id != reworded.message_id
    ids = {case_id("999900011", one.conversation) for one in (first, reworded)}
    assert len(ids) == 1
    assert case_id("999900011", later.conversation) not in ids


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hospital: &a 1\ncall: *a", 1),
        ("hospital:\n  organisation: !!python/name:os.system x", 2),
        ("call:\n  at: [1]", 2),
        ("call:\n  at: 1\n  at: 2", 3),
        ("call:\n  at: {", 3),
        ("call:\n  Kari Nordmann: 1", 2),
        ("call: " + "{a: " * 5000, 1),
    ],
)
def test_what_is_no_form_is_told_by_its_line(text: str, line: int) -> None:
    """Anchors, tags, lists, doubled names, what is no YAML, a name that might be a person's, nesting without end."""
    with pytest.raises(Unreadable) as refused:
        open_form(text.encode())
    (finding,) = refused.value.findings
    assert finding.problem == "not-a-form"
    assert line_of(finding.where, lines_of(text.encode())) == line


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_but_a_refusal_comes_of_bytes_that_are_no_form(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        open_form(raw)
