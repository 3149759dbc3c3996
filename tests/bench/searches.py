"""How cases are found, for G12: a hook for what finds them.

Each search takes a running number, and finds something. A name that begins with `told` is measured and not judged.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from adapter.domain.identifiers import subject_key
from adapter.domain.record import Question
from adapter.flows.parts import Parts
from adapter.outside.store import Database
from adapter.outside.store.keeping import Housekeeping
from tests.bench.messages import MUNICIPALITY

Search = Callable[[int], object]
_LISTS = {"parked": "list: parked()", "waiting": "list: waiting()", "backlog": "told: backlog()"}
Maker = Callable[[Database, Housekeeping, Parts], Mapping[str, Search]]
_MAKERS: list[Maker] = []


def searches(make: Maker) -> Maker:
    """Register what makes the searches of a store, by their names in the report."""
    _MAKERS.append(make)
    return make


def searches_of(store: Database, keeping: Housekeeping, parts: Parts) -> Mapping[str, Search]:
    return {name: search for make in _MAKERS for name, search in make(store, keeping, parts).items()}


@searches
def of_operators(store: Database, _: Housekeeping, __: Parts) -> Mapping[str, Search]:
    """What every release has: the lists of people; and how much stands where, which no person waits for."""
    found: dict[str, Any] = {name: getattr(store, name, None) for name in _LISTS}
    return {_LISTS[name]: partial(_asked, ask) for name, ask in found.items() if ask}


def _asked(ask: Callable[[], object], _: int) -> object:
    return ask()


@searches
def of_cases(_: Database, keeping: Housekeeping, parts: Parts) -> Mapping[str, Search]:
    """`ip-adapter find`: a person's cases, those that stand in a state, and a page from somewhere in the middle."""
    nobody = subject_key(parts.secret, "00000000000")
    questions = {
        "search: a person": Question(subject_key=nobody),
        "search: a rare state": Question(states=("held-for-routing",)),
        "search: a unit's first page": Question(owner=MUNICIPALITY),
        "search: a page in the middle": Question(after="8"),
    }
    return {name: partial(_found, keeping.find, question) for name, question in questions.items()}


def _found(find: Callable[[Question], object], question: Question, _: int) -> object:
    return find(question)
