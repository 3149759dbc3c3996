"""What comes along with a message is kept as it came, or left to a person: by its bytes, its size and its number."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from api_client import HOSPITAL, MUNICIPALITY, make_parts, open_database
from cases import FIXTURES

from adapter.domain.attachments import AttachmentRules, MediaType, is_text
from adapter.domain.message import Caller
from adapter.flows.accept import accept
from adapter.flows.attachments import Brought, brought_along
from adapter.flows.explain import explain
from adapter.flows.parts import Parts
from adapter.flows.read import read_resource
from adapter.mapping.attachments import attachment_rules
from adapter.mapping.engine import read
from adapter.mapping.roles import roots_of_hodemelding
from adapter.mapping.tables import load
from adapter.settings import carried
from adapter.wire import json

TABLES = load(carried("mappings"), "https://ip-adapter.example/fhir")
RULES = TABLES.attachments
PDF = b"%PDF-1.7\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n...."
ALONG = (FIXTURES / "notify" / "attachments-go-along" / "in.xml").read_bytes()


@pytest.mark.parametrize(
    ("content", "said", "kind"),
    [
        (PDF, "application/pdf", "application/pdf"),
        (PDF, "", "application/pdf"),
        (PDF, "Application/PDF; version=1.7", "application/pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpg", "image/jpeg"),
        (PNG, "image/png", "image/png"),
        (b"II*\x00....", "image/tiff", "image/tiff"),
        (b"MM\x00*....", "image/tif", "image/tiff"),
        ("Mål: gå ut.\r\n".encode(), "text/plain", "text/plain"),
        (PDF, "image/png", None),
        (PNG, "application/pdf", None),
        (b"PK\x03\x04", "application/zip", None),
        (b"<html></html>", "text/html", None),
        ("Mål".encode("latin-1"), "text/plain", None),
        (b"MZ\x00\x01", "application/pdf", None),
    ],
)
def test_the_first_bytes_say_what_it_is_and_its_name_must_agree(
    content: bytes, said: str, kind: str | None
) -> None:
    found = RULES.type_of(content, said)
    assert (found.name if found else None) == kind


@pytest.mark.parametrize("content", [b"", b"a\x00b", b"\x1b[0m", b"\x7f", b"\xff\xfe"])
def test_control_characters_are_no_text(content: bytes) -> None:
    assert not is_text(content)


def document(content: Any, **more: Any) -> dict[str, Any]:
    """A Document as the tree has it; what is given besides stands in its RefDoc."""
    return {"RefDoc": [{"MsgType": [{"@V": "A"}], "Content": content, **more}]}


def held(*contents: str) -> list[dict[str, Any]]:
    return [{"Base64Container": list(contents)}]


def brought(*documents: Mapping[str, Any], rules: AttachmentRules = RULES) -> Brought:
    own = {"RefDoc": [{"MsgType": [{"@V": "XML"}], "Content": [{"Dialogmelding": [{"Notat": [{}]}]}]}]}
    roots = roots_of_hodemelding({"MsgInfo": [{}], "Document": [own, *documents]})
    reading = read(TABLES.messages["need"], "dialog-1.1", roots, roots["MsgHead"], TABLES.codes)
    return brought_along(roots, reading, rules)


CODED = base64.b64encode(PDF).decode()


@pytest.mark.parametrize(
    "amiss",
    [
        document(held("JVBERi0x*")),
        document(held("")),
        document(held(CODED, CODED)),
        document([*held(CODED), *held(CODED)]),
        document(held(CODED), FileReference=["https://files.example/1.pdf"]),
        document([{"Base64Container": [CODED], "Dialogmelding": [{}]}]),
        document([]),
        {"RefDoc": [{"MsgType": [{"@V": "REF"}], "FileReference": ["https://files.example/1.pdf"]}]},
        {"RefDoc": [{"MsgType": [{"@V": "XML"}], "Content": [{"Epikrise": [{}]}]}]},
    ],
)
def test_what_is_not_one_file_that_can_be_read_is_left_to_a_person(amiss: dict[str, Any]) -> None:
    """It is named, and does not keep the one beside it from going along."""
    found = brought(amiss, document(held(CODED)))
    assert [a.place for a in found.taken] == ["MsgHead.Document[2]"]
    assert "MsgHead.Document[1]" in found.left
    assert {f.problem for f in found.findings} == {"attachment-passed-on", "attachment-not-taken"}


def test_lines_in_the_coded_bytes_are_no_matter() -> None:
    """xs:base64Binary may hold blanks; the bytes are the same."""
    broken = f"\n  {CODED[:8]}\n  {CODED[8:]}\n"
    assert [a.content for a in brought(document(held(broken))).taken] == [PDF]


def test_size_and_number_have_a_limit() -> None:
    """Of three files the third is one too many, and a file of one byte too many is not taken."""
    three = [document(held(base64.b64encode(PDF + bytes([65 + n])).decode())) for n in range(3)]
    few = AttachmentRules(RULES.types, len(PDF) + 1, 2)
    assert brought(*three, rules=few).left == ("MsgHead.Document[3]",)
    small = AttachmentRules(RULES.types, len(PDF), 2)
    assert brought(*three, rules=small).taken == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("largest: 18000000", "largest: -1"),
        ("most:", "mots:"),
        ("begins: [255044462D]", "begins: [2550444]"),
        ("begins: [255044462D]", 'begins: [""]'),
        ("words: true", "words: false"),
        ("type: image/png", "type: application/pdf"),
    ],
)
def test_a_bad_table_stops_the_start(old: str, new: str) -> None:
    text = (carried("mappings") / "attachments.yaml").read_text("utf-8")
    assert old in text
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong differs
        attachment_rules(text.replace(old, new, 1))


def test_fiks_takes_as_much() -> None:
    """What the client of the municipalities' message service lets through is no larger than what is taken here."""
    assert RULES.largest == 18_000_000
    assert MediaType("application/pdf", (b"%PDF-",), frozenset(), words=False) in RULES.types


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    store = open_database(tmp_path)
    yield make_parts(store)
    store.close()


def kept(parts: Parts, raw: bytes) -> list[dict[str, Any]]:
    """The attachments of the one case, after a message."""
    assert accept("edi", raw, Caller(HOSPITAL, frozenset()), parts).status == 200
    (case_id,) = parts.store.case_ids()
    with parts.store.transaction() as tx:
        return [v.body for v in tx.of_case(case_id) if v.type == "DocumentReference"]


def test_it_is_kept_byte_for_byte_with_its_size_and_hash(parts: Parts) -> None:
    """FHIR R4 Attachment: size in bytes, hash SHA-1 in base64."""
    for resource in kept(parts, ALONG):
        file = resource["content"][0]["attachment"]
        content = base64.b64decode(file["data"])
        assert file["data"].encode() in ALONG
        assert file["size"] == len(content)
        assert (
            file["hash"] == base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
        )


def test_the_same_file_twice_is_one(parts: Parts) -> None:
    """Its id follows from its content, so a copy is no second document."""
    attached = ALONG[ALONG.rindex(b"  <Document>") : ALONG.rindex(b"</MsgHead>")]
    assert len(kept(parts, ALONG.replace(b"</MsgHead>", attached + b"</MsgHead>"))) == 2


def test_only_who_may_have_the_need_may_read_it(parts: Parts) -> None:
    """It goes with the need: its sender and the unit read it under the same consent, and a stranger is told that there
    is nothing."""
    document = kept(parts, ALONG)[0]
    answers = {
        who: read_resource(Caller(who, frozenset()), "DocumentReference", document["id"], None, parts)
        for who in (HOSPITAL, MUNICIPALITY, "999900033")
    }
    assert {who: answer.status for who, answer in answers.items()} == {
        HOSPITAL: 200,
        MUNICIPALITY: 200,
        "999900033": 404,
    }
    assert (
        json.loads(answers[MUNICIPALITY].body, max_bytes=100_000, max_depth=50)["content"]
        == document["content"]
    )


def test_each_leaf_of_it_is_accounted_for(parts: Parts) -> None:
    """The account tells where the bytes and the title went, and holds neither."""
    kept(parts, ALONG)
    (case_id,) = parts.store.case_ids()
    (message,) = explain(case_id, parts).messages
    went = {leaf.place: leaf for leaf in message.leaves if leaf.place.startswith("MsgHead.Document[1]")}
    data = went["MsgHead.Document[1].RefDoc[0].Content[0].Base64Container[0]"]
    assert data.facts == ("attachment.data",)
    assert {element.element for element in data.went_to} == {"DocumentReference.content[0].attachment.data"}
    assert {leaf.outcome for leaf in went.values()} == {"read", "ignored"}
