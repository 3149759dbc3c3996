"""What receipts say is read in both versions, and which version answers a message follows from what it is."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shared_data import SHARED, needs_shared
from test_apprec import VERSIONS, schema

from adapter.domain.acknowledgement import about, version_for, wants_receipt
from adapter.domain.message import Acknowledge
from adapter.domain.problems import Finding, Refused
from adapter.mapping.tables import load
from adapter.settings import carried
from adapter.wire import apprec
from adapter.wire.apprec import AppRecStatus, read_receipt

NORWEGIAN = SHARED / "norwegian-xml"

PLO = "http://www.kith.no/xmlstds/po/HelseopplysningerVedSoknad/"
DIALOG = "http://www.kith.no/xmlstds/dialog/"


def receipt(**changes: str) -> bytes:
    parts = {
        "namespace": "http://www.kith.no/xmlstds/apprec/2004-11-21",
        "root": "AppRec",
        "version": "<MIGversion>1.0 2004-11-21</MIGversion>",
        "status": '<Status V="3"/>',
        "errors": '<Error V="07"/><Error V="16"/>',
        "original": "<OriginalMsgId><Id>m-1</Id></OriginalMsgId>",
    } | changes
    content = f"{parts['version']}{parts['status']}{parts['errors']}{parts['original']}"
    return f'<{parts["root"]} xmlns="{parts["namespace"]}">{content}</{parts["root"]}>'.encode()


def test_a_receipt_of_version_1_0_is_read() -> None:
    assert apprec.read(receipt()) == AppRecStatus("3", "m-1", ("07", "16"))


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (receipt(version=""), Finding("missing-element", "AppRec.MIGversion")),
        (receipt(version="<MIGversion>123</MIGversion>"), Finding("malformed-value", "AppRec.MIGversion")),
        (receipt(version="<MIGversion>v</MIGversion>"), Finding("malformed-value", "AppRec.MIGversion")),
        (
            receipt(version="<MIGversion>v1.1 2012-02-15</MIGversion>"),
            Finding("malformed-value", "AppRec.MIGversion"),
        ),
        (receipt(status=""), Finding("missing-element", "AppRec.Status.@V")),
        (receipt(status='<Status V="4"/>'), Finding("unknown-code", "AppRec.Status.@V")),
        (receipt(original=""), Finding("missing-element", "AppRec.OriginalMsgId.Id")),
        (receipt(namespace="urn:x"), Finding("wrong-namespace", "AppRec")),
        (receipt(root="MsgHead"), Finding("unsupported-message-type", "AppRec")),
        (
            receipt(root="MsgHead", namespace="http://www.kith.no/xmlstds/msghead/2006-05-24"),
            Finding("wrong-door", "MsgHead"),
        ),
        (b"OK", Finding("not-xml")),
        (b"<!DOCTYPE AppRec>" + receipt(), Finding("doctype")),
    ],
)
def test_a_broken_receipt_is_refused_for_its_fault(broken: bytes, finding: Finding) -> None:
    with pytest.raises(Refused) as refusal:
        apprec.read(broken)
    assert refusal.value.findings == (finding,)


@given(st.tuples(st.integers(0, len(receipt())), st.integers(0, 9), st.binary(max_size=9)))
def test_a_damaged_receipt_is_read_or_refused(damage: tuple[int, int, bytes]) -> None:
    at, gone, new = damage
    broken = receipt()[:at] + new + receipt()[at + gone :]
    try:
        said = apprec.read(broken)
    except Refused:
        return
    assert said.status in ("1", "2", "3")


@pytest.mark.parametrize(
    ("errors", "codes"),
    [
        ((), ""),
        (("E21",), "E21"),
        (("07", "16", "07"), "07,16"),
        (("05856010033", "Kari", "", "E35"), "X99,E35"),
        (tuple(f"E{n}" for n in range(10, 40)), ",".join(f"E{n}" for n in range(10, 20))),
    ],
)
def test_of_the_errors_only_codes_are_kept(errors: tuple[str, ...], codes: str) -> None:
    """Whatever else stands in their place could be somebody's data; and there are not endlessly many."""
    assert AppRecStatus("2", "m-1", errors).codes == codes


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (receipt(status='<Status V="1"/>'), ("apprec-partly", "07,16")),
        (receipt(status='<Status V="2"/>'), ("apprec-rejected", "07,16")),
        (receipt(), ("apprec-partly", "07,16")),
        (receipt(original="<OriginalMsgId><Id>M-1</Id></OriginalMsgId>"), ("apprec-partly", "07,16")),
        (receipt(original="<OriginalMsgId><Id>m-2</Id></OriginalMsgId>"), ("nonsense", "")),
        (receipt(namespace="urn:x"), ("nonsense", "")),
        (b"OK", ("nonsense", "")),
    ],
)
def test_an_answer_counts_only_for_the_message_it_names(raw: bytes, said: tuple[str, str]) -> None:
    assert read_receipt(raw, "m-1") == said


@pytest.mark.parametrize(
    ("asked", "when_taken", "when_refused"),
    [("always", True, True), ("never", False, False), ("on-error", False, True)],
)
def test_who_wants_no_receipt_gets_none(asked: Acknowledge, when_taken: bool, when_refused: bool) -> None:
    """Volven 7304: J, N and F."""
    wanted = [wants_receipt(asked, refused=refused) for refused in (False, True)]
    assert wanted == [when_taken, when_refused]


def test_only_codes_about_the_addressee_put_a_case_on_a_list() -> None:
    tables = load(carried("mappings"), "https://ip-adapter.example/fhir")
    listed = {code for code in tables.apprec_errors if about(tables.rejections, f"T99,{code}")}
    assert listed == {"E20", "E21"}


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("apprec.csv", "*,*,2.0"),
        ("apprec.csv", "DIALOG_SVAR,*,1.0"),
        ("rejections.csv", "E99,routing,wrong-addressee"),
        ("rejections.csv", "E21,routing,not-a-problem"),
    ],
)
def test_the_program_does_not_start_on_a_table_that_cannot_be_right(
    file: str, row: str, tmp_path: Path
) -> None:
    """A version nobody knows, a last row that does not take every message, a code or a problem that is not there."""
    mappings = Path(shutil.copytree(carried("mappings"), tmp_path / "mappings"))
    with (mappings / file).open("a", encoding="utf-8") as table:
        table.write(f"{row}\n")
    with pytest.raises(ValueError, match=file):
        load(mappings, "https://ip-adapter.example/fhir")


@pytest.mark.parametrize(
    ("kind", "payload", "version"),
    [
        ("DIALOG_AVVIK", f"{DIALOG}2006-10-11", "1.0"),
        ("DIALOG_AVVIK", "", "1.0"),
        ("DIALOG_SVAR", f"{DIALOG}2006-10-11", "1.0"),
        ("DIALOG_HELSEFAGLIG", f"{DIALOG}2013-01-23", "1.1"),
        ("DIALOG_HELSEFAGLIG", "", "1.1"),
        ("HELSEOPPL_SOKNAD", f"{PLO}2009-06-30", "1.0"),
        ("HELSEOPPL_SOKNAD", f"{PLO}2012-04-01", "1.1"),
        ("PASIENTLOGISTIKK", "", "1.0"),
        ("LOG_INNLAGT", "http://www.kith.no/xmlstds/po/Pasientlogistikk/2012-04-01", "1.1"),
        ("DIALOG_INNBYGGER_KOORDINATOR", f"{DIALOG}2006-10-11", "1.0"),
        ("DIALOG_INNBYGGER_KOORDINATOR", f"{DIALOG}2013-01-23", "1.1"),
        ("FINNES_IKKE", "urn:x", "1.1"),
    ],
)
def test_the_version_follows_from_the_type_and_where_that_is_not_enough_from_the_content(
    kind: str, payload: str, version: str
) -> None:
    assert version_for(VERSIONS, kind, payload) == version


@needs_shared
def test_official_receipts_are_read_as_they_say() -> None:
    """Those the schema takes are read, unless their status is outside Volven 8258; the others are refused."""
    for path in [*NORWEGIAN.glob("examples/apprec/*.xml"), *NORWEGIAN.glob("constructed/apprec*.xml")]:
        root = etree.parse(path).getroot()
        newer = etree.QName(root).namespace == apprec.NAMESPACES["1.1"]
        version = "v1.1" if newer else "v1.0"
        status = root.find("{*}Status")
        if schema(version).validate(root) and status.get("V") in ("1", "2", "3"):
            codes = tuple(error.get("V") for error in root.iterfind("{*}Error"))
            original = root.findtext("{*}OriginalMsgId/{*}Id")
            assert apprec.read(path.read_bytes()) == AppRecStatus(status.get("V"), original, codes), path.name
        else:
            with pytest.raises(Refused):
                apprec.read(path.read_bytes())
