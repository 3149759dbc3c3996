"""JSON as bytes and as values: read strictly, written canonically.

Numbers with decimals stay Decimal, so that 72.50 does not become 72.5 (FHIR R4 data types, decimal).
"""

import hashlib
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from adapter.domain.case import Resource
from adapter.domain.problems import Finding, Refused

# A string as a whole (an unterminated one runs to the end, so the scan is linear), or one bracket.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_BRACES = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # an escaped U+0000; a bare one is no JSON
_MOST_DIGITS = 400  # far beyond FHIR's 18 significant digits; keeps arithmetic on numbers cheap


def loads(raw: bytes, *, max_bytes: int, max_depth: int) -> Resource:
    """The JSON object in `raw` (UTF-8, RFC 8259), in the order of the source.

    `max_depth` counts nested objects and arrays, the outermost as 1; it is checked before parsing.
    Raises Refused: too-large, too-deep, or not-json (also for a property that stands twice, NaN, a lone
    surrogate, U+0000, which no FHIR string holds and PostgreSQL does not keep, a number beyond 400 digits, or
    anything but an object at the top).
    """
    if len(raw) > max_bytes:
        raise Refused(Finding("too-large"))
    if _deeper_than(max_depth, raw):
        raise Refused(Finding("too-deep"))
    if _NUL.search(raw):
        raise Refused(Finding("not-json"))
    try:
        value = simplejson.loads(
            raw.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
        if _SURROGATE.search(raw):
            dumps(value)
    except (ValueError, InvalidOperation):  # ValueError covers JSON, UTF-8 and the refusals below
        raise Refused(Finding("not-json")) from None
    if not isinstance(value, dict):
        raise Refused(Finding("not-json"))
    return value


def dumps(resource: Resource) -> bytes:
    """UTF-8 without blanks, properties in the order they stand, decimals with the digits they have.

    A decimal below a millionth, or read with an exponent, is written with one.
    """
    return _text(resource, sort_keys=False)


def pretty(value: Any) -> bytes:
    """The same with one element a line: for people who read a difference."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=1).encode()


def digest(resource: Resource) -> str:
    """SHA-256 (hex) of the content: the order of properties does not count, every digit does."""
    return hashlib.sha256(_text(resource, sort_keys=True)).hexdigest()


def _text(resource: Resource, *, sort_keys: bool) -> bytes:
    text = simplejson.dumps(
        resource,
        ensure_ascii=False,
        separators=(",", ":"),
        use_decimal=True,
        allow_nan=False,
        sort_keys=sort_keys,
    )
    return text.encode("utf-8")


def _deeper_than(most: int, raw: bytes) -> bool:
    """Whether brackets outside of strings stand more than `most` deep.

    Pairs are taken out from the innermost outwards (a third of the time of counting them), and counted only where some
    are left. A backslash outside of a string may hide what stands behind it, but no parser goes on after one.
    """
    parts = raw.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"') if b"\\" in raw else raw.split(b'"')
    left = b"".join(parts[::2]).translate(_BRACES, _NO_BRACKETS)
    for _ in range(most):
        if not left:
            return False
        left = left.replace(b"{}", b"")
    return bool(left) and _depth(raw) > most


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a property stands twice")
    return members


def _decimal(digits: str) -> Decimal:
    number = Decimal(digits)
    if len(digits) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number is beyond bounds")
    return number


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number is beyond bounds")
    return int(digits)


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")
