"""An AppRec names the message, the parties and every fault, as the standard says, and never a value."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shared_data import SHARED, needs_shared

from adapter.domain.acknowledgement import Version, version_for
from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Catalogue, Finding, Problem
from adapter.mapping.tables import load
from adapter.wire import apprec, edi
from adapter.wire.apprec import AppRecStatus

NORWEGIAN = SHARED / "norwegian-xml"
MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
ROWS = yaml.safe_load((MAPPINGS / "problems.yaml").read_text(encoding="utf-8"))
CATALOGUE = Catalogue({row["name"]: Problem(**row) for row in ROWS})
CODES = json.loads((MAPPINGS / "codes" / "apprec-errors.json").read_text(encoding="utf-8"))
VERSIONS = load(MAPPINGS, "https://ip-adapter.example/fhir").apprec_versions
DISPLAYS = {concept["code"]: concept["display"] for concept in CODES["concept"]}

ENVELOPE = Envelope(
    door="edi",
    message_id="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001",
    envelope_id="0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001",
    kind="DIALOG_HELSEFAGLIG",
    kind_display="Helsefaglig dialog",
    payload="http://www.kith.no/xmlstds/dialog/2013-01-23",
    sender=Party("999900033", ("8900003", "8900031"), "PRØVEBY SYKEHUS HF (FIKTIV)", "Habilitering"),
    receiver=Party("999900022", ("8900002", "8900022"), "TESTKOMMUNEN KOMMUNE (FIKTIV)", "Saksbehandling"),
    generated="2026-02-03T08:09:10",
    digest="",
)
AT = datetime(2026, 2, 3, 9, 0, 1, 999999, tzinfo=timezone(timedelta(hours=1)))
FAULTS = (
    Finding("missing-element", "MsgHead.MsgInfo.Type"),
    Finding("wrong-check-digit", "MsgHead.MsgInfo[0].Patient[0].Ident[1].Id[0]"),
    Finding("consent-not-stated"),
    Finding("unread-element", "MsgHead.MsgInfo.RequestedPriority.@V"),
    Finding("not-json"),
)


def written(
    envelope: Envelope = ENVELOPE, findings: Sequence[Finding] = (), version: Version = "1.1"
) -> etree._Element:
    return etree.fromstring(raw(envelope, findings, version))


def raw(envelope: Envelope = ENVELOPE, findings: Sequence[Finding] = (), version: Version = "1.1") -> bytes:
    return apprec.write(
        envelope,
        findings,
        CATALOGUE,
        displays=DISPLAYS,
        id="a-1",
        at=AT,
        software_version="9.9",
        version=version,
    )


def outline(element: etree._Element) -> list[object]:
    """Names, codes and texts, in order; what stands between elements and the order of attributes left out."""
    name, text = etree.QName(element).localname, (element.text or "").strip()
    return [name, dict(element.attrib), text, *(outline(child) for child in element)]


def coded(name: str, value: str, display: str) -> list[object]:
    return [name, {"V": value, "DN": display}, ""]


def plain(name: str, text: str) -> list[object]:
    return [name, {}, text]


def unit(name: str, number: str, label: str, kind: str = "HER", *below: object) -> list[object]:
    type_id = {"HER": "HER-id", "ENH": "Organisasjonsnummeret i Enhetsregister"}[kind]
    return [name, {}, "", plain("Name", label), plain("Id", number), coded("TypeId", kind, type_id), *below]


@pytest.mark.parametrize(("version", "mig"), [("1.1", "v1.1 2012-02-15"), ("1.0", "1.0 2004-11-21")])
def test_a_positive_receipt_has_the_form_of_the_standard(version: Version, mig: str) -> None:
    """Order and names are the same in both versions; the sender of the receipt is the receiver of the message."""
    ours = unit("Inst", "8900002", ENVELOPE.receiver.name, "HER", unit("Dept", "8900022", "Saksbehandling"))
    theirs = unit("Inst", "8900003", ENVELOPE.sender.name, "HER", unit("Dept", "8900031", "Habilitering"))
    receipt = written(version=version)
    assert {etree.QName(part).namespace for part in receipt.iter()} == {apprec.NAMESPACES[version]}
    assert outline(receipt) == [
        "AppRec",
        {},
        "",
        coded("MsgType", "APPREC", "Applikasjonskvittering"),
        plain("MIGversion", mig),
        plain("SoftwareName", "ip-adapter"),
        plain("SoftwareVersion", "9.9"),
        plain("GenDate", "2026-02-03T08:00:01Z"),
        plain("Id", "a-1"),
        ["Sender", {}, "", coded("Role", "PRIM", "Primærmottaker"), ["HCP", {}, "", ours]],
        ["Receiver", {}, "", coded("Role", "AVS", "Avsender"), ["HCP", {}, "", theirs]],
        coded("Status", "1", "OK"),
        [
            "OriginalMsgId",
            {},
            "",
            coded("MsgType", "DIALOG_HELSEFAGLIG", "Helsefaglig dialog"),
            plain("IssueDate", ENVELOPE.generated),
            plain("Id", ENVELOPE.message_id),
        ],
    ]


def test_a_negative_receipt_holds_one_error_per_fault_with_official_text_and_place() -> None:
    receipt = written(findings=FAULTS)
    namespace = f"{{{apprec.NAMESPACES['1.1']}}}"
    assert dict(receipt.find(f"{namespace}Status").attrib) == {"V": "2", "DN": "Avvist"}
    assert [dict(error.attrib) for error in receipt.findall(f"{namespace}Error")] == [
        {
            "V": "T02",
            "S": "2.16.578.1.12.4.1.1.8221",
            "DN": "XML validerer ikke",
            "OT": "Et nødvendig element mangler. Sted: /MsgHead/MsgInfo/Type",
        },
        {
            "V": "E31",
            "S": "2.16.578.1.12.4.1.1.8221",
            "DN": "Pasientens fødselsnummer er feil",
            "OT": "Identitetsnummeret har feil kontrollsiffer. Sted: /MsgHead/MsgInfo/Patient/Ident[2]/Id",
        },
        {
            "V": "X99",
            "S": "2.16.578.1.12.4.1.1.8221",
            "DN": "Annen feil",
            "OT": CATALOGUE[FAULTS[-1].problem].text["nb"],
        },
    ]


def test_warnings_and_information_leave_the_receipt_positive() -> None:
    assert raw(findings=[Finding("consent-not-stated"), Finding("unread-element", "MsgHead.X")]) == raw()


def test_the_same_fault_at_the_same_place_is_told_once() -> None:
    assert raw(findings=FAULTS[:1] * 3) == raw(findings=FAULTS[:1])


def test_a_receipt_is_the_same_bytes_every_time_and_says_that_it_is_utf8() -> None:
    assert raw(findings=FAULTS) == raw(findings=list(FAULTS))
    assert raw().split(b"\n")[0].replace(b"'", b'"') == b'<?xml version="1.0" encoding="UTF-8"?>'
    assert "PRØVEBY".encode() in raw()


@pytest.mark.parametrize(
    ("party", "expected"),
    [
        (Party("999900022", (), "Kommunen"), unit("Inst", "999900022", "Kommunen", "ENH")),
        (Party("999900022", ("8900002",), "Kommunen"), unit("Inst", "8900002", "Kommunen")),
        (
            Party("999900022", ("8900022",), "Kommunen", "Saksbehandling"),
            unit("Inst", "999900022", "Kommunen", "ENH", unit("Dept", "8900022", "Saksbehandling")),
        ),
        (
            Party("", ("8900002", "8900020", "8900022"), "Kommunen", "Saksbehandling"),
            unit("Inst", "8900002", "Kommunen", "HER", unit("Dept", "8900022", "Saksbehandling")),
        ),
    ],
)
def test_an_organisation_without_an_address_of_its_own_is_named_by_its_number(
    party: Party, expected: list[object]
) -> None:
    (found,) = written(replace(ENVELOPE, sender=party)).iterfind(".//{*}Receiver/{*}HCP/{*}Inst")
    assert outline(found) == expected


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(("findings", "status"), [((), "1"), (FAULTS, "2")])
def test_what_is_written_is_read_back(findings: Sequence[Finding], status: str, version: Version) -> None:
    errors = ("T02", "E31", "X99") if findings else ()
    read = apprec.read(raw(findings=findings, version=version))
    assert read == AppRecStatus(status, ENVELOPE.message_id, errors)  # type: ignore[arg-type]


def test_every_problem_that_an_xml_message_can_have_finds_its_official_text() -> None:
    assert {problem.apprec for problem in CATALOGUE.problems.values() if problem.apprec} <= set(DISPLAYS)
    assert all(raw(findings=[Finding(name)]) for name in CATALOGUE.problems)


def schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(NORWEGIAN / "xsd" / "fiks-nhn-client" / f"apprec-{version}.xsd"))


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=30)
NUMBERS = st.lists(st.integers(1, 9_999_999).map(str), max_size=3).map(tuple)
PARTIES = st.builds(Party, st.sampled_from(["", "999900033"]), NUMBERS, NAMES, NAMES)


@needs_shared
@given(
    PARTIES,
    PARTIES,
    st.lists(st.sampled_from(sorted(CATALOGUE.problems)).map(Finding), max_size=4),
    st.sampled_from(["1.0", "1.1"]),
)
def test_whatever_is_written_follows_the_official_schema(
    sender: Party, receiver: Party, findings: list[Finding], version: Version
) -> None:
    envelope = replace(ENVELOPE, sender=sender, receiver=receiver)
    schema(f"v{version}").assertValid(written(envelope, findings, version))


@needs_shared
@pytest.mark.parametrize("findings", [(), FAULTS])
def test_answers_to_official_messages_follow_the_official_schema(findings: Sequence[Finding]) -> None:
    for path in NORWEGIAN.glob("constructed/[dp]*.xml"):
        envelope, _ = edi.open_message(path.read_bytes(), max_bytes=1_000_000, max_depth=60)
        version = version_for(VERSIONS, envelope.kind, envelope.payload)
        schema(f"v{version}").assertValid(written(envelope, findings, version))


@needs_shared
@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("dialog-v1.1-DIALOG_HELSEFAGLIG-behov-IP-fra-sykehus", "apprec-v1.1-OK-DIALOG_HELSEFAGLIG"),
        ("dialog-v1.0-DIALOG_FORESPORSEL-behov-IP-fra-sykehus", "apprec-v1.0-OK-DIALOG_FORESPORSEL"),
    ],
)
def test_our_answer_equals_the_example_answer_to_the_same_message(message: str, answer: str) -> None:
    """Its version, too. All but what belongs to the answer itself: its id, its time, the version of the software."""
    folder = NORWEGIAN / "constructed"
    sent = (folder / f"{message}.xml").read_bytes()
    envelope, _ = edi.open_message(sent, max_bytes=1_000_000, max_depth=60)
    example = etree.parse(folder / f"{answer}.xml").getroot()
    ours = written(envelope, version=version_for(VERSIONS, envelope.kind, envelope.payload))
    assert ours.tag == example.tag
    own = ("SoftwareVersion", "GenDate", "Id")
    said, expected = ([part for part in outline(root)[3:] if part[0] not in own] for root in (ours, example))
    assert said == expected


@needs_shared
def test_our_error_codes_are_those_of_volven_8221() -> None:
    extract = json.loads((NORWEGIAN / "kodeverk-extract.json").read_text(encoding="utf-8"))["8221"]
    assert extract["codes"] == DISPLAYS
    assert CODES["url"] == f"urn:oid:{extract['oid']}"
    assert CODES["count"] == len(DISPLAYS)
