"""Our RELAX NG files: put together from what they include, and made ready for libxml2."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from lxml import etree

from adapter.wire import xml
from adapter.wire.grammar import RNG


def read(folder: Path, name: str, names: Mapping[str, str]) -> etree._Element:
    """One schema as a whole, with `{name}` in it replaced. Raises ValueError naming the file, OSError."""
    root = _whole(folder, name, names)
    defined = {define.get("name") for define in root.iter(f"{RNG}define")}
    for ref in root.iter(f"{RNG}ref"):
        if ref.get("name") not in defined:
            raise ValueError(f"{name}: nothing defines {ref.get('name')}")
    return _flat(root)


def compiled(root: etree._Element, name: str) -> etree.RelaxNG:
    """What checks by this schema. Raises ValueError naming the file."""
    try:
        return etree.RelaxNG(_quick(root))
    except etree.RelaxNGParseError:
        raise ValueError(f"{name}: no RELAX NG schema") from None


def _whole(folder: Path, name: str, names: Mapping[str, str]) -> etree._Element:
    """A schema with what it includes in its place, but for what it defines anew (RELAX NG § 4.7)."""
    root = xml.own(folder / name, names)
    for include in [*root.iter(f"{RNG}include")]:
        other = _whole(folder, include.get("href", ""), names)
        anew = {define.get("name") for define in include.iter(f"{RNG}define")}
        for define in [*other.iter(f"{RNG}define")]:
            parent = define.getparent()
            if define.get("name") in anew and parent is not None:
                parent.remove(define)
        other.tag = f"{RNG}div"
        other.extend([*include])
        parent = include.getparent()
        if parent is not None:
            parent.replace(include, other)
    return root


def _flat(root: etree._Element) -> etree._Element:
    """The schema without an interleave right inside another: of what stands there, libxml2 takes some orders only."""
    defines = {define.get("name"): define for define in root.iter(f"{RNG}define")}
    while nested := [
        (ref, defines[ref.get("name")][0])
        for ref in root.iterfind(f".//{RNG}interleave/{RNG}ref")
        if defines[ref.get("name")][0].tag == f"{RNG}interleave"
    ]:
        for ref, inside in nested:
            for part in inside:
                ref.addprevious(deepcopy(part))
            parent = ref.getparent()
            if parent is not None:
                parent.remove(ref)
    return root


def _quick(root: etree._Element) -> etree._Element:
    """The schema as libxml2 is to check it: without patterns, which are looked for first (schema.py), and with the
    attributes of other namespaces let through everywhere, since they carry no facts in these standards."""
    whole = deepcopy(root)
    etree.strip_elements(whole, f"{RNG}param")
    for element in [*whole.iter(f"{RNG}element")]:
        if element.find(f"{RNG}ref[@name='anything']") is None:
            some = etree.SubElement(element, f"{RNG}zeroOrMore")
            name = etree.SubElement(etree.SubElement(some, f"{RNG}attribute"), f"{RNG}anyName")
            etree.SubElement(etree.SubElement(name, f"{RNG}except"), f"{RNG}nsName", ns="")
    return whole
