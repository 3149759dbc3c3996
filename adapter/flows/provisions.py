"""The provision of a Consent as the decision needs it, with its exceptions, whoever and whatever it names.

What is not understood is kept as a doubt, and the decision narrows by it: nothing here guesses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.days import first_moment, moment_after
from adapter.domain.provision import UNCLEAR, Actor, Provision, Written
from adapter.flows.actors import Actors
from adapter.flows.parts import Parts
from adapter.mapping.engine import Facts, Reading, Root, flat, read, rows_of

_TERMS = "http://terminology.hl7.org/CodeSystem"
_PURPOSE = f"{_TERMS}/v3-ActReason"
_CONFIDENTIALITY = f"{_TERMS}/v3-Confidentiality"
_ACTION = f"{_TERMS}/consentaction"
_RESOURCE_TYPE = "http://hl7.org/fhir/resource-types"
_GIVING = frozenset({"access", "disclose"})
"""What a recipient does with what it gets here begins with these; to correct it is another matter."""
_WRITTEN = {
    "ServiceRequest": "authoredOn",
    "CarePlan": "created",
    "DocumentReference": "date",
    "Communication": "sent",
}
"""When the author of a resource says that it was written."""

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A provision, or one nested in it, as it was read: at which place, and what stands there that nobody follows."""

    place: str
    tree: Tree
    reading: Reading

    @property
    def permits(self) -> bool:
        return self.tree.get("type") == "permit"


def provisions_of(resource: Resource, parts: Parts) -> list[Read]:
    """The provision of a Consent and every exception in it, each before those nested in it."""
    found: list[Read] = []
    waiting = [("Consent.provision", resource["provision"])] if "provision" in resource else []
    while waiting:
        place, tree = waiting.pop(0)
        found.append(_read(place, tree, parts))
        inner = enumerate(tree.get("provision", ()))
        waiting += [(f"{place}.provision[{position}]", one) for position, one in inner]
    return found


def _read(place: str, tree: Tree, parts: Parts) -> Read:
    """One of them by itself: what is nested has a reading of its own."""
    root = Root(place, {name: value for name, value in tree.items() if name != "provision"})
    table = parts.tables.messages["consent-provision"]
    return Read(place, tree, read(table, "fhir", {"provision": root}, root, parts.tables.codes))


class Provisions:
    """Makes provisions of one Consent into those of the decision. `versions` are the current ones of its case."""

    def __init__(self, resource: Resource, versions: Sequence[Version], parts: Parts) -> None:
        self._resource, self._versions, self._parts = resource, versions, parts
        self._actors = Actors(resource, versions, parts)
        self._category = f"{parts.base}/CodeSystem/information-category"

    def root(self) -> Provision | None:
        """The whole of it; None where the Consent has none. What changes all it says makes all of it unclear."""
        tree = self._resource.get("provision")
        if tree is None:
            return None
        unclear = "modifierExtension" in self._resource or "implicitRules" in self._resource
        return self._made(_read("Consent.provision", tree, self._parts), unclear=unclear)

    def _made(self, one: Read, *, unclear: bool = False) -> Provision:
        facts, limits = flat(one.reading.facts), self.limits(one)
        begins, ends = first_moment(facts.get("start")), moment_after(facts.get("end"))
        crossed = begins is not None and ends is not None and ends <= begins
        inner = enumerate(one.tree.get("provision", ()))
        labels, purposes = limits.pop("labels"), limits.pop("purpose")
        return Provision(
            permits=one.permits,
            actors=frozenset(self._actor(row) for row in rows_of(one.reading.facts, "actors")),
            information=tuple(limit for limit in limits.values() if limit),
            labels=labels,
            purposes=purposes,
            start=None if crossed else begins,
            end=None if crossed else ends,
            written=self._written(facts),
            unclear=unclear or crossed or bool(one.reading.unread or one.reading.findings),
            exceptions=tuple(self._nested(one.place, position, tree) for position, tree in inner),
        )

    def _nested(self, place: str, position: int, tree: Tree) -> Provision:
        return self._made(_read(f"{place}.provision[{position}]", tree, self._parts))

    def _actor(self, row: Facts) -> Actor:
        roles = [(c.get("system", ""), c.get("code", "")) for c in codings(row, "roles")]
        return self._actors.named(flat(row), roles)

    def limits(self, one: Read) -> dict[str, frozenset[str]]:
        """What it is limited to by codes, by the element that says so: each by itself, and empty where it does not.

        All but `purpose` and `labels` (those of others than us) say what information it is about.
        """
        rows = one.reading.facts
        security = codings(rows, "labels")
        ours = any(self._is_category(c) for c in security)
        return {
            "code": _any_of(self._concept(row) for row in rows_of(rows, "codes")),
            "class": _any_of(self._class(c) for c in codings(rows, "classes")),
            "data": _any_of(self._data(flat(row)) for row in rows_of(rows, "data")),
            "action": _actions(rows),
            "securityLabel": frozenset(self._own_label(c) for c in security if ours),
            "labels": frozenset(self._label(c) for c in security if not ours),
            "purpose": _purposes(rows),
        }

    def _concept(self, row: Facts) -> frozenset[str]:
        """The codings of a concept say the same in several code lists: one that is known is enough."""
        known = {c["code"] for c in codings(row, "codings") if self._is_category(c)}
        return frozenset(known or {UNCLEAR})

    def _is_category(self, coding: Mapping[str, str]) -> bool:
        return coding.get("system") == self._category and coding.get("code") in self._parts.tables.categories

    def _class(self, coding: Mapping[str, str]) -> frozenset[str]:
        known = coding.get("system") == _RESOURCE_TYPE
        return self._of_type(coding.get("code", "")) if known else frozenset({UNCLEAR})

    def _data(self, facts: Mapping[str, str]) -> frozenset[str]:
        """The plan itself is what is shared of the category; with what hangs together with it, perhaps more than it."""
        reference, meaning = facts.get("reference", ""), facts.get("meaning")
        if not any(v.reference == reference for v in self._versions) or meaning == "authoredby":
            return frozenset({UNCLEAR})
        further = frozenset() if meaning == "instance" else frozenset({UNCLEAR})
        return self._of_type(reference.partition("/")[0]) | further

    def _of_type(self, type_: str) -> frozenset[str]:
        """A category by the type of resource that is it; a part of one is perhaps meant with it."""
        categories = self._parts.tables.categories.values()
        whole = {c.name for c in categories if c.resource == type_}
        partly = {UNCLEAR + c.name for c in categories if type_ in c.parts}
        return frozenset(whole | partly or {UNCLEAR})

    def _own_label(self, coding: Mapping[str, str]) -> str:
        """A category of ours as a security label, as the elements of a plan carry it."""
        return coding["code"] if self._is_category(coding) else UNCLEAR

    def _label(self, coding: Mapping[str, str]) -> str:
        """A label that some category goes under; every degree of confidentiality is known."""
        label = f"{coding.get('system')}|{coding.get('code')}"
        used = any(label in category.labels for category in self._parts.tables.categories.values())
        return label if used or coding.get("system") == _CONFIDENTIALITY else UNCLEAR

    def _written(self, facts: Mapping[str, str]) -> Written | None:
        start, end = first_moment(facts.get("written-start")), moment_after(facts.get("written-end"))
        if start is None and end is None:
            return None
        return Written(start, end, _oldest(self._versions))


def _oldest(versions: Iterable[Version]) -> datetime | None:
    """When the oldest of what a case holds was written; None where somebody does not say it of the need."""
    dated = [v.body.get(_WRITTEN[v.type]) for v in versions if v.type in _WRITTEN]
    need = [v for v in versions if v.type == "ServiceRequest"]
    moments = [moment for text in dated if (moment := first_moment(text))]
    return min(moments) if need and all(v.body.get("authoredOn") for v in need) else None


def _any_of(limits: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*limits)


def _purposes(rows: Facts) -> frozenset[str]:
    given = codings(rows, "purposes")
    return frozenset(
        c.get("code", UNCLEAR) if c.get("system", _PURPOSE) == _PURPOSE else UNCLEAR for c in given
    )


def _actions(rows: Facts) -> frozenset[str]:
    """No limit where something may be given; a name that no information has where it may only be corrected."""
    given = {
        (c.get("system"), c.get("code")) for row in rows_of(rows, "actions") for c in codings(row, "codings")
    }
    if not given or any((_ACTION, code) in given for code in _GIVING):
        return frozenset()
    return frozenset("correct" if one == (_ACTION, "correct") else UNCLEAR for one in given)


def codings(facts: Facts, name: str) -> list[dict[str, str]]:
    return [flat(row) for row in rows_of(facts, name)]
