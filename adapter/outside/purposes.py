"""What an access token says that a call is for.

IHE names it in a token of its profile IUA, and so does the Norwegian tillitsrammeverk in the `care-relationship` that
it attests; where in the token that stands the issuer decides. The codes are those of v3-ActReason.
"""

from collections.abc import Iterator
from typing import Any

_NAMES = ("purpose_of_use", "purpose-of-use")
_NESTED = 6


def purposes(claims: Any, deep: int = _NESTED) -> Iterator[str]:
    """The codes of every purpose that stands anywhere among the claims, in whatever form: a code, or a coding."""
    if deep and isinstance(claims, dict):
        for name, value in claims.items():
            yield from _codes(value) if name in _NAMES else purposes(value, deep - 1)
    elif deep and isinstance(claims, list):
        for value in claims:
            yield from purposes(value, deep - 1)


def _codes(purpose: Any) -> Iterator[str]:
    for one in purpose if isinstance(purpose, list) else [purpose]:
        code = one.get("code") if isinstance(one, dict) else one
        if isinstance(code, str):
            yield code
