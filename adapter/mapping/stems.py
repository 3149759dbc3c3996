"""Of a regular expression, the words without which it cannot be found: looking for them first is far cheaper.

Taken from Python's own reading of the expression, so nobody has to write them down and none can be forgotten.
"""

import re
from collections.abc import Iterable
from re import _parser as syntax  # type: ignore[attr-defined]  # no public way to read an expression
from typing import Any

_ANY = frozenset({""})
"""Nothing in particular: the empty word stands in every text."""
_SIGN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL
)  # what is escaped, a set of letters, a letter
_LONG = 5
"""Words of more letters are no rarer."""
_SHORT = 3
"""Words of fewer letters stand everywhere."""


def alternatives(expression: str) -> list[str]:
    """The expressions that stand between the outermost `|` of one: it is found where one of them is."""
    parts, depth = [""], 0
    for sign in _SIGN.findall(expression):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def stems(pattern: re.Pattern[str]) -> tuple[frozenset[str], ...]:
    """Of each of these groups of words at least one stands in every text that the pattern is found in; in small
    letters, where the pattern has no regard to case.

    The group with the rarest words comes first; of the others, those that are rare enough to be worth a look.
    """
    groups = _of_all(syntax.parse(pattern.pattern, pattern.flags))
    if pattern.flags & re.IGNORECASE:
        groups = [frozenset(map(str.lower, group)) for group in groups]
    found = sorted(groups, key=_worth, reverse=True)
    rare = [group for group in found if min(map(len, group)) >= _SHORT]
    return tuple(dict.fromkeys(rare or found[:1]))


def _of_all(parts: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    """Each part of a sequence must be found."""
    found = [_ANY]
    letters = ""
    for operation, argument in parts:
        if operation is syntax.LITERAL:
            letters += chr(argument)
        else:
            found += [frozenset({letters}), *_of_one(operation, argument)]
            letters = ""
    return [*found, frozenset({letters})]


def _of_one(operation: Any, argument: Any) -> list[frozenset[str]]:
    if operation is syntax.SUBPATTERN:
        return _of_all(argument[-1])
    if operation is syntax.MAX_REPEAT or operation is syntax.MIN_REPEAT:
        least, _, repeated = argument
        return _of_all(repeated) if least else []
    if operation is syntax.BRANCH:
        return [frozenset[str]().union(*(_rarest(_of_all(branch)) for branch in argument[1]))]
    return []


def _rarest(groups: list[frozenset[str]]) -> frozenset[str]:
    """Of equals the last: `ikke` in `men ikke`."""
    return max(reversed(groups), key=_worth)


def _worth(words: frozenset[str]) -> tuple[int, int]:
    return min(_LONG, *map(len, words)), -len(words)
