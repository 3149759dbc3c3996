"""What a database error means to a flow, said without any value.

Drivers quote rows in their texts ("Key (sender, message_id)=(…) already exists"), so nothing of theirs
may travel on, not even as the cause of our own error.
"""

import sqlite3
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapter.ports import Collision, StoreBusy

P = ParamSpec("P")
T = TypeVar("T")

_SQLITE_UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
}
# SQLSTATE: unique_violation; after serialization_failure and deadlock_detected the flow runs again, too.
_PG_COLLISION = {"23505", "40001", "40P01"}
# Classes: connection, resources, operator. Codes: lock time-out, idle time-out, read-only standby.
_PG_AWAY_CLASS = {"08", "53", "57"}
_PG_AWAY = {"55P03", "25P03", "25006"}


class StoreFailed(Exception):  # noqa: N818 - named by what it says
    """The database refused what only a fault of ours can ask for: a missing table, a row without its case."""


def asked(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `call`. Raises StoreBusy, Collision or StoreFailed, and nothing of SQLAlchemy's or of its driver's:
    that refuses some values by Python's own errors, such as a text that is no text or a number that is too large.
    """
    try:
        return call(*args, **kwargs)
    except SQLAlchemyError as error:
        meant = _meaning(error)
    except (ValueError, TypeError, OverflowError) as error:
        meant = _asked_wrongly(error)
    # Raised here and not in the handler, so that the driver's text is not even the context of ours.
    raise meant


def _meaning(error: SQLAlchemyError) -> Exception:
    if isinstance(error, PoolTimeout):
        return StoreBusy("no database connection was free in time")
    if not isinstance(error, DBAPIError):
        return _asked_wrongly(error)
    code = getattr(error.orig, "sqlite_errorcode", None) or getattr(error.orig, "sqlstate", None)
    if code in _SQLITE_UNIQUE or code in _PG_COLLISION:
        return Collision("somebody else wrote the same thing first")
    if _away(error, code):
        return StoreBusy("the database is locked or cannot be reached")
    return StoreFailed(f"the database refused: {type(error.orig).__name__} {code}")


def _asked_wrongly(error: Exception) -> StoreFailed:
    return StoreFailed(f"the database was asked wrongly: {type(error).__name__}")


def _away(error: DBAPIError, code: int | str | None) -> bool:
    if isinstance(code, int):
        return code & 0xFF in _SQLITE_AWAY  # the low byte is the primary code of an extended one
    if code is None:
        lost = isinstance(error, OperationalError | InterfaceError)
        return error.connection_invalidated or (lost and not isinstance(error.orig, sqlite3.Error))
    return code[:2] in _PG_AWAY_CLASS or code in _PG_AWAY
