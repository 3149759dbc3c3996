"""One fault at a time in an XML message that is valid: what is done, where, and the message with it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import NamedTuple

from lxml import etree

from adapter.wire import xml

FOREIGN = "urn:nobody"


class Mutation(NamedTuple):
    """`fault` names what was done, `tag` where: the element it was done to; `root` is the message with it."""

    fault: str
    tag: str
    root: etree._Element


def read(raw: bytes) -> etree._Element:
    return xml.parse(raw, max_bytes=1_000_000, max_depth=60)


def mutations(root: etree._Element) -> Iterator[Mutation]:
    """Every fault at every element, each in a copy of its own."""
    for position, element in enumerate(root.iter()):
        for fault, change in FAULTS.items():
            changed = deepcopy(root)
            if change(next(e for n, e in enumerate(changed.iter()) if n == position)):
                yield Mutation(fault, str(element.tag), read(etree.tostring(changed)))


def _dropped(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    return parent is not None


def _doubled(element: etree._Element) -> bool:
    if element.getparent() is not None:
        element.addnext(deepcopy(element))
    return element.getparent() is not None


def _in_foreign_namespace(element: etree._Element) -> bool:
    element.tag = f"{{{FOREIGN}}}{xml.local(element)}"
    return True


def _without_namespace(element: etree._Element) -> bool:
    element.tag = xml.local(element)
    return True


def _renamed(element: etree._Element) -> bool:
    element.tag = f"{element.tag}X"
    return True


def _with_unknown_child(element: etree._Element) -> bool:
    etree.SubElement(
        element, str(element.tag).rpartition("}")[0] + "}Nobody" if "}" in str(element.tag) else "N"
    )
    return True


def _with_unknown_attribute(element: etree._Element) -> bool:
    element.set("nobody", "x")
    return True


def _with_other_text(element: etree._Element) -> bool:
    element.text = f"{element.text or ''} ¤"
    return True


def _emptied(element: etree._Element) -> bool:
    had = bool((element.text or "").strip())
    element.text = None
    return had


def _with_other_value(attribute: str) -> Callable[[etree._Element], bool]:
    def change(element: etree._Element) -> bool:
        had = attribute in element.attrib
        if had:
            element.set(attribute, "%¤ %")
        return had

    return change


def _without(attribute: str) -> Callable[[etree._Element], bool]:
    return lambda element: element.attrib.pop(attribute, None) is not None


def _after_next(element: etree._Element) -> bool:
    following = element.getnext()
    if following is not None:
        following.addnext(element)
    return following is not None


FAULTS: dict[str, Callable[[etree._Element], bool]] = {
    "dropped": _dropped,
    "doubled": _doubled,
    "in a foreign namespace": _in_foreign_namespace,
    "without namespace": _without_namespace,
    "renamed": _renamed,
    "with an unknown child": _with_unknown_child,
    "with an unknown attribute": _with_unknown_attribute,
    "with other text": _with_other_text,
    "emptied": _emptied,
    "with another @V": _with_other_value("V"),
    "with another @S": _with_other_value("S"),
    "without @V": _without("V"),
    "after the next": _after_next,
}
