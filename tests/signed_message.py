"""One message, signed by the hospital it comes from, and what is found wrong with it when it is changed."""

import copy
from collections.abc import Callable
from pathlib import Path

from lxml import etree
from signers import AT, HOSPITAL, authority, signed, signer

from adapter.wire import certificates
from adapter.wire.edi import NAMESPACE
from adapter.wire.signature import Signatures

DS = "{http://www.w3.org/2000/09/xmldsig#}"
MESSAGE = (
    Path(__file__).resolve().parents[1] / "fixtures" / "refuse" / "sender-is-not-caller" / "in.xml"
).read_bytes()
ABOVE = authority()
OURS = signer(ABOVE)
SIGNED = signed(MESSAGE, OURS)
TRUST = certificates.trust({"authority.pem": [ABOVE.certificate]}, {})

Change = Callable[[etree._Element], object]


def judged(message: bytes, *, required: bool = False, sha1: bool = False) -> list[str]:
    """The problems found with a message of the hospital."""
    rules = Signatures(lambda: TRUST, required, sha1, max_bytes=1_000_000, max_depth=60)
    return [finding.problem for finding in rules(message, HOSPITAL, AT)]


def changed(change: Change, message: bytes = SIGNED) -> bytes:
    root = etree.fromstring(message)
    change(root)
    return etree.tostring(root)


def the(root: etree._Element, name: str) -> etree._Element:
    """The first element of a signature by this name."""
    found = root.find(f".//{DS}{name}")
    assert found is not None
    return found


def of_head(root: etree._Element, name: str) -> etree._Element:
    """The first element of the head by this name."""
    found = root.find(f".//{{{NAMESPACE}}}{name}")
    assert found is not None
    return found


def parent(element: etree._Element) -> etree._Element:
    found = element.getparent()
    assert found is not None
    return found


def again(element: etree._Element) -> None:
    """The element twice."""
    element.addnext(copy.deepcopy(element))


def content(message: bytes) -> bytes:
    """What a message says, as the standard has it: canonical, without comments, instructions and its signature."""
    root = etree.fromstring(message, etree.XMLParser(remove_comments=True, remove_pis=True))
    for own in root.findall(f"{DS}Signature"):
        root.remove(own)
    return etree.tostring(root, method="c14n", exclusive=True)
