"""The structure of Norwegian messages, checked by schemas of our own and by the official ones of the operator.

Ours (mappings/schemas/) are in RELAX NG. Its `interleave` takes parts in any order, as senders in use write them
(RefToConversation before RefToParent, Ack after ConversationRef, TypeTelecom after TeleAddress), and still counts them
and checks their form, which XML Schema 1.0 cannot say; it is a standard that editors and other validators read, and
libxml2 checks it. What the official schema has in a namespace of ours is let through, the rest is not.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from lxml import etree

from adapter.domain.problems import Finding
from adapter.wire import relaxng
from adapter.wire.grammar import Grammar
from adapter.wire.misfits import misfits, place_of
from adapter.wire.official import Official

MOST_FINDINGS: Final = 20  # enough to see what is wrong; a hostile message must not blow up the answer

_HEAD = {"h": "http://www.kith.no/xmlstds/msghead/2006-05-24"}
# An OID is digits in groups with single dots between. libxml2 compiles such a pattern anew for each value it checks:
# 44 of 120 us for 4 kB, where this takes 17. So only messages that hold something odd are walked for it.
_ODD_OIDS = etree.XPath(
    "boolean((//@S | //h:OidRef)[translate(., '0123456789.', '') or contains(concat('.', ., '.'), '..')])",
    namespaces=_HEAD,
)
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

        CPU for a message of 4 kB: 75 us with ours, 105 with the official ones too; parsing takes 65, and saying what is
        wrong 500.
        """
        found = [*islice(self._own_findings(root), MOST_FINDINGS)]
        if self.official and payload in self.official.namespaces:
            told = {finding.where for finding in found}
            more = (f for f in self.official.findings(root) if f.where not in told)
            found += islice(more, MOST_FINDINGS - len(found))
        return tuple(found)

    def _own_findings(self, root: etree._Element) -> Iterator[Finding]:
        odd = _ODD_OIDS(root)
        for element in (root, *cast("list[Any]", _PAYLOADS(root))):
            schema = self.own.get(str(element.tag)[1:].partition("}")[0])
            fits = schema is None or schema.holds.validate(element)
            if schema is None or (fits and not odd):
                continue
            named = False
            for finding in misfits(schema.grammar, element):
                named = True
                yield finding
            if not (named or fits):
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
    root = relaxng.read(folder, name, names)
    return _Schema(relaxng.compiled(root, name), Grammar(root))
