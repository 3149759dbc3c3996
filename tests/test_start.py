"""A start reads what it needs and no more, and ends with everything ready for the first message."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from adapter.app import build
from adapter.cli.opening import keep_what_is_made
from adapter.outside.store import migrate, open_store
from adapter.outside.store.schema import _config, _head
from adapter.settings import Settings, carried

SEEN = "import sys, {module}; sys.stdout.write(' '.join(sys.modules))"


def modules_with(module: str) -> set[str]:
    """What a new process has loaded after one import."""
    said = subprocess.run(
        [sys.executable, "-c", SEEN.format(module=module)], capture_output=True, text=True, check=True
    )
    return set(said.stdout.split())


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("adapter.cli.commands", {"fhir", "sqlalchemy", "lxml", "pydantic", "rich.console"}),
        ("adapter.cli.serve", {"fhir", "sqlalchemy", "fastapi", "uvicorn"}),  # before the issuer is started
        ("adapter.cli.serving", {"alembic", "mako", "rich", "pygments", "aiohttp", "httpx", "psycopg"}),
        ("adapter.cli.work", {"alembic", "rich", "pygments", "fastapi", "uvicorn"}),
        ("adapter.cli.find", {"alembic", "fastapi", "uvicorn", "aiohttp", "fhir.resources.R4B.task"}),
    ],
)
def test_a_command_loads_nothing_that_it_does_not_need(module: str, never: set[str]) -> None:
    assert never & modules_with(module) == set()


def test_structlog_without_rich_leaves_rich_to_others() -> None:
    loaded = modules_with("adapter.api.logging, rich.console")
    assert {"structlog", "rich.console"} <= loaded
    assert "rich.traceback" not in loaded


def test_the_newest_file_of_migrations_is_alembics_head() -> None:
    assert ScriptDirectory.from_config(_config()).get_current_head() == _head()


def test_a_start_on_tables_that_are_there_does_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    again = (
        "import sys; from adapter.outside.store import migrate, standing;"
        f"migrate({url!r}); sys.stdout.write(standing({url!r}) + str('alembic' in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, check=True)
    assert said.stdout == "fitsFalse"


def test_a_start_refuses_rules_of_retention_that_cannot_be(tmp_path: Path) -> None:
    """As it refuses any other table: not only once `tidy` is run."""
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    for entry in carried("mappings").iterdir():
        (mappings / entry.name).symlink_to(entry)
    rules = mappings / "retention.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.unlink()
    rules.write_text(text.replace("classes:", "klasses:"), encoding="utf-8")
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    try:
        with pytest.raises(ValueError, match=r"retention\.yaml"):
            build(Settings(mappings=mappings), store)
    finally:
        store.close()


def test_what_a_start_has_made_is_no_garbage_to_look_for() -> None:
    try:
        keep_what_is_made()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
