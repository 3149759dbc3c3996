"""A copy of a SQLite database while others write to it, and its file kept small (sqlite.org/backup.html)."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from adapter.outside.store.engine import file_of, read_url
from adapter.ports import StoreBusy

_PAGES_AT_ONCE = 256  # about a megabyte: writers wait milliseconds at most


class NotAFile(ValueError):  # noqa: N818 - a state of the settings, told as such
    """The database is not SQLite: PostgreSQL has tools of its own for this."""


def copy(url: str, to: Path) -> int:
    """Write the database as it is now to a new file that its owner alone may read; its size in bytes.

    One step under one read transaction: writers go on beside it, and it never begins anew because of them. What was
    copied is checked and on disk before this returns. Raises NotAFile, FileExistsError, StoreBusy.
    """
    source = _file(url)
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    whole = False
    try:
        with closing(_open(source)) as here, closing(sqlite3.connect(to)) as there:
            here.backup(there, pages=-1)
            there.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            whole = there.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.Error:
        whole = False
    finally:
        if not whole:
            to.unlink()
    if not whole:
        raise StoreBusy("the database could not be copied")
    _to_disk(to)
    return to.stat().st_size


def shrink(url: str, *, whole: bool = False) -> int | None:
    """Give free pages back to the file system, in small steps, and empty the write-ahead log; bytes the file lost.

    A file gives pages back only when it was made or once rebuilt for it; `whole` rebuilds it, which holds up writers
    until it is done. None for PostgreSQL, whose own autovacuum does this. Raises StoreBusy.
    """
    try:
        file = _file(url)
    except NotAFile:
        return None
    before = file.stat().st_size
    done = False
    with suppress(sqlite3.Error), closing(_open(file)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        if whole:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
        while _pages(connection, "auto_vacuum") == 2 and _pages(connection, "freelist_count"):
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        done = True
    if not done:
        raise StoreBusy("the database is locked or cannot be reached")
    return before - file.stat().st_size


def _pages(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _file(url: str) -> Path:
    file = file_of(read_url(url))
    if file is None:
        raise NotAFile("the database is PostgreSQL")
    return file


def _open(file: Path) -> sqlite3.Connection:
    where = f"file:{quote(str(file))}?mode=rw"
    return sqlite3.connect(where, uri=True, timeout=30.0, isolation_level=None)


def _to_disk(file: Path) -> None:
    for path in (file, file.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
