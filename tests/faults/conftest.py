"""How much is broken, and the house it is broken in.

`pytest` runs the faults in a bounded form, without those marked `in_full`; `pytest -m faults --faults-full` runs all
of them in full.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from own_postgresql import OwnPostgreSQL
from premises import House, partner


@pytest.fixture(scope="session")
def in_full(request: pytest.FixtureRequest) -> bool:
    """Whether to run the long form."""
    return bool(request.config.getoption("--faults-full"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long runs only when asked for."""
    if not config.getoption("--faults-full"):
        for item in items:
            if item.get_closest_marker("in_full"):
                item.add_marker(pytest.mark.skip(reason="takes long: runs with --faults-full"))


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The same seed makes the same messages and kills in the same order."""
    return int(request.config.getoption("--faults-seed"))


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """A folder that another user may read: PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def server(data_folder: Path) -> Iterator[OwnPostgreSQL]:
    """A PostgreSQL that may be killed."""
    with OwnPostgreSQL(data_folder / "server") as running:
        yield running


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pretend issuer, one for all houses."""
    with partner(tmp_path_factory.mktemp("issuer"), "issuer", name="issuer") as ready:
        yield ready()


@pytest.fixture
def make_house(tmp_path: Path, issuer: str) -> Iterator[Callable[..., House]]:
    """Partners over an empty database; the adapter's processes are for the test to start.

    Called with the URL of the database, and with what House takes besides.
    """
    with ExitStack() as stack:
        yield lambda database, **rest: House(stack, tmp_path, database, issuer, **rest)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[Mapping[str, Any]], None]:
    """Prints figures as one line, whatever pytest captures."""

    def told(figures: Mapping[str, Any]) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{json.dumps(figures)}\n")

    return told
