"""What stands still because its unit cannot be reached is listed with what a person may do (R-161)."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_client import MUNICIPALITY, make_parts, open_database
from api_messages import need
from cases import FIXTURES

from adapter.cli import parked
from adapter.cli.opening import Opened
from adapter.domain.message import Caller
from adapter.domain.routing import Directory
from adapter.domain.way_round import WayRound
from adapter.flows import operate
from adapter.flows.accept import accept
from adapter.flows.parts import Parts
from adapter.flows.unit_ways import beside_delivery, beside_waiting
from adapter.mapping import routes
from adapter.outside.store import Database
from adapter.settings import Settings, carried

BY_TELEPHONE = FIXTURES / "routing" / "unit-by-telephone"
MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
RINGS = WayRound(
    "00 00 00 01", "Mo-Fr 08:00-15:30", True, "8900022", "Koordinerende enhet, Testkommunen (fiktiv)"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path)) as opened:
        yield opened


def parts_on(store: Database, **changed: object) -> Parts:
    directory = routes.load(BY_TELEPHONE / "routes", carried("mappings") / "routes")
    return make_parts(store, directory=directory, clock=lambda: MONDAY_NOON, **changed)


def take(raw: bytes, parts: Parts) -> str:
    """The case of a message."""
    assert accept("fhir", raw, Caller("999900011", frozenset()), parts).status == 200
    return parts.store.case_ids()[-1]


def test_a_case_of_a_unit_that_is_rung_is_listed_with_its_number(store: Database) -> None:
    parts = parts_on(store)
    case = take((BY_TELEPHONE / "in.json").read_bytes(), parts)
    assert beside_waiting(case, "unit-by-telephone", parts) == RINGS
    assert beside_waiting(case, "no-unit", parts) is None
    listed = [*parked._all(Opened(Settings(), store, parts))]
    assert [(one.reason, one.beside) for one in listed] == [("unit-by-telephone", RINGS)]


def test_a_case_that_went_elsewhere_is_no_longer_one_to_ring_about(store: Database) -> None:
    parts = parts_on(store)
    case = take((BY_TELEPHONE / "in.json").read_bytes(), parts)
    operate.release(case, "8900022", "vakt", "its fallback takes it", parts)
    assert beside_waiting(case, "unit-by-telephone", parts) is None


def test_a_delivery_to_a_unit_names_its_telephone_and_its_fallback(store: Database) -> None:
    """Not one to somebody else in the case: that is no unit. A fallback that has ended is none."""
    parts = parts_on(store)
    units = [replace(u, telephone="00 00 00 03", fallback="telephone") for u in parts.directory.units]
    parts = replace(parts, directory=Directory(parts.directory.municipalities, tuple(units)))
    case = take(json.dumps(need()).encode(), parts)
    assert beside_delivery(case, MUNICIPALITY, parts) == WayRound("00 00 00 03", "", None, "telephone", "")
    assert beside_delivery(case, "999900011", parts) is None
    assert beside_delivery("no-such-case", MUNICIPALITY, parts) is None
    gone = tuple(replace(u, fallback="8900099") for u in units)
    parts = replace(parts, directory=Directory(parts.directory.municipalities, gone))
    assert beside_delivery(case, MUNICIPALITY, parts) == WayRound("00 00 00 03", "", None, "", "")
