"""One small path language, read and written both ways.

    MsgHead.MsgInfo.Patient.Ident[TypeId.@V=FNR].Id
    patient.name[0].family

A step is a name, a name with a position, or a name with key=value (the key may itself be a path) that finds
an element of a list when reading and makes it when writing; key^=value finds one that begins so, and only reads.
A name without a position means the first of a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

_STEP = re.compile(r"([\w@#-]+)(?:\[(?:(\d+)|([\w.@#-]+)(\^?=)([^\]]+))\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    position: int | None
    key: str | None
    value: str | None
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A value, the place where it stands, and the places that had to be looked at to choose it."""

    place: str
    value: Any
    consulted: tuple[str, ...] = ()


@cache
def steps(path: str) -> tuple[Step, ...]:
    """The steps of a path. Raises ValueError for what is not a path."""
    found: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if not match:
            raise ValueError(f"not a path: {path!r} at {at}")
        name, position, key, sign, value = match.groups()
        found.append(Step(name, int(position) if position else None, key, value, begins=sign == "^="))
        at = match.end()
    return tuple(found)


def find(tree: Any, path: str, place: str) -> Iterator[Found]:
    """Every value at `path` below `tree`, which itself stands at `place`; the last step may be a whole list."""
    yield from _walk(Found(place, tree), steps(path))


def first(tree: Any, path: str, place: str) -> Found | None:
    """The first value at `path`, or None."""
    return next(find(tree, path, place), None)


def _walk(at: Found, way: tuple[Step, ...]) -> Iterator[Found]:
    if not way:
        yield at
        return
    if not isinstance(at.value, dict) or way[0].name not in at.value:
        return
    child = at.value[way[0].name]
    place = f"{at.place}.{way[0].name}"
    if not isinstance(child, list):
        if way[0].key is None or _matches(child, way[0], place):
            yield from _walk(Found(place, child, at.consulted), way[1:])
        return
    for position, item in enumerate(child):
        if way[0].position not in (None, position):
            continue
        here = f"{place}[{position}]"
        chosen = _matches(item, way[0], here) if way[0].key else ()
        if chosen is not None:
            yield from _walk(Found(here, item, at.consulted + chosen), way[1:])


def _matches(item: Any, step: Step, place: str) -> tuple[str, ...] | None:
    if step.key is None:
        return ()
    hit = next((f for f in find(item, step.key, place) if _fits(f.value, step)), None)
    return None if hit is None else (hit.place,)


def _fits(value: Any, step: Step) -> bool:
    if step.begins:
        return isinstance(value, str) and value.startswith(step.value or "")
    return bool(value == step.value)


def put(tree: dict[str, Any], path: str, content: Any) -> None:
    """Write `content` at `path`, making what is missing on the way."""
    *way, leaf = steps(path)
    for step in way:
        tree = _enter(tree, step)
    if leaf.key is not None or any(step.begins for step in way):
        raise ValueError(f"{path!r} must end in a name and say each key whole")
    if leaf.position is None:
        tree[leaf.name] = content
    else:
        items = tree.setdefault(leaf.name, [])
        if leaf.position != len(items):
            raise ValueError(f"{path!r} must be written in order")
        items.append(content)


def _enter(tree: dict[str, Any], step: Step) -> dict[str, Any]:
    child: Any
    if step.position is None and step.key is None:
        child = tree.setdefault(step.name, {})
    elif step.position is not None:
        items = tree.setdefault(step.name, [])
        if step.position == len(items):
            items.append({})
        child = items[step.position]
    else:
        items = tree.setdefault(step.name, [])
        child = next((i for i in items if first(i, step.key or "", "") and _matches(i, step, "")), None)
        if child is None:
            child = {}
            put(child, step.key or "", step.value)
            items.append(child)
    return child if isinstance(child, dict) else {}
