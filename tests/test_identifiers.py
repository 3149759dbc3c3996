"""Derived ids are the UUIDs that the standard library makes of the same names, however they are reckoned."""

import random
import uuid

from adapter.domain.identifiers import NAMESPACE, derived


def test_a_derived_id_is_the_version_5_uuid_of_its_parts() -> None:
    draw = random.Random(5)  # noqa: S311 - drawn the same every time, for nobody's secret
    for _ in range(500):
        parts = [
            "".join(draw.choices("abc-0é€😀/", k=draw.randint(0, 40))) for _ in range(draw.randint(1, 4))
        ]
        assert derived(*parts) == str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))
