"""Our schemas take what is valid and refuse what is not, each fault at its place."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from shared_data import SHARED, needs_shared
from xml_mutations import Mutation, mutations, read

from adapter.domain.problems import Finding, Refused
from adapter.settings import carried
from adapter.wire import apprec, edi, schema, xml

NORWEGIAN = SHARED / "norwegian-xml"
OURS = schema.load(carried("mappings") / "schemas")
ROUTED = Path(__file__).resolve().parents[1] / "fixtures" / "notify" / "xml-need-is-routed" / "in.xml"
ALSO_VALID = ("plo-v1.6-", "HELSEOPPL_SOKNAD")
"""Pleie- og omsorgsmeldinger: their schemas are not published; NHN's own stylesheets show all that these hold."""
BEFORE_SCHEMAS = {"message_with_doctype.xml": "a DOCTYPE is refused before anything is read"}

WHOLE = [
    ROUTED.read_bytes(),
    *(p.read_bytes() for p in sorted((NORWEGIAN / "constructed").glob("[ad]*.xml"))),
]
"""Ours, and, where the official set is there, dialogs and receipts with nearly every element they may have."""

DIFFERENCES = {
    ("after the next", ""): "order: senders in use write RefToConversation, Ack and TypeTelecom late",
    (
        "emptied",
        "MIGversion",
    ): "an empty element with a fixed value has that value by XML Schema; it is none to us",
}
"""Where the official schemas and ours disagree: the fault, the element ("" for any), and why that is right."""
PLACE = re.compile(r"@?[A-Za-zÅå0-9_]+(\[[0-9]+\])?(\.@?[A-Za-zÅå0-9_]+(\[[0-9]+\])?)*")


def _of_official_set(valid: bool) -> list[Path]:
    """The messages of the official set that concern us, as VALIDATION.txt judges them."""
    listed = NORWEGIAN / "VALIDATION.txt"
    rows = (line.split("\t") for line in listed.read_text().splitlines()) if listed.is_file() else ()
    return [
        NORWEGIAN / row[0]
        for row in rows
        if row[1] != "SKIP"
        and (row[1] == "VALID" or Path(row[0]).name.startswith(ALSO_VALID[0])) == valid
        and Path(row[0]).name not in BEFORE_SCHEMAS
    ]


VALID = _of_official_set(valid=True)
CHECKED_BY_BOTH = [path for path in VALID if not path.name.startswith(ALSO_VALID[0])]


def found(root: etree._Element) -> tuple[Finding, ...]:
    return OURS.findings(root, "")


def told(root: etree._Element) -> list[str]:
    return [f"{finding.problem} {finding.where}" for finding in found(root)]


@needs_shared
def test_the_official_set_is_the_one_that_is_known() -> None:
    assert (len(VALID), len(CHECKED_BY_BOTH), len(_of_official_set(valid=False))) == (30, 26, 4)


@needs_shared
@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_what_is_valid_is_taken(path: Path) -> None:
    assert found(read(path.read_bytes())) == ()


@needs_shared
@pytest.mark.parametrize("path", _of_official_set(valid=False), ids=lambda path: path.name)
def test_what_is_not_valid_is_refused(path: Path) -> None:
    assert found(read(path.read_bytes()))


@pytest.fixture(scope="module")
def official() -> schema.Official:
    return schema.Official(NORWEGIAN / "xsd" / "fiks-nhn-client")


@needs_shared
@pytest.mark.parametrize("path", CHECKED_BY_BOTH, ids=lambda path: path.name)
def test_one_fault_is_refused_exactly_when_the_official_schema_refuses_it(
    path: Path, official: schema.Official
) -> None:
    """But for the differences, which are told with their reasons; a fault is any one of xml_mutations.FAULTS."""
    differing = {
        (m.fault, "" if m.fault == "after the next" else xml.local(etree.Element(m.tag)))
        for m in mutations(read(path.read_bytes()))
        if bool(found(m.root)) != any(official.findings(m.root))
    }
    assert differing <= DIFFERENCES.keys()


def _mutated() -> Iterator[Mutation]:
    yield from mutations(read(ROUTED.read_bytes()))


def test_order_is_never_a_fault() -> None:
    assert [m.tag for m in _mutated() if m.fault == "after the next" and found(m.root)] == []


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(WHOLE), st.randoms(use_true_random=False))
def test_no_order_at_all_is_a_fault(raw: bytes, chance: Random) -> None:
    """Not even when everything stands in another order: every element is counted wherever it stands."""
    root = read(raw)
    for element in root.iter():
        inside = list(element)
        chance.shuffle(inside)
        element.extend(inside)
    assert told(root) == []


def test_a_fault_is_told_with_its_place_and_without_a_value() -> None:
    """Names and positions only: what was put into the message stands in no finding."""
    refused = [m for m in _mutated() if found(m.root)]
    assert len(refused) > 300
    for mutation in refused:
        for finding in found(mutation.root):
            assert PLACE.fullmatch(finding.where), finding
            assert "¤" not in finding.where
            name = mutation.tag.rpartition("}")[2]
            assert name in ("MsgHead", "Dialogmelding") or not finding.where.endswith(
                (".Dialogmelding", "MsgHead")
            )


@pytest.mark.parametrize(
    ("fault", "problem", "suffix"),
    [
        ("dropped", "missing-element", "@"),
        ("in a foreign namespace", "wrong-namespace", "@"),
        ("renamed", "structure", "@X"),
        ("with an unknown child", "structure", "@.Nobody"),
        ("with an unknown attribute", "structure", "@.@nobody"),
        ("with another @S", "malformed-value", "@.@S"),
    ],
)
def test_a_fault_is_told_at_the_element_it_was_done_to(fault: str, problem: str, suffix: str) -> None:
    """The first finding ends with its name, and with what was done inside it."""
    told_of = [m for m in _mutated() if m.fault == fault and found(m.root) and xml.local(m.root) == "MsgHead"]
    assert told_of
    for mutation in told_of:
        name = mutation.tag.rpartition("}")[2]
        places = [re.sub(r"\[[0-9]+\]", "", f.where) for f in found(mutation.root) if f.problem == problem]
        assert any(f".{place}".endswith("." + suffix.replace("@", name, 1)) for place in places), (
            name,
            places,
        )


def test_no_more_is_told_than_helps() -> None:
    root = read(ROUTED.read_bytes())
    for _ in range(100):
        etree.SubElement(root[0], f"{{{etree.QName(root).namespace}}}Nobody")
    assert len(found(root)) == 20


def test_all_faults_of_head_and_payload_are_told_at_once() -> None:
    text = ROUTED.read_text(encoding="utf-8")
    text = text.replace("<OrganisationName>Saksbehandling</OrganisationName>", "")
    text = text.replace('<TemaKodet V="6" S="2.16.578.1.12.4.1.1.7322"/>', "<DatoNotat>i går</DatoNotat>")
    note = "MsgHead.Document.RefDoc.Content.Dialogmelding.Notat"
    assert told(read(text.encode())) == [
        "missing-element MsgHead.MsgInfo.Receiver.Organisation.Organisation.OrganisationName",
        f"malformed-value {note}.DatoNotat",
        f"missing-element {note}.TemaKodet",
    ]


def test_faults_of_order_that_real_senders_make_are_none() -> None:
    """RefToConversation before RefToParent, Ack after ConversationRef, TypeTelecom after TeleAddress."""
    text = ROUTED.read_text(encoding="utf-8")
    late = "<ConversationRef><RefToConversation>c</RefToConversation><RefToParent>p</RefToParent></ConversationRef>"
    text = text.replace('<Ack V="J"/>', f'{late}<Ack V="J"/>')
    address = '<fk1:TeleAddress V="tel:99999999"/>'
    text = text.replace(address, f'{address}<fk1:TypeTelecom V="HP"/>')
    assert told(read(text.encode())) == []
    assert told(read(text.replace("<RefToParent>p</RefToParent>", "").encode())) == [
        "missing-element MsgHead.MsgInfo.ConversationRef.RefToParent"
    ]


def test_what_the_head_itself_says_is_not_said_twice() -> None:
    """One finding a place, and the problems of the head stand as they are told without schemas."""
    for mutation in _mutated():
        raw = etree.tostring(mutation.root)
        alone, both = (opened(raw, schemas) for schemas in (None, OURS))
        assert both[: len(alone)] == alone
        added = [finding.where for finding in both[len(alone) :]]
        assert len({*added, *(finding.where for finding in alone)}) == len(added) + len(
            {f.where for f in alone}
        )


def opened(raw: bytes, schemas: schema.Schemas | None) -> tuple[Finding, ...]:
    try:
        edi.open_message(raw, max_bytes=1_000_000, max_depth=60, schemas=schemas)
    except Refused as refused:
        return refused.findings
    return ()


def test_a_receipt_may_be_held_to_its_structure() -> None:
    receipt = (ROUTED.parent / "out" / "1-answer.xml").read_bytes().partition(b"-->\n")[2]
    assert apprec.read(receipt, OURS).status == "1"
    faulty = re.sub(b"<GenDate>.*</GenDate>|<Role .*/>", b"<Role/>", receipt, count=2)
    assert apprec.read(faulty).status == "1"
    with pytest.raises(Refused) as refusal:
        apprec.read(faulty, OURS)
    assert refusal.value.findings == (
        Finding("structure", "AppRec.Role"),
        Finding("missing-element", "AppRec.GenDate"),
    )


def test_attributes_of_other_namespaces_are_let_through() -> None:
    """Helsenorge misspells the namespace of xsi:type; such attributes carry no facts in these standards."""
    text = ROUTED.read_text(encoding="utf-8")
    text = text.replace("<Notat>", '<Notat xmlns:x="http://www.w3.org/2001/XMLSchemainstance" x:type="y">')
    assert told(read(text.encode())) == []


def test_a_namespace_without_a_schema_is_nobody_elses_fault() -> None:
    text = ROUTED.read_text(encoding="utf-8").replace("dialog/2013-01-23", "epikrise/2012-02-15")
    assert told(read(text.encode())) == []


@pytest.mark.parametrize(
    ("schemas", "said"),
    [
        ("<grammar", "a.rng: no XML, line 1"),
        ("<nobody/>", "a.rng: no RELAX NG schema"),
        ("<grammar xmlns='http://relaxng.org/ns/structure/1.0'/>", "a.rng: no RELAX NG schema"),
        (
            "<grammar xmlns='http://relaxng.org/ns/structure/1.0'><start><ref name='b'/></start></grammar>",
            "a.rng: nothing defines b",
        ),
    ],
)
def test_a_schema_of_ours_that_cannot_be_read_is_told_at_the_start(
    tmp_path: Path, schemas: str, said: str
) -> None:
    (tmp_path / "schemas.csv").write_text("namespace,schema,components\nurn:a,a.rng,\n", encoding="utf-8")
    (tmp_path / "a.rng").write_text(schemas, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        schema.load(tmp_path)
