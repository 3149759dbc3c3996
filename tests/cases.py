"""The case folders under fixtures/, and an empty database to copy for each of them."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from adapter.outside.store import migrate

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
FOLDERS = sorted(p.parent for p in FIXTURES.rglob("case.yaml"))


def name_of(folder: Path) -> str:
    return str(folder.relative_to(FIXTURES))


def empty_database(at: Path) -> Path:
    """A migrated SQLite file without rows, for its owner alone."""
    at.touch(mode=0o600)
    at.write_bytes(_migrated())
    return at


def fresh(empty: Path, folder: Path) -> Path:
    return Path(shutil.copy(empty, folder / "case.db"))


@cache
def _migrated() -> bytes:
    """What the migrations make, once in a process: each time costs as much as playing two cases."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/empty.db")
        return Path(folder, "empty.db").read_bytes()
