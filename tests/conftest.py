"""Fixtures and options that more than one test file uses."""

import pytest

pytest_plugins = ["databases"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Here and not beside the faults: `pytest -m faults --faults-full` works from the root, too."""
    parser.addoption("--faults-full", action="store_true", help="break things for minutes, not for seconds")
    parser.addoption("--faults-seed", type=int, default=1, help="who is killed when (default: 1)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "in_full: runs with --faults-full only")
