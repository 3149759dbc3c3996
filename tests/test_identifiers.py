"""Derived ids are the UUIDs that the standard library makes of the same names, however they are reckoned."""

import random
import uuid

import pytest

from adapter.domain.identifiers import NAMESPACE, derived, message_uuid


def test_a_derived_id_is_the_version_5_uuid_of_its_parts() -> None:
    draw = random.Random(5)  # noqa: S311 - drawn the same every time, for nobody's secret
    for _ in range(500):
        parts = [
            "".join(draw.choices("abc-0é€😀/", k=draw.randint(0, 40))) for _ in range(draw.randint(1, 4))
        ]
        assert derived(*parts) == str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))


UUID = "0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c001"


@pytest.mark.parametrize(
    "written", [UUID, UUID.upper(), "{" + UUID + "}", f" {UUID.replace('-', '')}\n", f"urn:uuid:{UUID}"]
)
def test_one_uuid_is_one_message_however_it_is_written(written: str) -> None:
    assert message_uuid("999900011", written) == UUID


def test_any_other_text_is_a_message_of_its_sender_only() -> None:
    ours = message_uuid("999900011", "EPJ-2026-1")
    assert str(uuid.UUID(ours)) == ours == message_uuid("999900011", "{epj-2026-1}")
    assert len({ours, message_uuid("999900022", "EPJ-2026-1"), message_uuid("999900011", "EPJ-2026-2")}) == 3
