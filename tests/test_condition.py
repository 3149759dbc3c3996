"""The condition of the adapter: from measurements to a mode, its reasons, and what is refused with which problem."""

from datetime import timedelta
from itertools import product

import pytest

from adapter.domain.condition import AWAY, MODES, Bounds, Measured, condition

BOUNDS = Bounds(free_bytes=1000, open_deliveries=5)
CASES = [
    (Measured(), "normal", (), {}),
    (Measured(free_bytes=1000, open_by_place={"head": 2, "behind": 3}), "normal", (), {}),
    (AWAY, "degraded", ("database-away",), dict.fromkeys(("read", "change", "new-need"), "store-busy")),
    (
        Measured(writable=False),
        "read-only",
        ("database-read-only",),
        dict.fromkeys(("read", "change", "new-need"), "read-only"),
    ),
    (
        Measured(writable=False, has_room=False),
        "read-only",
        ("no-room",),
        dict.fromkeys(("read", "change", "new-need"), "read-only"),
    ),
    (Measured(busy=True), "degraded", ("database-busy",), {}),
    (Measured(clock_ahead=timedelta(hours=-6)), "normal", ("clock-off",), {}),
    (
        Measured(free_bytes=999),
        "degraded",
        ("disk-low",),
        {"new-need": "disk-low"},
    ),
    (
        Measured(open_by_place={"head": 2, "behind": 3, "held": 1}, oldest_due=timedelta(days=3)),
        "degraded",
        ("backlog-full",),
        {"new-need": "backlog-full"},
    ),
]


@pytest.mark.parametrize(("measured", "mode", "reasons", "refused"), CASES)
def test_each_measurement_leads_to_its_mode_and_refusals(
    measured: Measured, mode: str, reasons: tuple[str, ...], refused: dict[str, str]
) -> None:
    found = condition(measured, BOUNDS)
    assert (found.mode, found.reasons, dict(found.refused)) == (mode, reasons, refused)


def test_maintenance_refuses_changes_and_leaves_reading_where_it_can_be_recorded() -> None:
    assert dict(condition(Measured(), BOUNDS, maintenance=True).refused) == {
        "change": "maintenance",
        "new-need": "maintenance",
    }
    standby = condition(Measured(writable=False), BOUNDS, maintenance=True)
    assert standby.refused["read"] == "read-only"


def test_stopping_refuses_nothing_and_is_not_ready() -> None:
    found = condition(Measured(), BOUNDS, stopping=True)
    assert (found.mode, dict(found.refused), found.takes_messages) == ("stopping", {}, False)


def test_changes_get_in_while_new_needs_wait() -> None:
    found = condition(Measured(open_by_place={"head": 6}), BOUNDS)
    assert found.takes_messages
    assert "change" not in found.refused


def test_the_gravest_reason_names_the_mode_and_no_reason_takes_back_a_refusal() -> None:
    """Over every combination: each reason alone is a part of all of them together."""
    for answers, writable, free, standing, maintenance, stopping in product(
        (True, False), (True, False), (0, None), (0, 9), (True, False), (True, False)
    ):
        measured = Measured(answers, writable, free, {"head": standing})
        found = condition(measured, BOUNDS, maintenance=maintenance, stopping=stopping)
        alone = [
            condition(measured, BOUNDS),
            condition(Measured(), BOUNDS, maintenance=maintenance),
            condition(Measured(), BOUNDS, stopping=stopping),
        ]
        assert found.mode == max((one.mode for one in alone), key=MODES.index)
        assert set(found.refused) == {kind for one in alone for kind in one.refused}
        assert found.takes_messages == all(one.takes_messages for one in alone)
