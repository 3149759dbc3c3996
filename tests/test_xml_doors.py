"""XML is parsed in one place, and every limit of it holds at the door."""

import ast
import re
from pathlib import Path

import pytest
from lxml import etree

from adapter.domain.problems import Refused
from adapter.wire import apprec, edi, xml

ADAPTER = Path(__file__).resolve().parents[1] / "adapter"
PARSERS = re.compile(
    r"\b(XMLParser|HTMLParser|XMLPullParser|iterparse|fromstring|fromstringlist|parse|XML|XMLID|HTML|objectify|XSLT"
    r"|XInclude|ElementTree|minidom|sax|pulldom|expat|lxml\.html|xml\.etree|xml\.dom)\b"
)


def calls(path: Path) -> list[str]:
    """What a module imports from XML packages and uses of lxml, by the names it has there; types are not used."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    imported = [
        alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    of_xml = [name for name in imported if re.match(r"(lxml|xml|defusedxml|bs4|html5lib|xmltodict)\b", name)]
    used = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("etree", "lxml", "ElementTree")
    ]
    return [*of_xml, *used]


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(ADAPTER.rglob("*.py")) if p != ADAPTER / "wire" / "xml.py"],
    ids=lambda p: str(p.relative_to(ADAPTER)),
)
def test_no_parser_is_made_elsewhere(path: Path) -> None:
    """Of lxml the others use what builds, walks, checks and writes trees, and no other XML library at all."""
    used = calls(path)
    assert [name for name in used if PARSERS.search(name.removeprefix("lxml."))] == []
    assert [name for name in used if not name.startswith(("lxml", "etree"))] == []


def test_what_is_searched_for_is_found_where_it_is() -> None:
    """In the one place where XML is parsed, so that an empty search would be seen."""
    assert {n for n in calls(ADAPTER / "wire" / "xml.py") if PARSERS.search(n)} == {
        "etree.XMLParser",
        "etree.fromstring",
    }


HOSTILE = {
    "doctype": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "not-xml": b"<a>&b;</a>",
    "too-deep": b"<a>" * 61 + b"</a>" * 61,
    "too-large": b"<a>" + b"b" * 1_000_000 + b"</a>",
    "too-many-elements": b"<a>" + b"<b/>" * 20_000 + b"</a>",
    "too-many-attributes": b"<a " + b" ".join(b"a%d=''" % n for n in range(101)) + b"/>",
    "too-many-namespaces": b"<a>" + b"".join(b"<b xmlns='u%d'/>" % n for n in range(51)) + b"</a>",
    "name-too-long": b"<a><" + b"b" * 101 + b"/></a>",
}
DOORS = {
    "Hodemelding": lambda raw: edi.open_message(raw, max_bytes=1_000_000, max_depth=60),
    "receipt": apprec.read,
}


@pytest.mark.parametrize("problem", HOSTILE)
@pytest.mark.parametrize("door", DOORS)
def test_every_door_for_xml_refuses_what_is_hostile(door: str, problem: str) -> None:
    with pytest.raises(Refused) as refusal:
        DOORS[door](HOSTILE[problem])
    assert [finding.problem for finding in refusal.value.findings] == [problem]


def test_a_file_of_our_own_is_read_as_strictly(tmp_path: Path) -> None:
    """No entity grows, nothing is fetched, and what is wrong is told with the name of the file."""
    (tmp_path / "a.rng").write_text("<a ns='{namespace}'>{other}</a>", encoding="utf-8")
    root = xml.own(tmp_path / "a.rng", {"namespace": "urn:x"})
    assert (root.get("ns"), root.text) == ("urn:x", "{other}")
    (tmp_path / "b.rng").write_text("<a>", encoding="utf-8")
    with pytest.raises(ValueError, match=r"b\.rng: no XML, line 1"):
        xml.own(tmp_path / "b.rng")
    secret = tmp_path / "secret"
    secret.write_text("s3cret", encoding="utf-8")
    (tmp_path / "c.rng").write_text(
        f"<!DOCTYPE a [<!ENTITY b SYSTEM '{secret.as_uri()}'>]><a>&b;</a>", encoding="utf-8"
    )
    assert b"s3cret" not in etree.tostring(xml.own(tmp_path / "c.rng"))
    assert "s3cret" not in "".join(xml.own(tmp_path / "c.rng").itertext())
