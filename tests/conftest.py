"""Fixtures and options that more than one test file uses."""

import os

import pytest

pytest_plugins = ["databases", "directory_commands"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Here and not beside the faults: `pytest -m faults --faults-full` works from the root, too."""
    parser.addoption("--faults-full", action="store_true", help="break things for minutes, not for seconds")
    parser.addoption("--faults-seed", type=int, default=1, help="who is killed when (default: 1)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "in_full: runs with --faults-full only")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one worker more than there are processors, since much of the suite waits for processes of its own."""
    return int(os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", (os.cpu_count() or 1) + 1))
