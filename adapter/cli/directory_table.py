"""The table of coordinating units as commands read and write it, with what it is held against."""

import os
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from adapter.app import known_partners
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import database_told, tables_told
from adapter.domain.directory_check import Amiss, Beside, Register, Rows, amiss_in
from adapter.mapping import routes, unit_table
from adapter.mapping.register import belief
from adapter.outside.store import open_store, standing
from adapter.settings import Settings


@dataclass(frozen=True, slots=True)
class Table:
    """The units of a file with their lines, and its rows that are none."""

    rows: Rows
    wrong: tuple[Amiss, ...]


def table_in_use(settings: Settings) -> Path:
    return settings.mappings / "routes" / routes.UNITS


def read_table(file: Path, settings: Settings, first: date | None = None) -> Table:
    """The units of a file; where `first` is given, rows without valid_from begin then. Raises Failed."""
    build = partial(unit_table.unit_from, first=first) if first else unit_table.unit_of
    with tables_told():
        rows, wrong = routes.units_of(file, routes.municipalities_of(settings.mappings / "routes"), build)
    return Table(rows, tuple(Amiss("row", line=one.line, said=one.what) for one in wrong))


def beside(settings: Settings, now: datetime) -> Beside:
    """What a table of units is held against. Raises Failed."""
    folder = settings.mappings / "routes"
    with tables_told():
        municipalities, districts = routes.municipalities_of(folder), routes.districts_of(folder)
        return Beside(municipalities, districts, known_partners(settings), _register(settings, now))


def amiss(table: Table, against: Beside, on: date) -> list[Amiss]:
    """All that is amiss in a table on a day and after it; of one with rows that are none, these come first."""
    return [*table.wrong, *amiss_in(table.rows, against, on)]


def _register(settings: Settings, now: datetime) -> Register:
    """What the address register has said and may still be believed; nothing where there is no database."""
    try:
        with database_told():
            if standing(settings.database) != "fits":
                return {}
    except Failed:
        return {}
    counts = belief((settings.mappings / "register.yaml").read_text(encoding="utf-8"))
    store = open_store(settings.database)
    try:
        with database_told():
            entries = store.register().entries()
    finally:
        store.close()
    return {e.her_id: (e.state_at(now), e.organisation) for e in entries if e.believed(now, counts)}


def put_in_place(file: Path, before: bytes, text: str) -> None:
    """The whole file or nothing of it, and only if it still is what it was. Raises Failed."""
    try:
        _replaced(file.resolve(), before, text.encode())
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or type(error).__name__}") from None


def _replaced(file: Path, before: bytes, after: bytes) -> None:
    handle, name = tempfile.mkstemp(".part", file.stem, file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as lines:
            lines.write(after)
            lines.flush()
            os.fsync(lines.fileno())
        part.chmod(file.stat().st_mode)
        if file.read_bytes() != before:
            raise Failed(f"{file.name}: somebody else has changed it meanwhile", REFUSED)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
