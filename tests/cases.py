"""The case folders under fixtures/, and an empty database to copy for each of them."""

import shutil
from pathlib import Path

from adapter.outside.store import migrate

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
FOLDERS = sorted(p.parent for p in FIXTURES.rglob("case.yaml"))


def name_of(folder: Path) -> str:
    return str(folder.relative_to(FIXTURES))


def empty_database(at: Path) -> Path:
    """A migrated SQLite file, made once and copied by those who need a fresh one."""
    migrate(f"sqlite:///{at}")
    return at


def fresh(empty: Path, folder: Path) -> Path:
    return Path(shutil.copy(empty, folder / "case.db"))
