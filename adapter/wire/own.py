"""Is a resource that we have written ourselves FHIR R4? The rules of `fhir.check`, made ready once for each type.

fhir.resources builds an object for every element to judge it: 2 ms for the resources of one case, a tenth of it here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

from adapter.domain.case import Resource
from adapter.domain.problems import Finding
from adapter.wire.elements import Element, Model, elements, resource_model
from adapter.wire.fhir import check, points_to
from adapter.wire.invariants import broken

Judge = Callable[[Any], Sequence[str]]
"""Says at which places below a value something is wrong: "" is the value itself."""

_SOUND: Sequence[str] = ()
_WRONG: Sequence[str] = ("",)

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""Control characters, and halves of a character that no encoding can write."""
_TEXT = re.compile(r"[ \r\n\t\S]")
_YEAR = r"(?!0000)[0-9]{4}"
_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
_DATE = re.compile(rf"{_YEAR}(-(0[1-9]|1[0-2])|-{_DAY})?")
_DATE_TIME = re.compile(rf"{_YEAR}(-(0[1-9]|1[0-2])|-{_DAY}({_TIME})?)?")
_INSTANT = re.compile(rf"{_YEAR}-{_DAY}{_TIME}")
_CODE = re.compile(r"\S+(\s\S+)*")
_URI = re.compile(r"\S+")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")

_BYTES = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_TOO_GREAT = 2**31

_FEW = frozenset({"Uri", "Canonical", "Code"})
"""Types whose values are those of our tables, over and over: asked once, a sixth of the whole check is saved."""
_MOST_KNOWN = 256


class _Unjudged(Exception):  # noqa: N818 - not wrong, only not known here
    """An element of a type that has no rule here."""


def check_own(resource: Resource) -> tuple[Finding, ...]:
    """What is wrong with one resource of ours: `not-fhir`, at places such as `Task.status`; as `fhir.check`.

    It refuses whatever `fhir.check` refuses, and more: elements that hold an extension only, a null in a list, more
    than six digits of a second. What it has no rule for (contained resources, other numbers, URLs, narrative) makes
    it ask `fhir.check`, so a table may write anything, but not as fast. It knows no Bundle: `urn:uuid:` references
    are not held to the type they lead to. Not for what others send. Never raises.
    """
    name = resource.get("resourceType")
    model = resource_model(name) if isinstance(name, str) else None
    if model is None:
        return (Finding("not-fhir", "resourceType"),)
    try:
        places = [f"{name}{at}" for at in _shape(model).judge(_members_of(resource))]
    except _Unjudged:
        return check(resource)
    places = places or list(broken(resource, str(name)))
    return tuple(Finding("not-fhir", place) for place in dict.fromkeys(places))


def _members_of(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "resourceType"}


class _Shape:
    """What a type of resource or element may hold, and must."""

    def __init__(self, model: Model) -> None:
        known = elements(model)
        self._judges = _Judges(known)
        self._required = tuple(n for n, e in known.items() if e.required)
        self._choices = {n: e.choice for n, e in known.items() if e.choice}
        self._must_choose = frozenset(e.choice for e in known.values() if e.choice_required)

    def judge(self, node: Any) -> Sequence[str]:
        if type(node) is not dict or not node:
            return _WRONG
        faults: list[str] = []
        judges = self._judges
        for name, value in node.items():
            if wrong := judges[name](value):
                faults += wrong if judges[name] is _unknown else [f".{name}{at}" for at in wrong]
        for name in self._required:
            if name not in node:
                faults.append(f".{name}")
        if self._choices:
            made = [self._choices[name] for name in node if name in self._choices]
            if len(set(made)) < len(made) or not self._must_choose.issubset(made):
                faults.append("")
        return faults


class _Judges(dict[str, Judge]):
    """By name of element, made when first met: a type may hold fifty others, and most never stand in a message."""

    def __init__(self, known: Mapping[str, Element]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, name: str) -> Judge:
        if name not in self._known:
            return _unknown
        self[name] = judge = _judge(self._known[name])
        return judge


@cache
def _shape(model: Model) -> _Shape:
    return _Shape(model)


def _judge(element: Element) -> Judge:
    one = _primitive(element) if element.child is None else _complex(element)
    return _many(one) if element.many else one


def _many(one: Judge) -> Judge:
    def judge(values: Any) -> Sequence[str]:
        if type(values) is not list or not values:
            return _WRONG
        faults: list[str] = []
        for position, value in enumerate(values):
            if wrong := one(value):
                faults += [f"[{position}]{at}" for at in wrong]
        return faults

    return judge


def _complex(element: Element) -> Judge:
    if element.model.__name__ == "Resource":
        return _not_judged
    inner, targets = _shape(element.model).judge, element.targets
    if targets is None:
        return inner

    def judge(reference: Any) -> Sequence[str]:
        return inner(reference) or (_SOUND if points_to(reference, targets) else (".reference",))

    return judge


def _primitive(element: Element) -> Judge:
    if element.kinds == (bool,):
        return lambda value: _SOUND if type(value) is bool else _WRONG
    if element.type == "UnsignedInt":
        return lambda value: _SOUND if type(value) is int and 0 <= value < _TOO_GREAT else _WRONG
    sound, codes = _FORMS.get(element.type), element.codes
    if sound is None or element.kinds != (str,):
        return _not_judged

    def is_sound(value: str) -> bool:
        in_place = sound(value) and (codes is None or value in codes)
        return in_place and (value.isprintable() or not _NO_TEXT.search(value))  # half the time of 4 kB

    if element.type in _FEW:
        is_sound = lru_cache(_MOST_KNOWN)(is_sound)

    def judge(value: Any) -> Sequence[str]:
        return _SOUND if type(value) is str and value and is_sound(value) else _WRONG

    return judge


def _unknown(_: Any) -> Sequence[str]:
    """An element that the type has not is reported at the type."""
    return _WRONG


def _not_judged(_: Any) -> Sequence[str]:
    raise _Unjudged


def _on_calendar(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    def sound(value: str) -> bool:
        if not pattern.fullmatch(value):
            return False
        try:
            return len(value) < len("YYYY-MM-DD") or bool(date.fromisoformat(value[:10]))
        except ValueError:
            return False

    return sound


def _like(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "String": lambda value: _TEXT.search(value) is not None,
    "Markdown": lambda value: True,
    "Code": _like(_CODE),
    "Id": _like(_ID),
    "Uri": _like(_URI),
    "Canonical": _like(_URI),
    "Oid": _like(_OID),
    "EncodedBytes": _like(_BYTES),
    "Date": _on_calendar(_DATE),
    "DateTime": _on_calendar(_DATE_TIME),
    "Instant": _on_calendar(_INSTANT),
}
