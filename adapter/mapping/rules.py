"""Rules that name places of a tree: those whose leaves are set aside, and those where people write freely."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from adapter.mapping.paths import find

_POSITION = re.compile(r"\[\d+\]")
_HOLDERS = (dict, list)
_MOST_KNOWN = 10_000  # names that senders make up must not fill the memory


class Root(NamedTuple):
    """A tree and the place where it stands in what was received."""

    place: str
    tree: Any


class Chosen(NamedTuple):
    """An element of one tree that a rule chooses, what of it the rule names, and what the rule says."""

    place: str
    below: re.Pattern[str]
    says: str

    def names(self, place: str) -> bool:
        return place.startswith(self.place) and self.below.fullmatch(place, len(self.place)) is not None


class Rules:
    """Rules of a table, made ready once."""

    def __init__(self, rules: Iterable[tuple[str, str]] = ()) -> None:
        rules = tuple(rules)
        self._plain = [(re.compile(_wild(at)), says) for at, says in rules if "]" not in at]
        self._choosing = [_choosing(at, says) for at, says in rules if "]" in at]

    def of(self, names: tuple[str, ...]) -> str | None:
        """What the first rule says that names a place, which goes by these names."""
        hits = (says for pattern, says in self._plain if any(pattern.fullmatch(name) for name in names))
        return next(hits, None)

    def chosen(self, roots: Mapping[str, Root]) -> list[Chosen]:
        """What the rules that choose by key=value choose in these trees."""
        return [
            Chosen(hit.place, below, says)
            for root, path, below, says in self._choosing
            if root in roots
            for hit in find(roots[root].tree, path, roots[root].place)
        ]


class Name:
    """What rules may call a place: its whole way, and the way below each role it belongs to; without positions.

    `aside` is why what stands there is set aside, `free` the rank of the rule by which people write freely there ("" if
    none does; an attribute holds a code, but `@OT` what somebody wrote for want of one). Formats have few names and
    messages many places, so a name is looked up in the rules when it is first met, and remembered.
    """

    __slots__ = ("_inner", "_names", "_rules", "aside", "free")

    def __init__(self, names: tuple[str, ...], rules: "NamedPlaces") -> None:
        rules.count += 1
        self._names, self._rules = names, rules
        self._inner: dict[str | tuple[str, ...], Name] = {}
        self.aside = rules.aside.of(names)
        last = names[0].rpartition(".")[2]
        self.free = "" if last.startswith("@") and last != "@OT" else rules.free.of(names) or ""

    def below(self, step: str) -> "Name":
        found = self._inner.get(step)
        if found is None:
            found = self._inner[step] = Name(tuple([f"{name}.{step}" for name in self._names]), self._rules)
        return found

    def as_roles(self, roles: tuple[str, ...]) -> "Name":
        found = self._inner.get(roles)
        if found is None:
            found = self._inner[roles] = Name((*self._names, *roles), self._rules)
        return found


class NamedPlaces:
    """The names of one column of a table, as far as messages have used them."""

    def __init__(self, aside: Rules, free: Rules) -> None:
        self.aside, self.free = aside, free
        self.count = 0
        self._first: dict[str, Name] = {}

    def leaves(self, whole: Root, roots: Mapping[str, Root]) -> list[tuple[str, Name, Any]]:
        """Every leaf of what was received, in the order of the document: its place, what that is called, its value."""
        if self.count > _MOST_KNOWN:
            self.count, self._first = 0, {}
        roles: dict[str, tuple[str, ...]] = {}
        for role, root in roots.items():
            roles[root.place] = (*roles.get(root.place, ()), role)
        name = self._first.get(whole.place)
        if name is None:
            name = self._first[whole.place] = Name((_POSITION.sub("", whole.place),), self)
        found: list[tuple[str, Name, Any]] = []
        _gather(whole.tree, whole.place, name, roles, found)
        return found


def _gather(
    node: Any,
    place: str,
    name: Name,
    roles: Mapping[str, tuple[str, ...]],
    found: list[tuple[str, Name, Any]],
) -> None:
    if isinstance(node, dict):
        if place in roles:
            name = name.as_roles(roles[place])
        for step, child in node.items():
            if isinstance(child, _HOLDERS):
                _gather(child, f"{place}.{step}", name.below(step), roles, found)
            else:  # here as well, which spares a call for most leaves
                found.append((f"{place}.{step}", name.below(step), child))
    elif isinstance(node, list):
        for position, item in enumerate(node):
            _gather(item, f"{place}[{position}]", name, roles, found)
    else:
        found.append((place, name, node))


def _choosing(at: str, says: str) -> tuple[str, str, re.Pattern[str], str]:
    """A rule that chooses: the root and the path up to the last key, what of the chosen it names, what it says."""
    chosen, _, rest = at.rpartition("]")
    root, _, path = chosen.partition(".")
    below = _wild(rest).replace(r"\.", r"(?:\[\d+\])?\.")
    return root, f"{path}]", re.compile(rf"{below}(?:\[\d+\])?"), says


def _wild(rule: str) -> str:
    return re.escape(rule).replace(r"\*\*", ".*").replace(r"\*", "[^.]*")
