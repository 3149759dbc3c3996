"""What may be done to a message on its way: by a broken line, a careless system or somebody who means harm."""

import re
import uuid
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

TAG = re.compile(rb"<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>")
ATTRIBUTE = re.compile(rb'\s[\w:.-]+="[^"]*"')
TEXT = re.compile(rb">([^<>]+)<")
MESSAGE_ID = re.compile(rb"(?<=<MsgId>)[^<]*")
DECLARATION = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]*\?>\s*")
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))

INCLUDE = b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd' parse='text'/>"
NASTY: Sequence[bytes] = (
    b"\0", b"\x0b", b"\x7f", b"\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    "\u202e\u2028\ufeff\u0085".encode(), b"&amp;", b"&l9;", b"&#0;", b"&#13;", b"&#x10ffff;", b"&#x110000;",
    b"&#xd800;", b"]]>", b"<![CDATA[", b"<![CDATA[x]]>", b"<!-- - -->", b"<!--", b"<?xml version='1.0'?>",
    b"<?pi x?>", b"<?xml-a b?>", b"<!DOCTYPE a>", b"<!ELEMENT a ANY>", b"<", b">", b'"', b"'", b"=", b"/>",
    b"</MsgHead>", b"<MsgHead/>", b"<x:y/>", INCLUDE, b" xmlns=''", b" xmlns:x=''", b" xml:base='file:///'",
    b" xsi:nil='true'", b"<a xmlns='urn:a'>t</a>", b"\r\n", b"\t" * 1000, b"%n%s{0}${x}", b"';--",
)  # fmt: skip
ENCODINGS: Sequence[tuple[str, str]] = (
    ("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16"), ("utf-16", "utf-8"), ("utf-8", "utf-16"),
    ("utf-32", "utf-32"), ("utf-32-be", "utf-32"), ("utf-7", "UTF-7"), ("cp037", "cp037"), ("cp500", "ebcdic-cp-be"),
    ("latin-1", "iso-8859-1"), ("cp1252", "windows-1252"), ("utf-8", "iso-8859-1"), ("latin-1", "utf-8"),
    ("utf-8-sig", "utf-8"), ("ascii", "us-ascii"), ("utf-8", "no-such"), ("shift_jis", "shift_jis"),
)  # fmt: skip
DOCTYPES: Sequence[bytes] = (
    b"<!DOCTYPE a [" + LAUGHS + b"]>",
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'<!DOCTYPE a [<!ENTITY l9 SYSTEM "http://127.0.0.1:9/">]>',
)
STARTS: Sequence[bytes] = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b" ", b"\0", b"\n<!-- -->")

Havoc = Callable[[bytes], bytes]


def anew(raw: bytes) -> bytes:
    """The message under an id of its own, which follows from what it holds, so that it is no repeat of another."""
    return MESSAGE_ID.sub(str(uuid.uuid5(uuid.NAMESPACE_OID, raw.hex())).encode(), raw, count=1)


def _found(pattern: re.Pattern[bytes], raw: bytes, nth: int) -> re.Match[bytes] | None:
    found = [*pattern.finditer(raw[:200_000])]
    return found[nth % len(found)] if found else None


def _element(raw: bytes, nth: int) -> tuple[int, int]:
    """Where the nth element begins and ends, by its tags."""
    start = _found(TAG, raw, nth)
    if not start:
        return 0, 0
    if start[0].endswith(b"/>"):
        return start.span()
    end = raw.find(b"</%s>" % start[1], start.end())
    return start.start(), end + len(start[1]) + 3 if end >= 0 else len(raw)


def _replaced(raw: bytes, span: tuple[int, int], by: bytes) -> bytes:
    return raw[: span[0]] + by + raw[span[1] :]


def _at(raw: bytes, share: float) -> int:
    return int(share * len(raw))


def flip(share: float, bits: int) -> Havoc:
    def havoc(raw: bytes) -> bytes:
        at = _at(raw, share)
        return _replaced(raw, (at, at + 1), bytes([raw[at] ^ bits])) if at < len(raw) else raw

    return havoc


def insert(share: float, what: bytes) -> Havoc:
    return lambda raw: _replaced(raw, (_at(raw, share), _at(raw, share)), what)


def cut(share: float, length: int) -> Havoc:
    return lambda raw: _replaced(raw, (_at(raw, share), _at(raw, share) + length), b"")


def double(nth: int, times: int) -> Havoc:
    def havoc(raw: bytes) -> bytes:
        start, end = _element(raw, nth)
        return _replaced(raw, (end, end), raw[start:end] * times) if end - start < 2_000_000 // times else raw

    return havoc


def drop(nth: int) -> Havoc:
    return lambda raw: _replaced(raw, _element(raw, nth), b"")


def move(nth: int, to: int) -> Havoc:
    def havoc(raw: bytes) -> bytes:
        span, target = _element(raw, nth), _element(raw, to)
        return _replaced(raw, target, raw[slice(*span)] + raw[slice(*target)])

    return havoc


def nest(nth: int, depth: int) -> Havoc:
    def havoc(raw: bytes) -> bytes:
        span = _element(raw, nth)
        return _replaced(raw, span, b"<n>" * depth + raw[slice(*span)] + b"</n>" * depth)

    return havoc


def rewrite(pattern: re.Pattern[bytes], nth: int, what: bytes) -> Havoc:
    def havoc(raw: bytes) -> bytes:
        found = _found(pattern, raw, nth)
        if not found:
            return raw
        return _replaced(raw, found.span(1 if pattern is TEXT else 0), what)

    return havoc


def encode(how: tuple[str, str]) -> Havoc:
    encoding, said = how

    def havoc(raw: bytes) -> bytes:
        text = DECLARATION.sub(b"", raw).decode("utf-8", "replace")
        return f'<?xml version="1.0" encoding="{said}"?>{text}'.encode(encoding, "replace")

    return havoc


def declare(what: bytes) -> Havoc:
    """A DOCTYPE in front, and an entity of it where text stands."""
    return lambda raw: what + TEXT.sub(b">&l9;<", DECLARATION.sub(b"", raw), count=3)


def crowd(kind: int, many: int) -> Havoc:
    """So many of one thing, inside the first element or in its tag."""
    inside = (
        lambda n: b"<a/>" * n,
        lambda n: b"<a>" * n,
        lambda n: b"<Document/>" * n,
        lambda n: b"<!-- -->" * n,
        lambda n: b"<?p?>" * n,
        lambda n: b"".join(b"<a%d/>" % i for i in range(n)),
        lambda n: b"".join(b'<a xmlns="u%d"/>' % i for i in range(n)),
        lambda n: b"<![CDATA[" + b"x" * n + b"]]>",
        lambda n: b"<" + b"a" * n + b"/>",
        lambda n: b"&#38;" * n,
    )
    tagged = (
        lambda n: b"".join(b' a%d=""' % i for i in range(n)),
        lambda n: b"".join(b' xmlns:a%d="u%d"' % (i, i) for i in range(n)),
        lambda n: b' a="' + b"x" * n + b'"',
        lambda n: b" " + b"a" * n + b'=""',
    )

    def havoc(raw: bytes) -> bytes:
        start = TAG.search(raw)
        if not start:
            return raw
        if kind % 14 < len(inside):
            return _replaced(raw, (start.end(), start.end()), inside[kind % 14](many))
        return _replaced(raw, (start.end() - 1, start.end() - 1), tagged[kind % 14 - len(inside)](many))

    return havoc


_share = st.floats(0, 1, exclude_max=True)
_nth = st.integers(0, 200)
_text = st.binary(max_size=40) | st.sampled_from(NASTY)
_words = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="<&\ufffe\uffff")
)
BROKEN = st.one_of(
    st.builds(flip, _share, st.integers(1, 255)),
    st.builds(insert, _share, _text),
    st.builds(cut, _share, st.integers(1, 400)),
    st.builds(rewrite, st.sampled_from((TAG, ATTRIBUTE, TEXT)), _nth, _text),
)
SHAPED = st.one_of(
    st.builds(double, _nth, st.integers(1, 30)),
    st.builds(drop, _nth),
    st.builds(move, _nth, _nth),
    st.builds(nest, _nth, st.integers(1, 70)),
    st.builds(rewrite, st.just(TEXT), _nth, _words.map(str.encode)),
    st.builds(
        rewrite, st.just(ATTRIBUTE), _nth, st.sampled_from((b"", b' V=""', b' V="%"', b' x="1"', b' S="1.2"'))
    ),
)
WHOLE = st.one_of(
    st.builds(encode, st.sampled_from(ENCODINGS)),
    st.builds(declare, st.sampled_from(DOCTYPES)),
    st.builds(crowd, st.integers(0, 13), st.sampled_from((10, 60, 300, 5_000, 19_000, 100_000))),
    st.builds(double, _nth, st.sampled_from((1_000, 20_000))),
    st.builds(insert, st.just(0.0), st.sampled_from(STARTS)),
)
HAVOC = st.one_of(
    st.lists(SHAPED, min_size=1, max_size=4),
    st.lists(SHAPED, min_size=1, max_size=2),
    st.lists(BROKEN | SHAPED, min_size=1, max_size=4),
    st.tuples(SHAPED, WHOLE).map(list),
    WHOLE.map(lambda whole: [whole]),
)
"""Half of it leaves well-formed XML, which comes further."""
