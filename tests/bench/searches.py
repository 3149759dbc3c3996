"""How cases are found, for G12: a hook for what finds them.

Each search takes a running number, and finds something. A name that begins with `told` is measured and not judged.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapter.flows.parts import Parts
from adapter.outside.store import Database

Search = Callable[[int], object]
_LISTS = {"parked": "list: parked()", "waiting": "list: waiting()", "backlog": "told: backlog()"}
_MAKERS: list[Callable[[Database, Parts], Mapping[str, Search]]] = []


def searches(
    make: Callable[[Database, Parts], Mapping[str, Search]],
) -> Callable[[Database, Parts], Mapping[str, Search]]:
    """Register what makes the searches of a store, by their names in the report."""
    _MAKERS.append(make)
    return make


def searches_of(store: Database, parts: Parts) -> Mapping[str, Search]:
    return {name: search for make in _MAKERS for name, search in make(store, parts).items()}


@searches
def of_operators(store: Database, _: Parts) -> Mapping[str, Search]:
    """What every release has: the lists of people; and how much stands where, which no person waits for."""
    found: dict[str, Any] = {name: getattr(store, name, None) for name in _LISTS}
    return {_LISTS[name]: partial(_asked, ask) for name, ask in found.items() if ask}


def _asked(ask: Callable[[], object], _: int) -> object:
    return ask()
