"""JSON is read strictly, written word for word, and refused by name."""

import json as stdlib_json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.problems import Refused
from adapter.wire import json

LIMITS = {"max_bytes": 1_000_000, "max_depth": 60}
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(LETTERS, max_size=8)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3)
VALUES = st.recursive(
    SCALARS | DECIMALS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(LETTERS, max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(LETTERS, max_size=5), VALUES, max_size=5)


def refused(raw: bytes, **limits: int) -> set[str]:
    with pytest.raises(Refused) as caught:
        json.loads(raw, **LIMITS | limits)
    return {finding.problem for finding in caught.value.findings}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1}{"b":2}',
        b'{"a":1,"a":2}',
        b'{"x":[{"a":1,"a":1}]}',
        b'{"a":"\xff"}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":1e999999999}',
        b'{"a":1e99999999999999999999999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":0.' + b"1" * 500 + b"}",
        b'{"a":"\x01"}',
        b'{"a":"\x00"}',
        b'{"a":["x\\u0000"]}',
        b'{"\\\\\\u0000":1}',
    ],
)
def test_what_is_not_one_strict_json_object_is_refused_as_not_json(raw: bytes) -> None:
    assert refused(raw) == {"not-json"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["]",', b'{"\\"]":'])
def test_a_hundred_thousand_levels_are_too_deep_and_no_crash(opening: bytes) -> None:
    assert refused(opening * 100_000) == {"too-deep"}


def test_depth_is_counted_outside_strings_and_to_the_level() -> None:
    """60 levels are read where 60 are allowed, 61 are not, and brackets in text are no levels."""
    assert json.loads(b'{"a":' + b"[" * 59 + b"]" * 59 + b"}", **LIMITS)
    assert refused(b'{"a":' + b"[" * 60 + b"]" * 60 + b"}") == {"too-deep"}
    assert json.loads(b'{"[[[\\"{{":"[[[[\\\\"}', **LIMITS | {"max_depth": 1})
    assert json.loads(b'{"a":"\\\\","b":"\\"[{"}', **LIMITS | {"max_depth": 1})
    assert refused(b'{"a":"\\\\","b":' + b"[" * 60 + b"]" * 60 + b"}") == {"too-deep"}
    assert refused(b"}" + b"[" * 62) == {"too-deep"}


def test_a_flood_of_quotes_is_scanned_in_one_pass() -> None:
    """A million escaped quotes in a string that never ends take no longer than their number."""
    assert refused(b'{"a":"' + b'\\"' * 490_000) == {"not-json"}


def test_size_is_judged_before_anything_else() -> None:
    assert refused(b"[" * 2_000_000) == {"too-large"}
    assert json.loads(b'{"a":1}', max_bytes=7, max_depth=1) == {"a": 1}
    assert refused(b'{"a":1}', max_bytes=6) == {"too-large"}


def test_decimals_keep_their_digits() -> None:
    """FHIR R4: 72.50 says more than 72.5, so neither reading nor writing may round it."""
    raw = b'{"value":72.50,"small":0.000010,"money":1999.00,"count":3}'
    value = json.loads(raw, **LIMITS)
    assert value["value"] == Decimal("72.50")
    assert json.dumps(value) == raw


def test_text_about_the_nul_character_is_no_nul_character() -> None:
    """PostgreSQL keeps no U+0000, and FHIR R4 strings hold none; a backslash before the letters u0000 is fine."""
    assert json.loads(b'{"a":"\\\\u0000"}', **LIMITS) == {"a": "\\u0000"}


def test_a_byte_order_mark_is_no_reason_to_refuse() -> None:
    """RFC 8259 § 8.1 lets a reader ignore it, and some senders write it."""
    assert json.loads(b'\xef\xbb\xbf{"a":1}', **LIMITS) == {"a": 1}


def test_properties_keep_their_order_and_letters_stay_letters() -> None:
    raw = '{"z":"Ærlend Sørgård","a":[1,{"y":true,"b":null}]}'.encode()
    assert json.dumps(json.loads(raw, **LIMITS)) == raw


def test_the_digest_looks_at_content_and_not_at_order() -> None:
    first = json.loads(b'{"a":1.0,"b":{"c":1,"d":2}}', **LIMITS)
    turned = json.loads(b' {"b":{"d":2,"c":1},"a":1.0}', **LIMITS)
    finer = json.loads(b'{"a":1.00,"b":{"c":1,"d":2}}', **LIMITS)
    assert json.digest(first) == json.digest(turned)
    assert json.digest(first) != json.digest(finer)


@given(OBJECTS)
def test_what_is_written_is_read_again_by_us_and_by_others(value: dict[str, Any]) -> None:
    raw = json.dumps(value)
    assert json.loads(raw, **LIMITS) == value
    assert stdlib_json.loads(raw, parse_float=Decimal) == value


@given(st.binary(max_size=200) | st.text('{}[]"\\:,0123456789.eE-+truefalsn ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Whatever we read, the standard library reads too, to the same value."""
    try:
        value = json.loads(raw, **LIMITS)
    except Refused:
        return
    assert stdlib_json.loads(raw, parse_float=Decimal) == value
