"""Production says at its start which settings are still those of the sample."""

import io
import json

import pytest
import structlog

from adapter.api.logging import configure
from adapter.cli.opening import warn_of_samples
from adapter.settings import SAMPLE_BASE, Settings


@pytest.mark.parametrize(
    ("environment", "base", "warned"),
    [
        ("production", SAMPLE_BASE, ["IP_ADAPTER_CANONICAL_BASE"]),
        ("production", "https://ip.testkommunen.example/fhir", []),
        ("test", SAMPLE_BASE, []),
    ],
)
def test_the_sample_base_is_warned_of_in_production(environment: str, base: str, warned: list[str]) -> None:
    """One line for each setting, at level warning: code systems and profiles would carry somebody else's address."""
    stream = io.StringIO()
    configure(stream)
    try:
        warn_of_samples(Settings.model_validate({"environment": environment, "canonical_base": base}))
    finally:
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["variable"] for line in lines] == warned
    assert {line["level"] for line in lines} <= {"warning"}
