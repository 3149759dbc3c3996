"""One small path language, read and written both ways.

    MsgHead.MsgInfo.Patient.Ident[TypeId.@V=FNR].Id
    patient.name[0].family

A step is a name, a name with a position, or a name with key=value (the key may itself be a path) that finds
an element of a list when reading and makes it when writing; key^=value finds one that begins so, and only reads.
A name without a position means the first of a list.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

_STEP = re.compile(r"([\w@#-]+)(?:\[(?:(\d+)|([\w.@#-]+)(\^?=)([^\]]+))\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    position: int | None
    key: str | None
    value: str | None
    begins: bool = False
    names: tuple[str, ...] = ()
    """The names on the way of a key that is made of names only."""


class Found(NamedTuple):
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
        names = tuple(key.split(".")) if key else ()
        found.append(Step(name, int(position) if position else None, key, value, sign == "^=", names))
        at = match.end()
    return tuple(found)


class Way(NamedTuple):
    """A path that begins in a root: its last step, and the way before it; a root alone has neither."""

    path: str
    before: "Way | None" = None
    step: Step | None = None


@cache
def way(path: str) -> Way:
    """A path of a table as a way. Paths that begin alike share its beginning."""
    root, _, rest = path.partition(".")
    so_far = Way(root)
    for step in steps(rest):
        so_far = _on(so_far, step)
    return so_far


@cache
def _on(before: Way, step: Step) -> Way:
    return Way(f"{before.path}.{step}", before, step)


def find(tree: Any, path: str, place: str) -> list[Found]:
    """Every value at `path` below `tree`, which itself stands at `place`; the last step may be a whole list."""
    found = [Found(place, tree)]
    for step in steps(path):
        found = below(found, step)
    return found


def first(tree: Any, path: str, place: str) -> Found | None:
    """The first value at `path`, or None."""
    return next(iter(find(tree, path, place)), None)


def below(found: list[Found], step: Step) -> list[Found]:
    """What stands one step further in, in order."""
    hits: list[Found] = []
    for at in found:
        if not isinstance(at.value, dict) or step.name not in at.value:
            continue
        child, place = at.value[step.name], f"{at.place}.{step.name}"
        if isinstance(child, list):
            _items(child, step, place, at, hits)
        elif _matches(child, step, place) is not None:
            hits.append(Found(place, child, at.consulted))
    return hits


def _items(items: list[Any], step: Step, place: str, at: Found, hits: list[Found]) -> None:
    for n, item in enumerate(items):
        if step.position is None or step.position == n:
            here = f"{place}[{n}]"
            if step.key is None:
                hits.append(Found(here, item, at.consulted))
            elif chosen := _matches(item, step, here):
                hits.append(Found(here, item, at.consulted + chosen))


def _matches(item: Any, step: Step, place: str) -> tuple[str, ...] | None:
    """The place that tells that a key has its value; most items have another, and no places are made of these."""
    if step.key is None:
        return ()
    if not _has(item, step):
        return None
    return next(((found.place,) for found in find(item, step.key, place) if _fits(found.value, step)), None)


def _has(item: Any, step: Step) -> bool:
    for value in _values(item, step.names):  # noqa: SIM110 - any() takes twice as long
        if _fits(value, step):
            return True
    return False


def _values(node: Any, names: tuple[str, ...]) -> Iterable[Any]:
    """What `find` finds on a way of names, without its places."""
    for at, name in enumerate(names):
        if isinstance(node, list):
            return [value for item in node for value in _values(item, names[at:])]
        if not isinstance(node, dict) or name not in node:
            return ()
        node = node[name]
    return node if isinstance(node, list) else (node,)


def _fits(value: Any, step: Step) -> bool:
    if step.begins:
        return isinstance(value, str) and value.startswith(step.value or "")
    return bool(value == step.value)


Writer = Callable[[dict[str, Any], Any], None]


def put(tree: dict[str, Any], path: str, content: Any) -> None:
    """Write `content` at `path`, making what is missing on the way."""
    writer(path)(tree, content)


@cache
def writer(path: str) -> Writer:
    """What `put` does at one path, made ready once. Raises ValueError where nothing can be written."""
    *before, leaf = steps(path)
    if leaf.key is not None or any(step.begins for step in before):
        raise ValueError(f"{path!r} must end in a name and say each key whole")
    entrances = [_entrance(step) for step in before]
    name, position = leaf.name, leaf.position

    def write(tree: dict[str, Any], content: Any) -> None:
        for enter in entrances:
            tree = enter(tree)
        if position is None:
            tree[name] = content
            return
        items = tree.setdefault(name, [])
        if position != len(items):
            raise ValueError(f"{path!r} must be written in order")
        items.append(content)

    return write


def _entrance(step: Step) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """From an object to the one inside it that a step names, which is made if it is not there."""
    if step.position is not None:
        return partial(_nth, step.name, step.position)
    if step.key is not None:
        return partial(_keyed, step)
    return partial(_named, step.name)


def _named(name: str, tree: dict[str, Any]) -> dict[str, Any]:
    return _object(tree.setdefault(name, {}))


def _nth(name: str, position: int, tree: dict[str, Any]) -> dict[str, Any]:
    items = tree.setdefault(name, [])
    if position == len(items):
        items.append({})
    return _object(items[position])


def _keyed(step: Step, tree: dict[str, Any]) -> dict[str, Any]:
    items = tree.setdefault(step.name, [])
    for item in items:
        if _has(item, step):
            return _object(item)
    item = {}
    put(item, step.key or "", step.value)
    items.append(item)
    return item


def _object(node: Any) -> dict[str, Any]:
    return node if isinstance(node, dict) else {}
