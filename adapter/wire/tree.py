"""The neutral tree that mapping rows read: JSON values, whatever the format was.

A FHIR resource is its own tree. An XML element is a dict of its attributes ("@V"), its children (each name a
list) and its text ("#text"); an element with text only is a string. Namespaces are checked when the envelope
is opened and do not stand in the tree.

A place is where a leaf stands: names joined by dots, with a position after every list, counted from 0:
`MsgInfo.Patient[0].Ident[1].Id[0]`. Places never hold values.
"""

from collections.abc import Iterator
from typing import Any

Tree = dict[str, Any]


def leaves(tree: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf below `tree` with its place, in document order."""
    if isinstance(tree, dict):
        for name, child in tree.items():
            yield from leaves(child, f"{place}.{name}" if place else name)
    elif isinstance(tree, list):
        for position, child in enumerate(tree):
            yield from leaves(child, f"{place}[{position}]")
    else:
        yield place, tree


def as_xpath(place: str) -> str:
    """A place in an XML tree as XPath (positions from 1, left out where they are 1)."""
    steps = []
    for step in place.split("."):
        name, _, position = step.partition("[")
        number = int(position.rstrip("]") or 0) + 1 if position else 1
        steps.append(name if number == 1 else f"{name}[{number}]")
    return "/" + "/".join(step for step in steps if step != "#text")
