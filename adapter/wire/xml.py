"""XML from a stranger to a neutral tree: no DTD, no entities, no network, bounded in all that could cost.

The only place where XML is parsed. Comments and processing instructions carry no facts in the Norwegian standards
and are dropped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

from lxml import etree

from adapter.domain.problems import Finding, Refused
from adapter.wire.tree import Tree

_XHTML = "{http://www.w3.org/1999/xhtml}"
_INLINE = frozenset(
    ("a", "abbr", "b", "big", "em", "font", "i", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "u")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How much XML one message may hold, beside its bytes and its depth.

    `elements` and `attributes` in all (a namespace declaration counts as an attribute); `attributes_each` of one
    element; `name` is the longest name of an element or attribute, in characters without its prefix; `namespaces` how
    many different ones are declared. The largest honest messages stay below a tenth of each.
    """

    elements: int = 20_000
    attributes: int = 40_000
    attributes_each: int = 100
    name: int = 100
    namespaces: int = 50


LIMITS: Final = Limits()

_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s")
_DECLARATION = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml\s+version\s*=\s*[\"'][0-9.]+[\"'](?:\s+encoding\s*=\s*[\"']([\w.:-]+)[\"'])?[\s?]"
)
# What senders in use write. Others (UTF-7, UTF-32, EBCDIC) would hide from those who count bytes before parsing.
_ENCODINGS = frozenset((b"utf-8", b"us-ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252", b"utf-16"))
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_UTF_32 = (b"\xff\xfe\0\0", b"<\0\0\0", b"\0\0")
# In a message that begins so, bytes can be counted before it is parsed, and a DOCTYPE can be spelt in one way only.
_UTF_8 = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?(?: standalone=[\"'](?:yes|no)[\"'])? ?\?>"
    rb"|<[A-Za-z])"
)
_MOST_SIGNS = 5
"""So many times more `=` than attributes may stand in a message: parsing one tag costs 200 bytes for each."""
_FAULTS = {110: "name-too-long"}  # XML_ERR_NAME_TOO_LONG of libxml2: 50,000 characters
_RESOURCE_LIMIT = 114  # XML_ERR_RESOURCE_LIMIT: depth 256, text nodes of 10 MB, buffers


class _Count:
    """Counts what the parser meets and keeps nothing of it; no declaration of a DTD is ever acted on."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._elements = self._attributes = 0
        self._namespaces: set[str] = set()

    def doctype(self, *_: object) -> NoReturn:
        raise Refused(Finding("doctype"))

    def start(self, tag: str, attributes: Mapping[str, str], declared: Mapping[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes) + len(declared)
        self._namespaces.update(declared.values())
        if any(len(name.rpartition("}")[2]) > self._limits.name for name in (tag, *attributes)):
            raise Refused(Finding("name-too-long"))
        if self._elements > self._limits.elements:
            raise Refused(Finding("too-many-elements"))
        if self._attributes > self._limits.attributes:
            raise Refused(Finding("too-many-attributes"))
        if len(self._namespaces) > self._limits.namespaces:
            raise Refused(Finding("too-many-namespaces"))

    def close(self) -> None:
        return None


def parse(raw: bytes, *, max_bytes: int, max_depth: int, limits: Limits = LIMITS) -> etree._Element:
    """The root element of `raw`.

    `max_depth` counts elements from the root (1) inwards; libxml2 itself stops at 256.
    Raises Refused: too-large, doctype, not-xml, too-deep, too-many-elements, too-many-attributes, too-many-namespaces,
    name-too-long. The parser's own words are not passed on, since they may quote the message.
    """
    if len(raw) > max_bytes:
        raise Refused(Finding("too-large"))
    if not _encoding_taken(raw):
        raise Refused(Finding("not-xml"))
    try:
        if not _small(raw, limits):
            _count(raw, limits)
        root = etree.fromstring(raw, _parser())
    except etree.XMLSyntaxError as fault:
        raise Refused(Finding(_problem(fault))) from None
    for problem, beyond in _bounds(max_depth, limits, many=raw.count(b"=") > limits.attributes_each):
        if beyond(root):
            raise Refused(Finding(problem))
    return root


def own(path: Path, names: Mapping[str, str] | None = None) -> etree._Element:
    """The root of a file of our own, with `{name}` replaced by what it stands for.

    Raises ValueError with the name of the file, OSError.
    """
    text = path.read_text(encoding="utf-8")
    for name, meant in (names or {}).items():
        text = text.replace(f"{{{name}}}", meant)
    return _of_file(text.encode(), path, _parser())


def from_folder(folder: Path, name: str, text: bytes | None = None) -> etree._Element:
    """The root of a file that an operator points to, or of `text` in its place; it may name files beside it only.

    Raises ValueError with the name of the file, OSError.
    """
    parser = _parser()
    parser.resolvers.add(_Beside(folder))
    path = folder / name
    return _of_file(path.read_bytes() if text is None else text, path, parser)


class _Beside(etree.Resolver):
    """Finds a file by its name in one folder, and nothing anywhere else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override] # stub
        path = self._folder / system_url.rpartition("/")[2]
        found = path.read_bytes() if path.is_file() else b""
        return self.resolve_string(found, context, base_url=path.resolve().as_uri())


def alone(element: etree._Element) -> etree._Element:
    """A copy of an element that was parsed before, as the root of a document of its own."""
    return etree.fromstring(etree.tostring(element, with_tail=False), _parser())


def _of_file(raw: bytes, path: Path, parser: etree.XMLParser) -> etree._Element:
    try:
        return etree.fromstring(raw, parser, base_url=path.resolve().as_uri())
    except etree.XMLSyntaxError as fault:
        raise ValueError(f"{path.name}: no XML, line {fault.lineno}") from None


def _encoding_taken(raw: bytes) -> bool:
    if raw.startswith(_UTF_32):
        return False
    if raw.startswith(_UTF_16) or not _DECLARED.match(raw):
        return True  # UTF-16, UTF-8, or nothing that can be read
    declared = _DECLARATION.match(raw)
    return declared is not None and (declared[1] or b"utf-8").lower() in _ENCODINGS


def _small(raw: bytes, limits: Limits) -> bool:
    """Whether a look at the bytes already shows that nothing is too many: parsing twice takes 100 of 190 us (7 kB)."""
    return (
        _UTF_8.match(raw) is not None
        and b"<!DOCTYPE" not in raw
        and raw.count(b"<") <= limits.elements
        and raw.count(b"=") <= limits.attributes
        and raw.count(b"xmlns") <= limits.namespaces
        and _long_name(limits.name).search(raw) is None
    )


@cache
def _long_name(longest: int) -> re.Pattern[bytes]:
    """Finds the tag of an element whose name has more bytes; the attributes' are looked at in the tree."""
    return re.compile(rb"<[^\s<>/]{%d}" % (longest + 1))


def _count(raw: bytes, limits: Limits) -> None:
    """Raises Refused for what is too many, as soon as it is met."""
    if raw.count(b"=") > _MOST_SIGNS * limits.attributes:
        raise Refused(Finding("too-many-attributes"))
    etree.fromstring(raw, _parser(_Count(limits)))


@cache
def _bounds(depth: int, limits: Limits, *, many: bool) -> tuple[tuple[str, etree.XPath], ...]:
    """What must not be found in a tree. Looking for it takes 12 us for 4 kB, and 10 more where there are many `=`;
    walking it in Python would take 100."""
    deep = ("too-deep", etree.XPath(f"boolean(/{'/'.join('*' * (depth + 1))})"))
    long = ("name-too-long", etree.XPath(f"boolean(//@*[string-length(local-name()) > {limits.name}])"))
    each = ("too-many-attributes", etree.XPath(f"boolean(//*[@*[{limits.attributes_each + 1}]])"))
    return (deep, long, each) if many else (deep, long)


def parser() -> etree.XMLParser:
    """For a library that reads once more what `parse` has let in: the same bounds, no DTD, no network."""
    return _parser()


def _parser(target: Any = None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _problem(fault: etree.XMLSyntaxError) -> str:
    code = getattr(fault, "code", None)
    if code != _RESOURCE_LIMIT:
        return _FAULTS.get(code or 0, "not-xml")
    return "too-deep" if "depth" in str(fault) else "too-large"


def tree(element: etree._Element, text_elements: frozenset[str]) -> Tree:
    """`element` as a neutral tree (adapter/wire/tree.py), by local names.

    Text stands without the whitespace around it; whitespace alone is no text. Elements named in
    `text_elements`, and all that hold XHTML, become one string: their whole text, whitespace collapsed.
    An attribute whose local name is taken by one without namespace gets one `@` more, so none is lost.
    """
    node = _node(element, local(element), text_elements)
    return node if isinstance(node, dict) else {"#text": node}


def _node(element: etree._Element, name: str, text_elements: frozenset[str]) -> Tree | str:
    children = [(child, child.tag) for child in element]
    if name in text_elements or (children and any(tag.startswith(_XHTML) for _, tag in children)):
        return " ".join("".join(_pieces(element)).split())
    node: dict[str, Any] = _attributes(element.items())
    text = (element.text or "").strip()
    if not children:
        return text if not node else node | {"#text": text} if text else node
    below: dict[str, Any] = {}
    for child, tag in children:
        step = tag.rpartition("}")[2]
        below.setdefault(step, []).append(_node(child, step, text_elements))
        if (tail := child.tail) and (tail := tail.strip()):
            text = f"{text} {tail}" if text else tail
    return node | {"#text": text} | below if text else node | below


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; etree.QName takes five times as long to say it."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def _attributes(items: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    if not items:
        return {}
    found: dict[str, Any] = {f"@{name}": value for name, value in items}
    if not any("}" in name for name in found):
        return found
    found = {}
    for name, value in sorted(items, key=lambda item: "}" in item[0]):
        key = f"@{name.rpartition('}')[2]}"
        while key in found:
            key = f"@{key}"
        found[key] = value
    return found


def _pieces(element: etree._Element) -> Iterator[str]:
    """Text in document order; a paragraph or a line break parts words, emphasis inside a word does not."""
    yield element.text or ""
    for child in element:
        gap = "" if local(child).lower() in _INLINE else " "
        yield gap
        yield from _pieces(child)
        yield gap
        yield child.tail or ""
