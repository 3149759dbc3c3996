"""A plan as one recipient may see it: without every element of a category that consent does not let it have.

Confidentiality lapses as far as the person consents, and the person may keep particular matters from particular units
(hpl § 22, R-042, R-043). What is shown is a part that is marked as one and tells nothing else of what was left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.consent import Deny, Permit, decide
from adapter.domain.problems import Finding
from adapter.domain.provision import Recipient
from adapter.domain.view import Views
from adapter.flows.account import Shown
from adapter.flows.actors import organisation_number
from adapter.flows.consents import PURPOSES, addressed, consents_of, deciding
from adapter.flows.parts import Parts
from adapter.flows.pruning import lost_in, objects, prune, reference_of, references
from adapter.wire.elements import Element, elements, resource_model

_WHO = frozenset({"Organization", "Practitioner", "PractitionerRole", "HealthcareService", "RelatedPerson"})
"""Carried with a plan because its team names them."""
_PLAN = ("CarePlan", "CareTeam")
_LITERAL = re.compile(r"(?:.*/)?([A-Za-z]+/[^/]+?)(?:/_history/[^/]+)?")
"""A literal reference, on whatever server: of two by the same type and id each may be what is denied."""
_NO_CATEGORY = ""
"""The category of what is labelled in the extension of categories with none: for nobody, as nobody knows of whom."""

_TEXTS = frozenset({"String", "Markdown"})
_WORDS = "words"
"""In place of the system of an identifier: the words by which somebody is called."""
_LOOKED_AT_WHOLE = ("display", "given", "family")  # half a name would tell that something is left out

Name = str | tuple[Any, Any]
"""What a thing is named by: a literal reference without server and version, an identifier, or words."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one organisation (number) may have of a plan at one moment, by category.

    Under the name of the plan as a whole stands what is said of an element without a category: nobody knows of which
    part it is, so it is for who may have each of them.
    """

    organisation: str
    said: Mapping[str, Permit | Deny]
    numbers: Mapping[str, str]
    labelled: Mapping[Name, set[str]] = field(default_factory=dict)
    """The categories of what the plan or its team labels, by each of its names: denied in the one, so in the other."""

    def of(self, categories: Sequence[str]) -> Permit | Deny:
        """Of something that is of all these; what is no category of ours is for nobody."""
        said = [self.said.get(category, Deny("no-such-category")) for category in sorted(categories)]
        refused = next((one for one in said if isinstance(one, Deny)), None)
        consents = {consent for one in said for consent in one.consents}
        return refused or Permit("consent", tuple(sorted(consents)))


def access_of(recipient: str | Recipient, versions: Sequence[Version], at: datetime, parts: Parts) -> Access:
    """By the consents among the current versions of a case; of an organisation (number) as messages reach it."""
    to = addressed(recipient, parts) if isinstance(recipient, str) else recipient
    views, categories = parts.tables.views, parts.tables.categories
    consents = consents_of(list(deciding(versions, categories[views.whole], parts)), parts)
    said = {
        name: decide(consents, to, category, PURPOSES, at)
        for name, category in {**views.parts, views.whole: categories[views.whole]}.items()
    }
    refused = next((one for one in said.values() if isinstance(one, Deny)), said[views.whole])
    labelled = _labelled_targets([v.body for v in versions if v.type in _PLAN], views)
    _by_other_names(labelled, versions)
    return Access(to.organisation, {**said, views.whole: refused}, _numbers(versions), labelled)


def seen_by(
    recipient: str | Recipient,
    carried: Sequence[Version],
    versions: Sequence[Version],
    at: datetime,
    parts: Parts,
) -> list[Version]:
    """What is carried of a plan, as somebody may see it who may have it or some part of it at all.

    `versions` are the current ones of the case. What would be nothing without what is left out is not there.
    """
    if not names_a_part(versions, parts.tables.views):
        # who may have the plan, may have it all: a tenth of the time of asking for each part
        return list(carried)
    access = access_of(recipient, versions, at, parts)
    if isinstance(access.of([parts.tables.views.whole]), Permit):
        return list(carried)
    shown = [made for v in carried if (made := as_shown(v, access, parts.tables.views))]
    named = _named(shown)
    return [v for v in shown if v.type not in _WHO or v.reference in named]


def elements_shown(resource: Resource, access: Access, views: Views) -> list[Shown]:
    """What becomes of each element that is not shown to everybody, and of each that has a category of its own."""
    chooser = _Chooser(resource, access, views)
    lost = lost_in(resource, chooser.leaves)
    told = []
    for place, said in chooser.decided.items():
        gone = any(place == other or place.startswith(f"{other}.") for other in lost)
        withheld = gone or isinstance(said, Deny)
        because = "with-what-it-belongs-to" if gone and isinstance(said, Permit) else said.because
        told.append(Shown(place, "withheld" if withheld else "sent", because, said.consents))
    return told


def category_findings(resource: Resource, parts: Parts) -> list[Finding]:
    """Categories in a plan or team that there are not, and on elements that FHIR demands: nobody could be kept from
    these."""
    views = parts.tables.views
    findings: list[Finding] = []
    known = {*views.parts, views.whole}
    must = {name for name, e in elements(resource_model(resource["resourceType"])).items() if e.required}

    def look(name: str, value: Any, place: str, *_: Any) -> bool:
        own = labels(value, views)
        if own - known:
            findings.append(Finding("information-category-unknown", place))
        if own and name in must and place.count(".") == 1:
            findings.append(Finding("category-on-what-must-stand", place))
        return False

    look("", resource, resource["resourceType"])
    prune(resource, look)
    return list(dict.fromkeys(findings))


def labels(value: Mapping[str, Any], views: Views) -> set[str]:
    """The categories of an element itself: codes in its extensions, or in meta.security of a resource. One in the
    extension of categories that gives no code of theirs is of a category that there is not."""
    marks = list(value.get("meta", {}).get("security", ()))
    own: set[str] = set()
    for extension in (*value.get("extension", ()), *value.get("modifierExtension", ())):
        there = list(extension.get("valueCodeableConcept", {}).get("coding", ()))
        there += [extension["valueCoding"]] if "valueCoding" in extension else ()
        marks += there
        if extension.get("url") == views.extension and not any(_is_of(mark, views) for mark in there):
            own.add(_NO_CATEGORY)
    return own | {str(mark.get("code")) for mark in marks if _is_of(mark, views)}


def _is_of(mark: Mapping[str, Any], views: Views) -> bool:
    return mark.get("system") == views.system


class _Chooser:
    """Decides element by element, and remembers it."""

    def __init__(self, resource: Resource, access: Access, views: Views) -> None:
        self._access, self._views = access, views
        self._frame = views.frames[resource["resourceType"]]
        self._kind, self._labelled = resource["resourceType"], _labelled_targets([resource], views)
        self.decided: dict[str, Permit | Deny] = {}

    def leaves(self, name: str, value: Any, place: str, element: Element | None, said: Any) -> bool:
        own = labels(value, self._views)
        words = element is not None and element.type in _TEXTS and name not in _LOOKED_AT_WHOLE
        for named in _called(said) if words and isinstance(said, str) else _names(value, self._kind):
            own |= self._labelled.get(named, set()) | self._access.labelled.get(named, set())
        if own:
            self.decided[place] = self._access.of(list(own))
        elif place.count(".") == 1 and not self._for_everybody(name, value):
            self.decided[place] = self._access.of([self._frame.rest])
        return isinstance(self.decided.get(place), Deny)

    def _for_everybody(self, name: str, value: Mapping[str, Any]) -> bool:
        if name == "participant":
            return self._is_known(value)
        return name in self._frame.always or (
            name == "extension" and value.get("url") in self._frame.extensions
        )

    def _is_known(self, participant: Mapping[str, Any]) -> bool:
        """The organisation itself, and those whom everybody in the team knows of."""
        member = participant.get("member", {})
        number = member.get("identifier", {}).get("value") or self._access.numbers.get(
            member.get("reference", "")
        )
        roles = {
            (c.get("system"), c.get("code")) for r in participant.get("role", ()) for c in r.get("coding", ())
        }
        return number == self._access.organisation or not roles.isdisjoint(self._views.coordinators)


def as_shown(version: Version, access: Access, views: Views) -> Version | None:
    """A version with what is left of its resource; None where it would be nothing without what is left out."""
    if version.type not in views.frames:
        return version
    body = version.body
    own = labels(body, views)
    if own and isinstance(access.of(list(own)), Deny):
        return None
    part = prune(body, _Chooser(body, access, views).leaves)
    if part is None:
        return None
    return version if part is body else replace(version, body=part)


def _labelled_targets(resources: Sequence[Resource], views: Views) -> dict[Name, set[str]]:
    """By name: the categories of what is named so, whether it has them itself, a reference to it or its every place in
    the team. Of whom the plan is, is no category."""
    found: dict[Name, set[str]] = {}
    subjects = {n for r in resources for n in _names(r.get("subject", {}), r["resourceType"])}
    for resource in resources:
        kind = resource["resourceType"]
        takes = [p for p in resource.get("participant", ()) if not labels(p, views)]
        known = {named for p in takes for named in _names(p.get("member", {}), kind)}
        for _, value in objects(resource):
            if own := labels(value, views):
                members = set(_names(value.get("member", {}), kind)) - known
                names = [*_names(value, kind), *members]
                of_subject = any(named in subjects and named[0] != _WORDS for named in names)
                _add(found, () if of_subject else names, own)
        for held in resource.get("contained", ()):
            if own := labels(held, views):
                _add(found, [f"{kind}#{held.get('id')}"], own)
    return {named: own for named, own in found.items() if named not in subjects}


def _by_other_names(labelled: dict[Name, set[str]], versions: Sequence[Version]) -> None:
    """Adds the reference and the identifiers of whom one of these labels."""
    for version in versions:
        if version.type in _WHO:
            names = [version.reference, *_names(version.body, version.type)]
            if own := set[str]().union(*(labelled.get(named, ()) for named in names)):
                _add(labelled, names, own)


def _add(found: dict[Name, set[str]], names: Iterable[Name], own: set[str]) -> None:
    for named in names:
        found[named] = found.get(named, set()) | own


def _names(value: Mapping[str, Any], kind: str) -> Iterator[Name]:
    """What a reference in a resource of a type names by, or something contained is named by elsewhere."""
    if literal := reference_of(value):
        made = _LITERAL.fullmatch(literal)
        yield f"{kind}{literal}" if literal.startswith("#") else made[1] if made else literal
    told = value.get("identifier", ())
    for identifier in [told] if isinstance(told, dict) else told:
        if isinstance(identifier, dict) and "value" in identifier:
            yield identifier.get("system"), identifier["value"]
    if isinstance(words := value.get("display"), str) and "system" not in value:
        yield from _called(words)
    if "family" in value or "given" in value:
        yield from _called(" ".join(str(word) for word in (*value.get("given", ()), value.get("family", ""))))


def _called(words: str) -> Iterator[Name]:
    """What words name by: whoever is called so, however they are written."""
    yield _WORDS, " ".join(words.casefold().split())


def names_a_part(versions: Sequence[Version], views: Views) -> bool:
    """Whether any consent speaks of a part of the plan: where none does, each part is as the whole."""
    return any(_speaks_of_a_part(v, views) for v in versions if v.type == "Consent")


def _speaks_of_a_part(consent: Version, views: Views) -> bool:
    """By its name, or by a security label that parts go under and the whole does not."""
    if text := consent.kept_text:
        return '"securityLabel"' in text or any(f'"{name}"' in text for name in views.parts)
    values = [value for _, value in objects(consent.body)]
    named = any(value.get("code") in views.parts for value in values if "system" in value)
    return named or any("securityLabel" in value for value in values)


def _named(shown: Sequence[Version]) -> set[str]:
    """Those whom the plan and the team name as they are shown, and for whom these work."""
    held = {v.reference: v for v in shown if v.type in _WHO}
    waiting = [r for v in shown if v.type not in _WHO for r in _of_plan(v)]
    named: set[str] = set()
    while waiting:
        literal = waiting.pop()
        if literal in held and literal not in named:
            named.add(literal)
            waiting.extend(references(held[literal].body))
    return named


def _of_plan(version: Version) -> Iterator[str]:
    return references(version.body) if version.type in _PLAN else iter(())


def _numbers(versions: Sequence[Version]) -> dict[str, str]:
    """Organisation numbers by the references of organisations, and of roles in them."""
    numbers = {v.reference: number for v in versions if (number := organisation_number(v.body))}
    roles = {v.reference: v.body.get("organization", {}) for v in versions if v.type == "PractitionerRole"}
    return numbers | {
        role: numbers[employer["reference"]]
        for role, employer in roles.items()
        if employer.get("reference") in numbers
    }
