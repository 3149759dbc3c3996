"""XML from strangers is read safely, and nothing in it is lost on its way into the tree."""

import pytest
from lxml import etree

from adapter.domain.problems import Finding, Refused
from adapter.wire import xml
from adapter.wire.tree import leaves

LIMITS = {"max_bytes": 1_000_000, "max_depth": 60}

UNREAD = {"doctype", "too-large"}
"""Problems that are seen before anything behind them is read."""
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b"]><a>&l9;</a>", "doctype"),
        (b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b']><a b="&l9;"/>', "doctype"),
        (b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>', "doctype"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', "doctype"),
        ('<?xml version="1.0" encoding="utf-16"?><!-- - --><!DOCTYPE a><a/>'.encode("utf-16"), "doctype"),
        (b"\xef\xbb\xbf<!DOCTYPE a><a/>", "doctype"),
        ("<!DOCTYPE a><a/>".encode("utf-32"), "not-xml"),
        ("<!DOCTYPE a><a/>".encode("utf-32-be"), "not-xml"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE a+AD4-<a/>', "not-xml"),
        ('<?xml version="1.0" encoding="cp037"?><!DOCTYPE a><a/>'.encode("cp037"), "not-xml"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE a><a/>', "doctype"),
        (b"<a>" * 61 + b"</a>" * 61, "too-deep"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "too-deep"),
        (b"<a>" + b" " * 1_000_000 + b"</a>", "too-large"),
        (b"<a>&undeclared;</a>", "not-xml"),
        (b"<a><b></a>", "not-xml"),
        (b"", "not-xml"),
        (b"MSH|^~\\&|", "not-xml"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "not-xml"),
        (b"<a>" + b"<b/>" * 20_000 + b"</a>", "too-many-elements"),
        ("<a>".encode("utf-16") + "<b/>".encode("utf-16-le") * 20_000, "too-many-elements"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(101)) + b"/>", "too-many-attributes"),
        (b"<a>" + b"<b c='' d='' e='' f=''/>" * 10_001 + b"</a>", "too-many-attributes"),
        (b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(40_001)) + b"/>", "too-many-attributes"),
        (b"<a>" + b"=" * 200_001 + b"</a>", "too-many-attributes"),
        (b"<a>" + b"".join(b'<b xmlns="u%d"/>' % n for n in range(51)) + b"</a>", "too-many-namespaces"),
        (b"<a><" + b"b" * 101 + b"/></a>", "name-too-long"),
        (b"<a " + b"b" * 101 + b"=''/>", "name-too-long"),
        (b"<a><" + b"b" * 100_000 + b"/></a>", "name-too-long"),
    ],
)
def test_hostile_and_broken_xml_is_refused(raw: bytes, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it can cost anything: no tree is built of what declares a DTD or is too large, so no entity grows."""
    trees: list[bytes] = []
    build = xml.etree.fromstring

    def counted(read: bytes, parser: etree.XMLParser) -> etree._Element:
        root = build(read, parser)
        trees.append(read)
        return root

    monkeypatch.setattr(xml.etree, "fromstring", counted)
    with pytest.raises(Refused) as refusal:
        xml.parse(raw, max_bytes=1_000_000, max_depth=60)
    assert refusal.value.findings == (Finding(problem),)
    assert not (trees and problem in UNREAD)


def test_the_deepest_message_allowed_is_read() -> None:
    assert xml.parse(b"<a>" * 60 + b"</a>" * 60, **LIMITS).tag == "a"


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>" + b"<b/>" * 19_999 + b"</a>",
        b"<a>" + b"<b></b>" * 19_999 + b"</a>",
        b"<a " + b" ".join(b'a%d=""' % n for n in range(100)) + b"/>",
        b"<a>" + b"<b c='' d='' e='' f=''/>" * 10_000 + b"</a>",
        b"<a>" + b"=" * 200_000 + b"</a>",
        b"<a>" + b"".join(b'<b xmlns="u%d"/>' % (n % 50) for n in range(19_999)) + b"</a>",
        b"<a " + b"b" * 100 + b"='" + b"c" * 101 + b"'><" + b"b" * 100 + b"/></a>",
        '<?xml version="1.0" encoding="iso-8859-1"?><a>ø</a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="utf-16"?><a>ø</a>'.encode("utf-16"),
        "<?xml version='1.0' encoding='utf-8'?><a>ø</a>".encode("utf-8-sig"),
    ],
)
def test_as_much_as_is_allowed_is_read(raw: bytes) -> None:
    """Whether the bytes are counted or the elements."""
    assert xml.parse(raw, **LIMITS).tag == "a"


def test_no_text_and_no_attribute_is_lost_in_the_tree() -> None:
    element = etree.XML(
        '<a k="1" xmlns:x="urn:x" x:k="2"> one <b/> two<c>3</c><x:c i="4"/> <![CDATA[<5>]]></a>'
    )
    assert list(leaves(xml.tree(element, frozenset()))) == [
        ("@k", "1"),
        ("@@k", "2"),
        ("#text", "one two <5>"),
        ("b[0]", ""),
        ("c[0]", "3"),
        ("c[1].@i", "4"),
    ]


def flat(content: str) -> object:
    root = etree.XML(f'<r xmlns:h="http://www.w3.org/1999/xhtml"><t>{content}</t><u>{content}</u></r>')
    tree = xml.tree(root, frozenset({"t"}))
    assert tree["t"] == tree["u"], "a named element and one that holds XHTML are treated alike"
    return tree["t"][0]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<h:p>ønsker</h:p><h:p>plan</h:p>", "ønsker plan"),
        ("en<h:br/>to", "en to"),
        ("in<h:b>di</h:b>viduell <h:i> plan</h:i>", "individuell plan"),
        ("<h:ul><h:li>a</h:li>\n <h:li>b\u00a0c</h:li></h:ul> d", "a b c d"),
    ],
)
def test_formatted_text_keeps_words_whole_and_apart(content: str, text: str) -> None:
    assert flat(content) == text


def test_a_root_with_text_only_is_still_a_tree() -> None:
    assert xml.tree(etree.XML("<a> b </a>"), frozenset()) == {"#text": "b"}


def test_a_doctype_that_is_only_written_about_is_none() -> None:
    raw = b'<?xml version="1.0" encoding="UTF-8"?><a><![CDATA[<!DOCTYPE a>]]></a>'
    assert xml.parse(raw, **LIMITS).text == "<!DOCTYPE a>"
