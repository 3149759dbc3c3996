"""XML from a stranger to a neutral tree: no DTD, no entities, no network, bounded in size and depth.

Comments and processing instructions carry no facts in the Norwegian standards and are dropped.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

from lxml import etree

from adapter.domain.problems import Finding, Refused
from adapter.wire.tree import Tree

_XHTML = "{http://www.w3.org/1999/xhtml}"
# In a message that begins so, a DOCTYPE can be spelt in one way only, and looking for it saves reading the beginning
# twice (100 of 190 us for 7 kB).
_UTF_8 = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?(?: standalone=[\"'](?:yes|no)[\"'])? ?\?>"
    rb"|<[A-Za-z])"
)
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
    if _deeper_than(max_depth)(root):
        raise Refused(Finding("too-deep"))
    return root


@cache
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean(/{'/'.join('*' * (depth + 1))})")


def _read(raw: bytes) -> etree._Element:
    if b"<!DOCTYPE" in raw or not _UTF_8.match(raw):
        with suppress(_RootReached):
            etree.fromstring(raw, _parser(_Prolog()))
    return etree.fromstring(raw, _parser())


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
    if getattr(fault, "code", None) != _RESOURCE_LIMIT:
        return "not-xml"
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
