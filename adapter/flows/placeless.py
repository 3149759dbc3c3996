"""Which elements of a resource say where somebody is, of a person whose address is protected (R-150).

What may be left to stand is said by lists of what may (mappings/protection.yaml): names, numbers of people, telephone
numbers of the whole country, systems and definitions that are the same everywhere, the codes and extensions that are
ours. Sentences stand, as no rule here reads what they say.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from adapter.domain.case import Resource
from adapter.domain.partners import Partner
from adapter.flows.parts import Parts
from adapter.flows.pruning import reference_of
from adapter.wire.elements import Element, resource_model

_BY_UUID = re.compile(r"[A-Z][A-Za-z]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A reference that says nothing, whatever it is to: also to what another case holds."""
_CONTAINED = re.compile(r"\w+\.contained\[(\d+)\]")
_LINKS = frozenset({"Uri", "Url", "Canonical"})
_TEXTS = frozenset({"String", "Markdown"})
_OF_ITSELF = frozenset({("Extension", "url"), ("Coding", "system"), ("Identifier", "system")})
"""Links that are looked at with what they stand in."""
_NUMBERS = frozenset({"ContactPoint", "Identifier"})
_NAMES = frozenset({"name", "alias", "authorString", "id"})
"""Texts that are no sentence; an `id` is one of an element, as that of a resource is of another type."""
_MEASURED = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "Money"})
_URN = "urn:ietf:rfc:3986"

Value = Mapping[str, Any]


class _Around(NamedTuple):
    """What an element stands in: its type, its name, itself. A tuple, as one is made for each element."""

    type: str
    name: str
    value: Value


_RESOURCE = _Around("", "", {})


@cache
def _type_of(child: Any) -> str:
    """The type of a complex element by what fhir.resources has for it, which is slow to say it: asked once, and with
    tuples for what stands around, a case of 10 kB takes 0.77 ms of processor time instead of 0.91."""
    return str(child.get_model_klass().__name__)


class Placing:
    """Says of each element of one resource whether it is a place, or names one.

    `known` are the references of the case, which names these anyway. Of a resource that was made here, of facts of the
    case, the words are those of the case, too; of one that a partner wrote (`put`) they are looked at.
    """

    def __init__(self, resource: Resource, known: Collection[str], parts: Parts, *, put: bool) -> None:
        self._places, self._partners, self._known, self._put = parts.tables.places, parts.partners, known, put
        self._held = [(f"#{c.get('id')}", str(c["resourceType"])) for c in resource.get("contained", ())]
        self._kinds = dict(self._held)
        self._around: dict[str, _Around] = {}
        self._hidden: set[str] = set()
        self._by_type: Mapping[str, Callable[[str, Value, str, Element], bool]] = {
            "ContactPoint": lambda _, value, *__: self._is_contact_there(value),
            "Address": lambda *_: True,
            "Coding": lambda _, value, *__: not self._may_code(value),
            "Extension": lambda _, value, *__: not self._places.is_known_extension(str(value.get("url", ""))),
            "Identifier": lambda _, value, *__: not self._may_number(value),
            "Reference": self._refers_there,
        }

    def leaves(self, name: str, value: Any, place: str, element: Element | None, said: Any) -> bool:
        """Whether an element is left out (adapter/flows/pruning.py)."""
        if (
            name in self._places.elements
            or (name == "text" and "div" in value)
            or self._sends_there(name, value)
        ):
            return True
        if self._put and name.startswith("value") and name != "value" and name not in self._places.values:
            return True
        if name == "contained":
            kind = str(value["resourceType"])
            self._around[place] = _Around(kind, name, value)
            return kind not in self._places.contained or self._is_elsewhere(kind, value.get("identifier", ()))
        if element is None:
            return False
        if element.child is None:
            return self._put and isinstance(said, str) and self._says_a_place(name, place, element.type, said)
        kind = _type_of(element.child)
        self._around[place] = _Around(kind, name, value)
        return kind in self._by_type and self._by_type[kind](name, value, place, element)

    def _sends_there(self, name: str, value: Any) -> bool:
        """Whether this is what came of a Task, and tells to which unit a case belongs."""
        return name == "output" and bool(_codes(value.get("type", {})) & self._places.outputs)

    def _is_contact_there(self, value: Value) -> bool:
        told = value.get("system", "phone") in self._places.contacts
        return not (told and self._places.says_nothing_of_a_place(str(value.get("value", ""))))

    def _may_code(self, coding: Value) -> bool:
        """Whether a code may leave; what is made here of facts has codes of ours by its own rules."""
        system = str(coding.get("system", ""))
        known = self._places.is_known_code(system, str(coding.get("code", "")))
        return known or (not self._put and self._places.is_known_system(system))

    def _may_number(self, identifier: Value) -> bool:
        """Whether an identifier is the number of a person or a partner, or names a thing by a UUID."""
        system = identifier.get("system")
        if system == _URN:
            return self._places.is_known_link(str(identifier.get("value", "")))
        if system in self._places.organisations:
            return bool(self._partners_of([identifier]))
        return system in self._places.numbers and self._places.is_number(str(identifier.get("value", "")))

    def _refers_there(self, name: str, value: Value, place: str, element: Element) -> bool:
        literal = self._local(reference_of(value))
        identifiers = _identifiers(value)
        if self._leads_there(name, literal, value, identifiers):
            return True
        somebody = not element.targets or not element.targets.isdisjoint(self._places.who)
        if not somebody or self._may_be_called(literal, value, identifiers, element):
            return False
        self._hidden.add(f"{place}.display")
        return self._put and not literal and not any(map(self._may_number, identifiers))

    def _local(self, literal: str) -> str:
        """What a reference says literally, without our own server and the version."""
        return literal.split("/_history/", maxsplit=1)[0].removeprefix(self._places.own)

    def _leads_there(self, name: str, literal: str, value: Value, identifiers: Sequence[Value]) -> bool:
        if "://" in literal and not self._places.is_known_link(literal):
            return True
        refers = literal or identifiers or name in self._places.by
        if not refers or literal in self._known or literal in self._kinds:
            return False
        numbered = any(i.get("system") in self._places.organisations for i in identifiers)
        of_one = numbered or name in self._places.by
        return self._is_elsewhere("Organization" if of_one else self._kind(literal, value), identifiers)

    def _is_elsewhere(self, kind: str, identifiers: Sequence[Value]) -> bool:
        """Whether something of a type is a place, or an organisation that is no partner of ours."""
        if kind in self._places.places:
            return True
        return kind in self._places.named and not self._partners_of(identifiers)

    def _kind(self, literal: str, value: Value) -> str:
        """The type of what is referred to; "" where nothing says it."""
        said = value.get("type") or self._kinds.get(literal) or literal.rpartition("/")[0].rpartition("/")[2]
        return str(said)

    def _partners_of(self, identifiers: Sequence[Value]) -> list[Partner]:
        numbers = [str(identifier.get("value", "")) for identifier in identifiers]
        found = [self._partners.by_organisation.get(n) or self._partners.by_her_id.get(n) for n in numbers]
        return [partner for partner in found if partner]

    def _may_be_called(
        self, literal: str, value: Value, identifiers: Sequence[Value], element: Element
    ) -> bool:
        """Whether the words of a reference may leave: the name of who is said to be a person, or that of a partner."""
        words, kind = str(value.get("display", "")), self._kind(literal, value)
        only_people = element.targets is not None and element.targets <= self._places.people
        numbered = any(i.get("system") in self._places.numbers for i in identifiers)
        of_person = kind in self._places.people or numbered or (only_people and not kind)
        if self._places.is_phrase(words) or self._is_of_partner(words, identifiers):
            return True
        return of_person and self._places.is_name(words)

    def _is_of_partner(self, words: str, identifiers: Sequence[Value]) -> bool:
        partners = self._partners_of(identifiers)
        names = {name for partner in partners for name in (partner.name, *partner.services.values())}
        return words.casefold() in {name.casefold() for name in names}

    def _says_a_place(self, name: str, place: str, type_: str, said: str) -> bool:
        """Of a text or a link, by what it stands in."""
        around = self._around.get(place.rpartition(".")[0], _RESOURCE)
        if type_ in _LINKS:
            of_type = (around.type, name) == ("Reference", "type") and resource_model(said) is not None
            own = of_type or (around.type, name) in _OF_ITSELF
            return not own and not self._places.is_known_link(said)
        if type_ == "Code" or name == "unit":
            return self._measures_or_codes_there(name, around, said)
        return type_ in _TEXTS and self._words_there(name, place, around, said)

    def _words_there(self, name: str, place: str, around: _Around, said: str) -> bool:
        if name != "id":
            if around.type in _NUMBERS:
                return False
            if around.type == "Reference":
                return place in self._hidden if name == "display" else self._leads_nowhere(said)
            if around.type == "HumanName":
                return not self._places.is_name(said)
        if self._names_somebody(name, place, around):
            numbers = _identifiers(around.value) if name == "name" else []
            return not (self._places.is_phrase(said) or self._is_of_partner(said, numbers))
        return self._places.leads_there(said)

    def _measures_or_codes_there(self, name: str, around: _Around, said: str) -> bool:
        """Of a language, a unit or a code that FHIR lets anything stand in."""
        if name == "language":
            return self._places.languages.fullmatch(said) is None
        if name == "valueCode":
            return said not in self._places.coded
        return around.type in _MEASURED and name in ("code", "unit") and said not in self._places.units

    def _leads_nowhere(self, literal: str) -> bool:
        """Whether a literal reference is to nothing that is known: it would be words in another form."""
        local = self._local(literal)
        there = local in self._known or local in self._kinds or _BY_UUID.fullmatch(local)
        return not there and not self._places.is_known_link(local)

    def _names_somebody(self, name: str, place: str, around: _Around) -> bool:
        """Whether a text is no sentence, but says what a code means, or who or where somebody is."""
        if around.type in ("Coding", "Attachment") or around.name == "role" or name in _NAMES:
            return True
        if around.type == "CodeableConcept":
            return around.name not in self._places.prose
        if around.type == "Extension" and around.value.get("url") in self._places.called:
            return True
        held = _CONTAINED.match(place)
        return held is not None and self._held[int(held[1])][1] in self._places.who


def _codes(concept: Value) -> frozenset[str]:
    return frozenset(str(coding.get("code", "")) for coding in concept.get("coding", ()))


def _identifiers(value: Value) -> list[Value]:
    told = value.get("identifier", ())
    return [i for i in ([told] if isinstance(told, dict) else told) if isinstance(i, dict)]
