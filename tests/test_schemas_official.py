"""The operator's folder of official schemas is used offline, beside our own, and only where it covers a message."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from api_client import BASE, HOSPITAL, make_parts, open_database
from lxml import etree
from shared_data import SHARED, needs_shared
from xml_mutations import mutations, read

from adapter.cli.commands import app
from adapter.domain.message import Caller
from adapter.domain.problems import Finding
from adapter.flows.accept import accept
from adapter.flows.explain import explain
from adapter.mapping import tables
from adapter.settings import carried
from adapter.wire import schema
from adapter.wire.official import Official

OFFICIAL = SHARED / "norwegian-xml" / "xsd" / "fiks-nhn-client"
CONSTRUCTED = SHARED / "norwegian-xml" / "constructed"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ROUTED = (FIXTURES / "notify" / "xml-need-is-routed" / "in.xml").read_bytes()
LATE_ACK = (FIXTURES / "notify" / "order-of-another-sender" / "in.xml").read_bytes()
HEAD, DIALOG = "http://www.kith.no/xmlstds/msghead/2006-05-24", "http://www.kith.no/xmlstds/dialog/2013-01-23"
SMALL = '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:{0}" {1}>{2}</schema>'


@pytest.fixture(scope="module")
def official() -> Official:
    return Official(OFFICIAL)


@needs_shared
def test_the_official_set_covers_what_it_defines(official: Official) -> None:
    assert official.namespaces[HEAD] == "MsgHead-v1_2.xsd"
    assert official.namespaces[DIALOG] == "dialogmelding-v1.1.xsd"
    assert len(official.namespaces) == 9


@needs_shared
def test_both_say_the_same_of_a_fault_that_is_none_of_order(official: Official) -> None:
    """Of one element that is missing, has another namespace or a wrong form: the same place, and of what is missing or
    wrong in form the same problem."""
    ours = schema.load(carried("mappings") / "schemas")
    told = 0
    for mutation in mutations(read(ROUTED)):
        if mutation.fault in ("with an unknown attribute", "with another @S", "with another @V"):
            by_ours = set(ours.findings(mutation.root, DIALOG))
            assert by_ours == set(official.findings(mutation.root)), (mutation.fault, mutation.tag)
            told += len(by_ours)
    assert told > 60


@needs_shared
def test_order_is_a_fault_where_the_official_schemas_are_asked() -> None:
    message = read(LATE_ACK)
    assert schema.load(carried("mappings") / "schemas").findings(message, DIALOG) == ()
    both = schema.load(carried("mappings") / "schemas", OFFICIAL)
    assert both.findings(message, DIALOG) == (
        Finding("structure", "MsgHead.MsgInfo.Ack"),
        Finding("structure", "MsgHead.Document.RefDoc.Content.Dialogmelding.Notat.Tema"),
    )


@needs_shared
def test_what_the_folder_does_not_cover_is_left_to_ours(official: Official) -> None:
    """A payload without an official schema, alone or as an attachment of one that has one."""
    both = schema.load(carried("mappings") / "schemas", OFFICIAL)
    for path in sorted(CONSTRUCTED.glob("plo-*.xml")):
        root = read(path.read_bytes())
        assert both.findings(root, "http://www.kith.no/xmlstds/po/Pasientlogistikk/2012-04-01") == ()
        assert [*official.findings(root)] == []
    root = read(ROUTED)
    root.append(
        read(
            b'<Document xmlns="%s"><RefDoc><MsgType V="A"/><Content><x xmlns="urn:x"/></Content></RefDoc></Document>'
            % HEAD.encode()
        )
    )
    assert both.findings(root, DIALOG) == ()


@needs_shared
def test_the_official_schemas_are_asked_at_the_door(tmp_path: Path) -> None:
    """The same message is taken with ours alone, and refused in the sender's form where the official ones are used."""
    store = open_database(tmp_path)
    for folder, status in ((None, 200), (OFFICIAL, 422)):
        parts = make_parts(store, tables=tables.load(carried("mappings"), BASE, folder))
        message = LATE_ACK.replace(b"-000000000131", b"-0000000%05d" % status)
        answer = accept("edi", message, Caller(HOSPITAL, frozenset()), parts)
        assert (answer.status, answer.media_type) == (status, "application/xml")
    places = [e.get("OT", "").partition("Sted: ")[2] for e in etree.fromstring(answer.body).iter("{*}Error")]
    assert places[0] == "/MsgHead/MsgInfo/Ack"
    store.close()


@needs_shared
def test_what_was_taken_is_read_again_whatever_the_schemas_are_since(tmp_path: Path) -> None:
    """A message with late elements, taken before the operator pointed to the official schemas, is still explained, and
    answered the same when it comes again."""
    store = open_database(tmp_path)
    caller = Caller(HOSPITAL, frozenset())
    taken = accept("edi", LATE_ACK, caller, make_parts(store))
    parts = make_parts(store, tables=tables.load(carried("mappings"), BASE, OFFICIAL))
    assert accept("edi", LATE_ACK, caller, parts) == taken
    [case] = store.case_ids()
    [told] = explain(case, parts).messages
    assert (told.unaccounted, len(told.leaves) > 20) == ("", True)
    store.close()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no schemas"),
        ({"a.xsd": "<schema"}, "a.xsd: no XML, line 1"),
        ({"a.xsd": "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"}, "a.xsd: no XML Schema"),
        ({"a.xsd": "<a/>"}, "a.xsd: no XML Schema with a target namespace"),
        ({"a.xsd": SMALL.format("a", "", '<element name="a" type="b"/>')}, "do not fit together"),
        ({n: SMALL.format("a", "", "") for n in ("a.xsd", "b.xsd")}, "b.xsd: a.xsd is for the same namespace"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_loaded_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        schema.load(carried("mappings") / "schemas", tmp_path)


@pytest.mark.parametrize("location", ["../b.xsd", "http://127.0.0.1:9/b.xsd", "file:///etc/b.xsd", "c.xsd"])
def test_schemas_reach_only_what_stands_beside_them(tmp_path: Path, location: str) -> None:
    """What one names by another way is looked for by its name in the folder, and nowhere else."""
    folder = tmp_path / "xsd"
    folder.mkdir()
    (tmp_path / "b.xsd").write_text(
        SMALL.format("b", "", '<element name="b" type="string"/>'), encoding="utf-8"
    )
    whole = f"""<import namespace="urn:b" schemaLocation="{location}"/>
        <element name="a"><complexType><sequence><element ref="b:b"/></sequence></complexType></element>"""
    (folder / "a.xsd").write_text(SMALL.format("a", 'xmlns:b="urn:b"', whole), encoding="utf-8")
    with pytest.raises(ValueError, match="do not fit together"):
        Official(folder)
    shutil.move(tmp_path / "b.xsd", folder / Path(location).name)
    assert set(Official(folder).namespaces) == {"urn:a", "urn:b"}


def test_a_schema_may_stand_in_several_files(tmp_path: Path) -> None:
    (tmp_path / "b.xsd").write_text(
        SMALL.format("a", "", '<element name="b" type="string"/>'), encoding="utf-8"
    )
    (tmp_path / "a.xsd").write_text(
        SMALL.format("a", "", '<include schemaLocation="b.xsd"/>'), encoding="utf-8"
    )
    official = Official(tmp_path)
    assert official.namespaces == {"urn:a": "a.xsd"}
    assert [*official.findings(read(b'<b xmlns="urn:a">x</b>'))] == []
    assert [*official.findings(read(b'<c xmlns="urn:a"/>'))] == [Finding("structure", "c")]


def checked(capsys: pytest.CaptureFixture[str], folder: Path) -> tuple[int, list[dict[str, Any]]]:
    with pytest.raises(SystemExit) as end:
        app(["check", "--json", "--schemas", str(folder)], prog_name="ip-adapter")
    told = json.loads(capsys.readouterr().out)
    return int(end.value.code or 0), [one for one in told if one["what"].startswith("official")]


@needs_shared
def test_check_names_the_schemas_that_are_there_and_those_that_are_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, told = checked(capsys, OFFICIAL)
    assert told[0] == {"what": "official schemas", "holds": True, "said": f"9 in {OFFICIAL}"}
    assert {"what": "official schema", "holds": True, "said": f"{HEAD} in MsgHead-v1_2.xsd"} in told
    missing = [one["said"] for one in told if one["holds"] is None]
    assert len(missing) == 7
    assert all("/po/" in said or "/henvisning/" in said for said in missing)


def test_check_refuses_a_folder_whose_schemas_cannot_be_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.xsd").write_text("<schema", encoding="utf-8")
    assert checked(capsys, tmp_path) == (
        1,
        [{"what": "official schemas", "holds": False, "said": "a.xsd: no XML, line 1"}],
    )
