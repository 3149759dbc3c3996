"""The structure of Norwegian messages, checked by schemas of our own and by the official ones of the operator.

Ours (mappings/schemas/) are in RELAX NG. Its `interleave` takes parts in any order, as senders in use write them
(RefToConversation before RefToParent, Ack after ConversationRef, TypeTelecom after TeleAddress), and still counts them
and checks their form, which XML Schema 1.0 cannot say; it is a standard that editors and other validators read, and
libxml2 checks it. What the official schema has in a namespace of ours is let through, the rest is not.
"""

import csv
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from lxml import etree

from adapter.domain.problems import Finding
from adapter.wire import xml
from adapter.wire.grammar import RNG, Grammar
from adapter.wire.misfits import misfits, place_of
from adapter.wire.official import Official

MOST_FINDINGS: Final = 20  # enough to see what is wrong; a hostile message must not blow up the answer

_HEAD = {"h": "http://www.kith.no/xmlstds/msghead/2006-05-24"}
_PAYLOADS = etree.XPath("/h:MsgHead/h:Document/h:RefDoc/h:Content/*", namespaces=_HEAD)


@dataclass(frozen=True, slots=True)
class _Schema:
    holds: etree.RelaxNG
    grammar: Grammar


@dataclass(frozen=True, slots=True)
class Schemas:
    """Schemas by namespace, and the official ones of the operator, if there are any."""

    own: Mapping[str, _Schema]
    official: Official | None = None

    def findings(self, root: etree._Element, payload: str) -> tuple[Finding, ...]:
        """Where a message departs from the schemas, at most 20 places; nothing for a namespace without a schema.

        `root` is a MsgHead, of which head and contents are checked, or an AppRec; `payload` the namespace of what it
        carries, for an AppRec its own. The official schemas are asked where they cover that namespace, and what they
        say of a place that ours have named is left out.
        """
        found = [*islice(self._own_findings(root), MOST_FINDINGS)]
        if self.official and payload in self.official.namespaces:
            told = {finding.where for finding in found}
            more = (f for f in self.official.findings(root) if f.where not in told)
            found += islice(more, MOST_FINDINGS - len(found))
        return tuple(found)

    def _own_findings(self, root: etree._Element) -> Iterator[Finding]:
        for element in (root, *cast("list[Any]", _PAYLOADS(root))):
            schema = self.own.get(str(element.tag)[1:].partition("}")[0])
            if schema and not schema.holds.validate(element):
                named = False
                for finding in misfits(schema.grammar, element):
                    named = True
                    yield finding
                if not named:
                    yield Finding("structure", place_of(element))


def load(folder: Path, official: Path | None = None) -> Schemas:
    """The schemas that `schemas.csv` in `folder` names, and those of the folder of an operator.

    Raises ValueError naming the file and what is wrong with it, OSError.
    """
    text = (folder / "schemas.csv").read_text(encoding="utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), strict=True)
    own = {row["namespace"]: _schema(folder, row["schema"], row) for row in rows}
    return Schemas(own, Official(official) if official else None)


def _schema(folder: Path, name: str, names: Mapping[str, str]) -> _Schema:
    root = _whole(folder, name, names)
    try:
        return _Schema(etree.RelaxNG(_tolerant(root)), Grammar(root))
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


def _tolerant(root: etree._Element) -> etree._Element:
    """The schema with attributes of other namespaces let through everywhere: they carry no facts in these standards."""
    whole = deepcopy(root)
    for element in [*whole.iter(f"{RNG}element")]:
        if element.find(f"{RNG}ref[@name='anything']") is None:
            some = etree.SubElement(element, f"{RNG}zeroOrMore")
            name = etree.SubElement(etree.SubElement(some, f"{RNG}attribute"), f"{RNG}anyName")
            etree.SubElement(etree.SubElement(name, f"{RNG}except"), f"{RNG}nsName", ns="")
    return whole
