"""A FHIR resource without some of its elements, valid still, and without a trace of where they stood.

What its parent cannot be without takes the parent along; nothing empty is left; a reference to something contained that
has gone goes too, and so does what is contained and named by nothing any more.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapter.domain.case import Resource
from adapter.domain.view import SUBSETTED
from adapter.wire.elements import Element, Model, elements, resource_model

Leaves = Callable[[str, Any, str, Element | None, Any], bool]
"""Whether an element is left out, by its name, its value, its place (`CarePlan.goal[0]`), what FHIR says of it (None of
what is contained) and what it says itself. An item of a list is one element; of a primitive the value is what extends
it (`_status`), {} where nothing does, and it says a string, a number or a boolean."""

_NOTHING_WITHOUT: Mapping[str, frozenset[str]] = {
    "CareTeamParticipant": frozenset({"member"}),
    "ConsentProvision": frozenset({"actor"}),
    "Consent": frozenset({"provision"}),
}
"""What FHIR lets stand without these, though it would be about nobody then, or about everybody."""
_NONE: Mapping[str, Element] = {}


def prune(resource: Resource, leaves: Leaves) -> Resource | None:
    """The resource without what `leaves` says, marked as a part of it; itself if that is nothing.

    None where it cannot be without. The mark is SUBSETTED in meta.security and, as FHIR R4 has it for searches, in
    meta.tag. A narrative tells what the elements say, so that of a part goes.
    """
    made = _Pruned(resource, leaves)
    body = made.body()
    if not made.lost:
        return resource
    return None if body is None else _marked(body)


def lost_in(resource: Resource, leaves: Leaves) -> frozenset[str]:
    """The places of what is left out or goes with it."""
    made = _Pruned(resource, leaves)
    made.body()
    return frozenset(made.lost)


def references(tree: Any) -> Iterator[str]:
    """Every literal reference in a resource."""
    return (named for _, value in objects(tree) if (named := reference_of(value)))


def reference_of(value: Mapping[str, Any]) -> str:
    """What a Reference says literally; "" for anything else."""
    literal = value.get("reference")
    return literal if isinstance(literal, str) else ""


def objects(tree: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a resource, with the name of the element that it is."""
    if isinstance(tree, dict):
        yield name, tree
        for inner, value in tree.items():
            yield from objects(value, inner)
    elif isinstance(tree, list):
        for value in tree:
            yield from objects(value, name)


class _Pruned:
    def __init__(self, resource: Resource, leaves: Leaves) -> None:
        self._resource, self._leaves = resource, leaves
        self._gone: set[str] = set()
        self.lost: set[str] = set()

    def body(self) -> Resource | None:
        """What is left; references to what has gone are taken out until that changes nothing any more."""
        kind = self._resource["resourceType"]
        held = [(f"#{c.get('id')}", c) for c in self._resource.get("contained", ())]
        own = {name: value for name, value in self._resource.items() if name != "contained"}
        while True:
            before = len(self._gone)
            inner = {id_: self._contained(c, f"{kind}.contained[{n}]") for n, (id_, c) in enumerate(held)}
            self._gone |= {id_ for id_, c in inner.items() if c is None}
            if len(self._gone) == before:
                break
        body = self._object(own, resource_model(kind), kind)
        if body is None or not held:
            return body
        named = _reached(body, {id_: c for id_, c in inner.items() if c is not None})
        self.lost |= {f"{kind}.contained[{n}]" for n, (id_, _) in enumerate(held) if id_ not in named}
        kept = [inner[id_] for id_, _ in held if id_ in named]
        # In its place: an element that moves would tell that there is another form of it.
        there = {name: kept if name == "contained" else body.get(name) for name in self._resource}
        return {name: value for name, value in there.items() if value}

    def _contained(self, held: Resource, place: str) -> Resource | None:
        if f"#{held.get('id')}" in self._gone or self._leaves("contained", held, place, None, held):
            self.lost.add(place)
            return None
        return self._object(held, resource_model(held["resourceType"]), place)

    def _object(self, whole: dict[str, Any], model: Model | None, place: str) -> dict[str, Any] | None:
        known = elements(model) if model else _NONE
        kept: dict[str, Any] = {}
        for name, value in whole.items():
            if name.startswith("_"):
                if name[1:] not in whole:
                    self._keep(kept, name[1:], None, value, known, place)
            else:
                self._keep(kept, name, value, whole.get(f"_{name}"), known, place)
        if _may_stand(kept, whole, known, model):
            return kept
        self.lost.add(place)
        return None

    def _keep(
        self,
        kept: dict[str, Any],
        name: str,
        value: Any,
        beside: Any,
        known: Mapping[str, Element],
        place: str,
    ) -> None:
        """Puts into `kept` what is left of an element, and of what extends it if it is primitive."""
        at = f"{place}.{name}"
        of, around = known.get(name), known.get(f"_{name}")
        if isinstance(value, list) or isinstance(beside, list):
            length = max(len(value or ()), len(beside or ()))
            items = [
                self._item(name, _of(value, n), _of(beside, n), of, around, f"{at}[{n}]")
                for n in range(length)
            ]
            there = [item for item in items if item is not None]
            if name == "modifierExtension" and len(there) < length:
                return
            if any(one is not None for one, _ in there):
                kept[name] = [one for one, _ in there]
            if any(other is not None for _, other in there):
                kept[f"_{name}"] = [other for _, other in there]
        elif item := self._item(name, value, beside, of, around, at):
            kept |= {n: v for n, v in ((name, item[0]), (f"_{name}", item[1])) if v is not None}

    def _item(
        self, name: str, value: Any, beside: Any, of: Element | None, around: Element | None, place: str
    ) -> tuple[Any, Any] | None:
        subject = value if isinstance(value, dict) else beside or {}
        if self._leaves(name, subject, place, of, value) or reference_of(subject) in self._gone:
            self.lost.add(place)
            return None
        if not isinstance(value, dict):
            extends = self._object(beside, _model(around), place) if beside else None
            return None if value is None and extends is None else (value, extends)
        model = resource_model(value["resourceType"]) if "resourceType" in value else _model(of)
        inner = self._object(value, model, place)
        return None if inner is None else (inner, beside)


def _model(element: Element | None) -> Model | None:
    return element.model if element and element.child else None


def _of(values: Any, position: int) -> Any:
    return values[position] if isinstance(values, list) and position < len(values) else None


def _may_stand(
    kept: Mapping[str, Any], whole: Mapping[str, Any], known: Mapping[str, Element], model: Model | None
) -> bool:
    """Whether what is left of an object is one: it has something, and all it had that it must have."""
    lost = {name for name in whole if name not in kept and f"_{name}" not in kept}
    if not lost:
        return True
    if not kept or "modifierExtension" in lost or _is_empty_extension(kept):
        return False
    must = {name for name in lost if name in known and known[name].required}
    must |= _NOTHING_WITHOUT.get(getattr(model, "__name__", ""), frozenset()) & lost
    chosen = {known[name].choice for name in lost if name in known and known[name].choice_required}
    return not must and not chosen


def _is_empty_extension(kept: Mapping[str, Any]) -> bool:
    return set(kept) <= {"url", "id"} and "url" in kept


def _reached(body: Resource, held: Mapping[str, Resource]) -> set[str]:
    """What is contained and still named, by the resource or by something contained that is."""
    named: set[str] = set()
    waiting = list(references(body))
    while waiting:
        literal = waiting.pop()
        if literal in held and literal not in named:
            named.add(literal)
            waiting.extend(references(held[literal]))
    return named


def _marked(body: Resource) -> Resource:
    meta = body.get("meta", {})
    marks = {n: [*(m for m in meta.get(n, ()) if m != SUBSETTED), SUBSETTED] for n in ("security", "tag")}
    held = {"contained": [_untold(c) for c in body["contained"]]} if "contained" in body else {}
    head = {n: body[n] for n in ("resourceType", "id") if n in body} | {"meta": meta | marks}
    return head | {name: value for name, value in (_untold(body) | held).items() if name not in head}


def _untold(resource: Resource) -> Resource:
    return {n: v for n, v in resource.items() if n != "text" or not isinstance(v, dict) or "div" not in v}
