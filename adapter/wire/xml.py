"""XML from a stranger to a neutral tree: no DTD, no entities, no network, bounded in size and depth.

Comments and processing instructions carry no facts in the Norwegian standards and are dropped.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

from lxml import etree

from adapter.domain.problems import Finding, Refused
from adapter.wire.tree import Tree

_XHTML = "http://www.w3.org/1999/xhtml"
_INLINE = frozenset(
    (
        "a",
        "abbr",
        "b",
        "big",
        "em",
        "font",
        "i",
        "q",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "u",
    )
)
_RESOURCE_LIMIT = 114  # XML_ERR_RESOURCE_LIMIT of libxml2: depth 256, text nodes of 10 MB, buffers


class _RootReached(Exception):  # noqa: N818 - good news
    pass


class _Prolog:
    """Looks at what stands before the root element, so that no declaration of a DTD is ever acted on."""

    def doctype(self, *_: object) -> NoReturn:
        raise Refused(Finding("doctype"))

    def start(self, *_: object) -> NoReturn:
        raise _RootReached

    def close(self) -> None:
        return None


def parse(raw: bytes, *, max_bytes: int, max_depth: int) -> etree._Element:
    """The root element of `raw`.

    `max_depth` counts elements from the root (1) inwards; libxml2 itself stops at 256.
    Raises Refused: too-large, doctype, not-xml, too-deep. The parser's own words are not passed on,
    since they may quote the message.
    """
    if len(raw) > max_bytes:
        raise Refused(Finding("too-large"))
    try:
        root = _read(raw)
    except etree.XMLSyntaxError as fault:
        raise Refused(Finding(_problem(fault))) from None
    if root.getroottree().xpath(f"boolean(/{'/'.join('*' * (max_depth + 1))})"):
        raise Refused(Finding("too-deep"))
    return root


def _read(raw: bytes) -> etree._Element:
    with suppress(_RootReached):
        etree.fromstring(raw, _parser(_Prolog()))
    return etree.fromstring(raw, _parser())


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
    if getattr(fault, "code", None) != _RESOURCE_LIMIT:
        return "not-xml"
    return "too-deep" if "depth" in str(fault) else "too-large"


def tree(element: etree._Element, text_elements: frozenset[str]) -> Tree:
    """`element` as a neutral tree (adapter/wire/tree.py), by local names.

    Text stands without the whitespace around it; whitespace alone is no text. Elements named in
    `text_elements`, and all that hold XHTML, become one string: their whole text, whitespace collapsed.
    An attribute whose local name is taken by one without namespace gets one `@` more, so none is lost.
    """
    node = _node(element, text_elements)
    return node if isinstance(node, dict) else {"#text": node}


def _node(element: etree._Element, text_elements: frozenset[str]) -> Tree | str:
    if _name(element) in text_elements or any(etree.QName(child).namespace == _XHTML for child in element):
        return " ".join("".join(_pieces(element)).split())
    node: dict[str, Any] = dict(_attributes(element))
    own = _own_text(element)
    if not node and not len(element):
        return own
    if own:
        node["#text"] = own
    for child in element:
        node.setdefault(_name(child), []).append(_node(child, text_elements))
    return node


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    names = [(etree.QName(name), str(value)) for name, value in element.items()]
    for name, value in sorted(names, key=lambda pair: pair[0].namespace is not None):
        key = f"@{name.localname}"
        while key in taken:
            key = f"@{key}"
        taken.add(key)
        yield key, value


def _own_text(element: etree._Element) -> str:
    parts = [element.text, *(child.tail for child in element)]
    return " ".join(part.strip() for part in parts if part and part.strip())


def _pieces(element: etree._Element) -> Iterator[str]:
    """Text in document order; a paragraph or a line break parts words, emphasis inside a word does not."""
    yield element.text or ""
    for child in element:
        gap = "" if _name(child).lower() in _INLINE else " "
        yield gap
        yield from _pieces(child)
        yield gap
        yield child.tail or ""
