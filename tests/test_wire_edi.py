"""Hodemelding is read safely, whole, and with every fault of its head named."""

import hashlib
import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shared_data import SHARED, needs_shared

from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Refused
from adapter.wire import edi, xml
from adapter.wire.tree import Tree, as_xpath, leaves
from adapter.wire.unreadable import Unreadable

NORWEGIAN = SHARED / "norwegian-xml"
LIMITS = {"max_bytes": 1_000_000, "max_depth": 60}

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Synthetic: no person and no organisation here exists. -->
<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24">
  <MsgInfo>
    <Type V="DIALOG_HELSEFAGLIG" DN="Helsefaglig dialog"/>
    <MIGversion>v1.2 2006-05-24</MIGversion>
    <GenDate>2026-02-03T08:09:10</GenDate>
    <MsgId>0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001</MsgId>
    <ProcessingStatus V="D"/>
    <Ack V="F"/>
    <ConversationRef><RefToConversation>c-1</RefToConversation><RefToParent>p-1</RefToParent></ConversationRef>
    <Sender><Organisation>
      <OrganisationName>Prøveby sykehus</OrganisationName>
      <Ident><Id>8900003</Id><TypeId V="HER" S="2.16.578.1.12.4.1.1.9051"/></Ident>
      <Ident><Id>999900033</Id><TypeId V="ENH" S="2.16.578.1.12.4.1.1.9051"/></Ident>
      <Ident><Id>107777</Id><TypeId V="RSH" S="2.16.578.1.12.4.1.1.9051"/></Ident>
      <Organisation>
        <OrganisationName>Habilitering</OrganisationName>
        <Ident><Id>8900031</Id><TypeId V="HER"/></Ident>
      </Organisation>
    </Organisation></Sender>
    <Receiver><Organisation>
      <OrganisationName>Testkommunen</OrganisationName>
      <Ident><Id>999900022</Id><TypeId V="ENH" S="2.16.578.1.12.4.1.1.9051"/></Ident>
    </Organisation></Receiver>
    <Patient><FamilyName>Prøvesen</FamilyName>
      <Ident><Id>21905297101</Id><TypeId V="FNR" S="2.16.578.1.12.4.1.1.8116"/></Ident>
      <Ident><Id>DUF-1</Id><TypeId V="DUF" S="2.16.578.1.12.4.1.1.8116"/></Ident></Patient>
  </MsgInfo>
  <Document><RefDoc><MsgType V="XML"/><Content>
    <Dialogmelding xmlns="http://www.kith.no/xmlstds/dialog/2013-01-23"
        xmlns:h="http://www.w3.org/1999/xhtml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <Notat><TemaKodet V="6" S="2.16.578.1.12.4.1.1.7322"/>
        <TekstNotatInnhold xsi:type="any"><h:p>Behov for <h:b>individ</h:b>uell</h:p><h:p>plan</h:p>
        </TekstNotatInnhold></Notat>
    </Dialogmelding>
  </Content></RefDoc></Document>
</MsgHead>
"""


def opened(text: str) -> tuple[Envelope, Tree]:
    return edi.open_message(text.encode(), **LIMITS)


def refused(raw: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refusal:
        edi.open_message(raw, **LIMITS)
    return refusal.value


def problems(refusal: Refused) -> list[str]:
    return [f"{finding.problem} {finding.where}".strip() for finding in refusal.findings]


def test_the_head_tells_who_sends_what_to_whom() -> None:
    envelope, _ = opened(MESSAGE)
    assert envelope == Envelope(
        door="edi",
        message_id="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001",
        envelope_id="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001",
        kind="DIALOG_HELSEFAGLIG",
        kind_display="Helsefaglig dialog",
        payload="http://www.kith.no/xmlstds/dialog/2013-01-23",
        sender=Party("999900033", ("8900003", "8900031"), "Prøveby sykehus", "Habilitering"),
        receiver=Party("999900022", (), "Testkommunen", ""),
        generated="2026-02-03T08:09:10",
        digest=hashlib.sha256(MESSAGE.encode()).hexdigest(),
        test=True,
        acknowledge="on-error",
        parent="p-1",
        conversation="c-1",
    )


def test_the_tree_keeps_structure_and_flattens_formatted_text_without_breaking_or_joining_words() -> None:
    _, tree = opened(MESSAGE)
    assert set(tree) == {"MsgInfo", "Document"}
    info = tree["MsgInfo"][0]
    assert info["MsgId"] == ["0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001"]
    assert info["Patient"][0]["Ident"][1]["TypeId"] == [{"@V": "DUF", "@S": "2.16.578.1.12.4.1.1.8116"}]
    note = tree["Document"][0]["RefDoc"][0]["Content"][0]["Dialogmelding"][0]["Notat"][0]
    assert note["TekstNotatInnhold"] == ["Behov for individuell plan"]


ID, SENDER, RECEIVER = "MsgHead.MsgInfo.MsgId", "MsgHead.MsgInfo.Sender", "MsgHead.MsgInfo.Receiver"


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected", "addressed"),
    [
        ("MsgId>.*</MsgId", f"MsgId>{'4711-' * 20}4</MsgId", [f"malformed-message-id {ID}"], True),
        ("MsgId>.*</MsgId", "MsgId>47\t11</MsgId", [f"malformed-message-id {ID}"], True),
        ("<MsgId>.*</MsgId>", "", [f"missing-element {ID}"], False),
        ("<MsgId>.*</MsgId>", "<MsgId> </MsgId>", [f"malformed-message-id {ID}"], False),
        ("(<MsgId>.*</MsgId>)", r"\1\1", [f"malformed-value {ID}[1]"], True),
        ("<Type V=.*?/>", "<Type/>", ["missing-element MsgHead.MsgInfo.Type.@V"], False),
        ("<Type V=.*?/>", "", ["missing-element MsgHead.MsgInfo.Type"], False),
        ("v1.2 2006", "v1.1 2006", ["malformed-value MsgHead.MsgInfo.MIGversion"], True),
        ("T08:09:10", " 08:09:10", ["malformed-value MsgHead.MsgInfo.GenDate"], False),
        ("2026-02-03", "2026-02-30", ["malformed-value MsgHead.MsgInfo.GenDate"], False),
        ('Ack V="F"', 'Ack V="Q"', ["unknown-code MsgHead.MsgInfo.Ack.@V"], True),
        (">999900022<", ">99990002<", [f"malformed-value {RECEIVER}.Organisation.Ident.Id"], False),
        (">999900033<", "><", [f"missing-element {SENDER}.Organisation.Ident[1].Id"], True),
        (
            '9051("/></Ident>\n    </Organ)',
            r"8116\1",
            [f"missing-element {RECEIVER}.Organisation.Ident"],
            False,
        ),
        ("(?s)<Receiver>.*</Receiver>", "", [f"missing-element {RECEIVER}"], False),
        ("(?s)<Receiver>.*</Receiver>", "<Receiver/>", [f"missing-element {RECEIVER}.Organisation"], False),
        ("(?s)<Document>.*</Document>", "", ["missing-element MsgHead.Document"], True),
        ("(?s)<RefDoc>.*</RefDoc>", "", ["missing-element MsgHead.Document.RefDoc"], True),
        ("<GenDate>", '<GenDate xmlns="urn:x">', ["wrong-namespace MsgHead.MsgInfo.GenDate"], False),
        ("<Patient>", '<Patient xmlns="">', ["wrong-namespace MsgHead.MsgInfo.Patient"], True),
        ('2006-05-24">', '2006-05-25">', ["wrong-namespace MsgHead"], False),
    ],
)
def test_each_fault_of_the_head_is_named_with_its_place(
    pattern: str, replacement: str, expected: list[str], *, addressed: bool
) -> None:
    """And the refusal can be addressed exactly when an AppRec could name the message and both parties."""
    text, count = re.subn(pattern, replacement, MESSAGE, count=1)
    assert count == 1
    refusal = refused(text.encode())
    assert problems(refusal) == expected
    assert (refusal.envelope is not None) == addressed


def test_all_faults_are_told_at_once() -> None:
    text = (
        MESSAGE.replace("MsgId>0d6e", "MsgId>" + "0" * 80).replace("T08:09:10", "").replace('V="F"', 'V="?"')
    )
    assert [found.split()[0] for found in problems(refused(text.encode()))] == [
        "malformed-value",
        "malformed-message-id",
        "unknown-code",
    ]


def test_a_flood_of_strange_elements_gives_a_short_answer() -> None:
    text = MESSAGE.replace("<Patient>", '<x xmlns="urn:x"/>' * 5000 + "<Patient>")
    assert len(refused(text.encode()).findings) == 20


def test_a_receipt_at_this_door_is_named_as_unsupported() -> None:
    raw = b'<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2012-02-15"/>'
    assert problems(refused(raw)) == ["wrong-door AppRec"]


def check_places(raw: bytes) -> None:
    """Every leaf stands, by its XPath, where the message (stripped of namespaces) holds that text."""
    root = etree.fromstring(raw)
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
        for name in [name for name in element.attrib if name.startswith("{")]:
            element.set(etree.QName(name).localname, element.attrib.pop(name))
    for place, value in leaves(edi.open_message(raw, **LIMITS)[1]):
        steps = (
            step if "[" in step or "@" in step else f"{step}[1]" for step in as_xpath(place)[1:].split("/")
        )
        (found,) = root.xpath(f"/MsgHead/{'/'.join(steps)}")
        text = found if isinstance(found, str) else "".join(found.itertext())
        assert "".join(text.split()) == "".join(value.split()), place


def test_every_place_leads_back_to_its_element() -> None:
    check_places(MESSAGE.encode())


def dated(text: str) -> bool:
    try:
        return opened(MESSAGE.replace("2026-02-03T08:09:10", text))[0].generated == text
    except Unreadable:
        return False


XS = "http://www.w3.org/2001/XMLSchema"
SCHEMA_TYPE = etree.XMLSchema(
    etree.XML(f'<s:schema xmlns:s="{XS}"><s:element name="t" type="s:dateTime"/></s:schema>')
)
DIGITS = st.integers(0, 99).map(lambda n: f"{n:02}")
ZONES = st.one_of(
    st.sampled_from(["", "Z"]), st.builds("{}{}:{}".format, st.sampled_from("+-"), DIGITS, DIGITS)
)


@given(
    st.builds(
        "20{}-{}-{}T{}:{}:{}{}{}".format, *[DIGITS] * 6, st.sampled_from(["", ".1", ".1234567890"]), ZONES
    )
)
def test_a_time_is_taken_only_if_xml_schema_takes_it(text: str) -> None:
    element = etree.Element("t")
    element.text = text
    assert SCHEMA_TYPE.validate(element) or not dated(text)


@pytest.mark.parametrize(
    "text", ["2026-05-29T13:13:28.967022541+02:00", "2024-02-29T23:59:59Z", "2026-02-03T08:09:10"]
)
def test_times_as_senders_write_them_are_taken(text: str) -> None:
    assert dated(text)


def check_never_anything_else(raw: bytes) -> None:
    refusal = None
    try:
        edi.open_message(raw, **LIMITS)
    except Unreadable as caught:
        refusal = caught
    told = f"{refusal} {refusal.findings}" if refusal else ""
    assert not any(value in told for value in ("21905297101", "Prøvesen", "Prøveby", "999900033"))
    assert refusal is None or refusal.findings


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    check_never_anything_else(raw)


@given(
    st.lists(
        st.tuples(st.integers(0, len(MESSAGE.encode()) - 1), st.binary(max_size=3)), min_size=1, max_size=6
    )
)
def test_a_damaged_message_is_read_or_refused_without_telling_its_values(
    damage: list[tuple[int, bytes]],
) -> None:
    raw = bytearray(MESSAGE.encode())
    for at, replacement in damage:
        raw[at : at + 2] = replacement
    check_never_anything_else(bytes(raw))


EXPECTED = {
    "NEGATIVE-invalid-version.xml": "malformed-value MsgHead.MsgInfo.MIGversion",
    "helsemelding-TEMPLATE-dialogMessage.xml": "malformed-value MsgHead.MsgInfo.GenDate",
    "message_with_doctype.xml": "doctype",
}
HEADS = sorted([*NORWEGIAN.glob("examples/dialogmelding/*.xml"), *NORWEGIAN.glob("constructed/[dp]*.xml")])
RECEIPTS = sorted([*NORWEGIAN.glob("examples/apprec/*.xml"), *NORWEGIAN.glob("constructed/apprec*.xml")])


@needs_shared
@pytest.mark.parametrize("path", HEADS, ids=lambda path: path.name)
def test_official_messages_open_whole_or_are_refused_for_their_fault(path) -> None:  # type: ignore[no-untyped-def]
    """An independent parser finds the same texts and attributes, each as often, as the tree holds."""
    raw = path.read_bytes()
    if path.name in EXPECTED:
        assert EXPECTED[path.name] in problems(refused(raw))
        return
    envelope, _ = edi.open_message(raw, **LIMITS)
    assert envelope.payload.startswith("http://www.kith.no/xmlstds/")
    elements = list(ElementTree.fromstring(raw).iter())  # noqa: S314 - a file of ours, held against lxml
    texts = [text.strip() for element in elements for text in (element.text, element.tail) if text]
    said = Counter(text for text in [*texts, *(v for e in elements for v in e.attrib.values())] if text)
    whole = xml.tree(xml.parse(raw, **LIMITS), frozenset())
    assert Counter(value for _, value in leaves(whole) if value) == said
    check_places(raw)


@needs_shared
@pytest.mark.parametrize("path", RECEIPTS, ids=lambda path: path.name)
def test_official_receipts_are_no_messages(path) -> None:  # type: ignore[no-untyped-def]
    assert problems(refused(path.read_bytes())) == ["wrong-door AppRec"]
