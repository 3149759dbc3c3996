"""All XML that leaves is valid: by the official schemas, read by nobody of ours, and by our own."""

from pathlib import Path

import pytest
from cases import FIXTURES
from lxml import etree
from shared_data import SHARED, needs_shared

from adapter.settings import carried
from adapter.wire import edi, schema

OFFICIAL = SHARED / "norwegian-xml" / "xsd" / "fiks-nhn-client"
SENT = sorted(FIXTURES.rglob("out/*-sent-*.xml"))
RECEIPTS = sorted(FIXTURES.rglob("out/*-answer.xml"))
_FILES = {
    "http://www.kith.no/xmlstds/msghead/2006-05-24": "MsgHead-v1_2.xsd",
    "http://www.kith.no/xmlstds/dialog/2013-01-23": "dialogmelding-v1.1.xsd",
    "http://www.kith.no/xmlstds/dialog/2006-10-11": "dialogmelding-v1.0.xsd",
    "http://www.kith.no/xmlstds/base64container": "kith-base64.xsd",
    "http://www.kith.no/xmlstds/apprec/2004-11-21": "apprec-v1.0.xsd",
    "http://www.kith.no/xmlstds/apprec/2012-02-15": "apprec-v1.1.xsd",
}
_HEAD = b" -->\n"
"""Goldens of answers begin with a comment on their HTTP head."""
_ORDINARY = {"max_bytes": 10_000_000, "max_depth": 60}


@pytest.fixture(scope="module")
def official() -> etree.XMLSchema:
    """One schema of the official files; the payload of a MsgHead is judged strictly, so they belong together."""
    imports = "".join(
        f'<import namespace="{namespace}" schemaLocation="{(OFFICIAL / name).as_uri()}"/>'
        for namespace, name in _FILES.items()
    )
    whole = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    return etree.XMLSchema(etree.fromstring(whole.encode()))


def faults(paths: list[Path], official: etree.XMLSchema) -> list[tuple[str, str]]:
    found = []
    for path in paths:
        if not official.validate(
            etree.fromstring(path.read_bytes().partition(_HEAD)[2] or path.read_bytes())
        ):
            last = official.error_log.last_error
            found.append((str(path.relative_to(FIXTURES)), last.message if last else ""))
    return found


def test_there_are_letters_of_every_type() -> None:
    """The claims below are about something: every type that letters.csv names, both versions, attachments."""
    opened = [edi.open_message(path.read_bytes(), **_ORDINARY)[0] for path in SENT]
    kinds = {"DIALOG_HELSEFAGLIG", "DIALOG_FORESPORSEL", "DIALOG_SVAR", "DIALOG_NOTAT", "DIALOG_AVVIK"}
    assert {envelope.kind for envelope in opened} == kinds
    assert len({envelope.payload for envelope in opened}) == 2
    assert any(b"Base64Container" in path.read_bytes() for path in SENT)
    assert len(SENT) >= 60


@needs_shared
def test_every_letter_is_valid_by_the_official_schemas(official: etree.XMLSchema) -> None:
    assert faults(SENT, official) == []


@needs_shared
def test_every_receipt_is_valid_by_the_official_schemas(official: etree.XMLSchema) -> None:
    assert RECEIPTS
    assert faults(RECEIPTS, official) == []


@needs_shared
def test_the_official_schemas_find_a_fault(official: etree.XMLSchema) -> None:
    """What found nothing above can find something: an element out of order, one that is missing, and a payload."""
    for fault in ("MsgId", "TemaKodet", "Organisation"):
        tree = etree.parse(next(path for path in SENT if b"TemaKodet" in path.read_bytes()))
        element = next(e for e in tree.iter() if etree.QName(e).localname == fault)
        parent = element.getparent()
        assert parent is not None
        parent.append(element) if fault == "MsgId" else parent.remove(element)
        assert not official.validate(tree)


def test_every_letter_is_valid_by_our_own_schemas() -> None:
    ours = schema.load(carried("mappings") / "schemas")
    found = [
        (str(path.relative_to(FIXTURES)), ours.findings(etree.parse(path).getroot(), "")) for path in SENT
    ]
    assert [one for one in found if one[1]] == []
