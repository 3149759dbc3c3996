"""What was kept is answered without being read, in the very bytes that reading and writing it would give."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapter.domain.case import Version
from adapter.outside.store.rows import to_text
from adapter.wire import json
from adapter.wire.kept import unescaped

_PIECES = [
    *'a0"/\\u\n\t\b\f\x00\x01\x1f\x7f\x80åÆ\u2028\u2029\ufeff\uffff😀𝄞',
    "\\u00e5",
    "\\\\u00e5",
    "d83d",
]


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_answered_as_if_it_were_read_and_written(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - drawn the same every time, for nobody's secret
    for _ in range(200):
        words = ["".join(draw.choices(_PIECES, k=draw.randint(0, 12))) for _ in range(3)]
        resource = {words[0]: words[1:], "none": None, "many": [True, 1, {}, []]}
        assert unescaped(to_text(resource)) == json.dumps(resource)


@pytest.mark.parametrize("number", ["72.50", "0.0000001", "1E+2", "-0.0", "100"])
def test_numbers_keep_their_digits(number: str) -> None:
    body = {"resourceType": "Basic", "value": Decimal(number), "count": 3}
    assert unescaped(to_text(body)) == json.dumps(body)


def test_a_version_reads_its_text_only_when_asked_and_is_then_like_any_other() -> None:
    body = {"resourceType": "Task", "id": "1", "note": [{"text": "på vei"}], "value": Decimal("72.50")}
    made, kept = (_version(given) for given in (body, to_text(body)))
    broken = _version("no JSON")
    assert (made.kept_text, kept.kept_text) == (None, to_text(body))
    assert kept == made
    assert str(kept.body["value"]) == "72.50"
    assert replace(kept, body={}).kept_text is None
    with pytest.raises(ValueError, match="Expecting value"):
        assert broken.body


def _version(body: Any) -> Version:
    return Version("Task", "1", 1, "case-1", datetime(2026, 3, 10, tzinfo=UTC), "999900022", "s", body)
