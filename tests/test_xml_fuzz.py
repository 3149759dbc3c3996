"""Whatever is done to a message, the whole flow answers it: soon, in bounded memory, in the caller's form.

Short by itself; `pytest tests/test_xml_fuzz.py --faults-full` is the long form, other examples at every run.
"""

import json
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from api_client import HOSPITAL, make_parts, open_database
from cases import FIXTURES
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from lxml import etree
from xml_havoc import HAVOC, Havoc, anew

from adapter.domain.message import Answer, Caller
from adapter.flows.accept import accept
from adapter.flows.parts import Parts
from adapter.wire import apprec

SECONDS = 2.0
"""CPU of one message, however hostile; an honest one takes 0.01."""
MEGABYTES = 60
"""What one message may add to the most memory the process ever had; 5 MB is the largest that is taken."""


def _samples() -> list[bytes]:
    """One message of each kind and payload among the case folders."""
    found: dict[tuple[str, ...], bytes] = {}
    for path in sorted(FIXTURES.rglob("*.xml")):
        raw = path.read_bytes()
        if "out" not in path.parts and len(raw) < 20_000 and b"<!DOCTYPE" not in raw:
            names = tuple(part.split('"')[0] for part in raw.decode().split('xmlns="')[1:3])
            kind = raw.decode().partition('<Type V="')[2].partition('"')[0]
            found.setdefault((kind, *names), raw)
    return [*found.values()]


SAMPLES = _samples()


@dataclass
class Door:
    """The flow behind the door for XML, and what came of it so far."""

    parts: Parts
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0

    def take(self, raw: bytes) -> None:
        """Send it, and again what was taken: answered each time, the second time with the same."""
        answer, took = self._sent(raw)
        if took > SECONDS:  # the collector of cycles may have run in it, over all that the test itself holds
            _, again = self._sent(raw.replace(b"-", b"_", 1))
            took = min(took, again)
        self.statuses[answer.status] += 1
        self.slowest = max(self.slowest, took)
        check(answer)
        assert took < SECONDS
        if answer.status == 200:
            assert self._sent(raw)[0].body == answer.body

    def _sent(self, raw: bytes) -> tuple[Answer, float]:
        before, began = grown(), time.process_time()
        answer = accept("edi", raw, Caller(HOSPITAL, frozenset()), self.parts)
        took = time.process_time() - began
        self.largest = max(self.largest, grown() - before)
        assert self.largest < MEGABYTES
        return answer, took


def check(answer: Answer) -> None:
    """An AppRec, problem details, or nothing where the sender wants nothing."""
    if answer.media_type == "application/xml":
        said = apprec.read(answer.body)
        assert (said.status == "1") == (answer.status == 200)
    elif answer.media_type == "application/problem+json":
        told = json.loads(answer.body)
        assert told["status"] == answer.status >= 400
        assert 0 < len(told["problems"]) <= 500
    else:
        assert (answer.status, answer.body) == (204, b"")
    assert answer.status < 500
    assert len(answer.body) < 200_000


@pytest.fixture
def door(tmp_path: Path) -> "Door":
    store = open_database(tmp_path)
    return Door(make_parts(store, max_bytes=5_000_000))


def grown() -> int:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_whatever_is_done_to_a_message_it_is_answered(door: Door, pytestconfig: pytest.Config) -> None:
    long = bool(pytestconfig.getoption("--faults-full"))
    for raw in SAMPLES:
        door.take(anew(raw))

    @settings(
        max_examples=10_000 if long else 300,
        derandomize=not long,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.sampled_from(SAMPLES), HAVOC)
    def one(raw: bytes, havoc: list[Havoc]) -> None:
        for each in havoc:
            raw = each(raw)
        note(repr(raw[:3000]))
        door.take(anew(raw))

    one()
    assert {200, 400, 413, 422} <= door.statuses.keys()
    print(f"slowest {door.slowest:.3f} s, largest {door.largest} MB, {dict(door.statuses)}")  # noqa: T201


BOMBS = {
    "siblings": b"<a>" + b"<b/>" * 1_200_000 + b"</a>",
    "siblings of the head": b'<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24">'
    + b"<Document/>" * 19_000
    + b"</MsgHead>",
    "depth": b"<a>" * 700_000,
    "attributes of one element": b"<a " + b" ".join(b'a%d=""' % n for n in range(400_000)) + b"/>",
    "attributes of many": b"<a>" + b'<b c=""/>' * 500_000 + b"</a>",
    "namespaces": b"<a>" + b"".join(b'<b xmlns="u%d"/>' % n for n in range(250_000)) + b"</a>",
    "one long name": b"<" + b"a" * 4_900_000 + b"/>",
    "one long value": b'<a b="' + b"c" * 4_900_000 + b'"/>',
    "comments": b"<a>" + b"<!---->" * 700_000 + b"</a>",
    "instructions": b"<a>" + b"<?b?>" * 900_000 + b"</a>",
    "one long comment": b"<a><!--" + b"c" * 4_900_000 + b"--></a>",
    "characters by number": b"<a>" + b"&#38;" * 900_000 + b"</a>",
    "CDATA": b"<a>" + b"<![CDATA[b]]>" * 350_000 + b"</a>",
    "siblings in UTF-16": ("<a>" + "<b/>" * 600_000 + "</a>").encode("utf-16"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little(bomb: str, door: Door) -> None:
    """5 MB of one thing are refused in bounded time and memory, twelve times their size at most."""
    assert len(BOMBS[bomb]) < 5_000_000
    door.take(BOMBS[bomb])
    assert 400 <= max(door.statuses) < 500


def test_the_largest_message_that_is_taken_costs_little(door: Door) -> None:
    """As many elements as are allowed, at places that are read, checked and accounted for."""
    sample = next(raw for raw in SAMPLES if b"RollerRelatertNotat" in raw and b"dialog/2013" in raw)
    role = b'<RollerRelatertNotat><RoleToPatient V="18" S="2.16.578.1.12.4.1.1.9034"/></RollerRelatertNotat>'
    raw = anew(sample.replace(b"</Notat>", role * 9_900 + b"</Notat>", 1))
    assert 19_000 < len([*etree.fromstring(raw).iter()]) < 20_000
    door.take(raw)
    assert door.statuses == {200: 1}
