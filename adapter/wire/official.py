"""The official XML Schemas in a folder that the operator points to: compiled into one set, offline.

They know one order of elements only, so they refuse messages of senders in use that our own schemas take; who points
to them asks for that.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, Final

from lxml import etree

from adapter.domain.problems import Finding
from adapter.wire import xml
from adapter.wire.misfits import place_of

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_EXPECTED = re.compile(r": Missing child element\(s\)\. Expected is (?:one of )?\( (?:\{[^}]*\})?([^\s,]+)")
_ATTRIBUTE = re.compile(r"Element '[^']*', attribute '(?:\{[^}]*\})?([^']*)'")
_FORM = re.compile(
    "DATATYPE|PATTERN|ENUMERATION|LENGTH|INCLUSIVE|EXCLUSIVE|DIGITS|ELT_5|FIXED|ATTRIBUTE_[34]"
)
_UNDECLARED = "SCHEMAV_CVC_ELT_1"
_REQUIRED = "SCHEMAV_CVC_COMPLEX_TYPE_4"


class Official:
    """One set of schemas. `namespaces` are those it covers, each with its file."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError naming the file that cannot be loaded and why, OSError."""
        self.namespaces = _named(folder)
        whole = xml.from_folder(folder, "all.xsd", b'<schema xmlns="http://www.w3.org/2001/XMLSchema"/>')
        for namespace, name in self.namespaces.items():
            etree.SubElement(whole, f"{_XS}import", namespace=namespace, schemaLocation=name)
        try:
            self._schema = etree.XMLSchema(whole)
        except etree.XMLSchemaParseError as fault:
            last = fault.error_log.last_error
            where = f"{Path(last.filename).name} line {last.line}" if last else folder.name
            raise ValueError(f"{where}: these schemas do not fit together") from None
        self._turn = Lock()  # what was wrong is noted in the schema itself

    def findings(self, root: etree._Element) -> Iterator[Finding]:
        """What the schemas say of a message, as problem and place; nothing of parts that they do not cover."""
        with self._turn:
            log: Any = () if self._schema.validate(root) else self._schema.error_log
            faults = tuple(log)
        for fault in faults:
            element = _at(root, fault.path or "/")
            namespace = str(element.tag)[1:].partition("}")[0]
            if fault.type_name != _UNDECLARED or namespace in self.namespaces:
                yield _finding(fault, place_of(element))


def _named(folder: Path) -> dict[str, str]:
    """Which file defines which namespace; files that others include belong to them."""
    roots = {path.name: xml.from_folder(folder, path.name) for path in sorted(folder.glob("*.xsd"))}
    if not roots:
        raise ValueError(f"{folder}: no schemas (*.xsd)")
    parts = {
        included.get("schemaLocation", "").rpartition("/")[2]
        for root in roots.values()
        for included in root.iter(f"{_XS}include", f"{_XS}redefine")
    }
    named: dict[str, str] = {}
    for name, root in roots.items():
        namespace = root.get("targetNamespace", "")
        if root.tag != f"{_XS}schema" or not namespace:
            raise ValueError(f"{name}: no XML Schema with a target namespace")
        if name not in parts and named.setdefault(namespace, name) != name:
            raise ValueError(f"{name}: {named[namespace]} is for the same namespace")
    return named


def _finding(fault: "etree._LogEntry", place: str) -> Finding:
    """The parser's words tell the kind and the name of what is wrong; only names of the schema are taken from them."""
    missing, attribute = _EXPECTED.search(fault.message), _ATTRIBUTE.match(fault.message)
    if missing:
        return Finding("missing-element", f"{place}.{missing[1]}")
    where = f"{place}.@{attribute[1]}" if attribute else place
    if fault.type_name == _REQUIRED:
        return Finding("missing-element", where)
    return Finding("malformed-value" if _FORM.search(fault.type_name) else "structure", where)


def _at(root: etree._Element, path: str) -> etree._Element:
    """The element that libxml2 means by a path such as `/*/po:Merknad[2]/*[3]`."""
    element = root
    for step in path.split("/")[2:]:
        name, _, position = step.partition("[")
        prefix, _, local = name.rpartition(":")
        same = [
            inner
            for inner in element
            if name == "*" or (inner.prefix or "", xml.local(inner)) == (prefix, local)
        ]
        if not same:
            break
        element = same[min(int(position.rstrip("]") or 1), len(same)) - 1]
    return element
