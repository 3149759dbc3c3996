"""What libraries say goes through our log; what they quote does not."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from adapter.api.logging import configure


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


def events(log: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in log.getvalue().splitlines()]


def test_what_a_library_was_given_to_say_is_told_by_its_type(log: io.StringIO) -> None:
    """Words and numbers of its own stand; an error's text, which may be a row, does not, wherever it stands."""
    said = logging.getLogger("driver")
    said.warning("ignored %s after %d tries: %s", "rollback", 3, ValueError("Key (name)=(Kari) exists"))
    said.warning("%(what)s", {"what": ValueError("Kari")})
    said.warning(ValueError("Kari"))
    assert events(log) == [
        "ignored rollback after 3 tries: ValueError",
        "ValueError",
        "ValueError",
    ]
