"""The tables of what a message service has for us, beside the others (`tables.py`)."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from adapter.outside.store.tables import Moment, metadata

# How far the notifications of a message service were read.
mailbox = Table(
    "mailbox",
    metadata,
    Column("service", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

_UNFINISHED = text("state IN ('announced', 'answered')")
_PARKED = text("state = 'parked'")

fetched = Table(
    "fetched",
    metadata,
    Column("message", Text, primary_key=True),
    Column("her_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("because", Text, nullable=False),
    Column("first", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("sender", Text, nullable=False),
    Index("ix_fetched_first", "first", "position"),
    Index("ix_fetched_due", "due", "position", postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED),
    Index("ix_fetched_parked", "first", postgresql_where=_PARKED, sqlite_where=_PARKED),
)
