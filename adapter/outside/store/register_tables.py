"""The tables of what an address register said, beside the others (`tables.py`)."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from adapter.outside.store.tables import Moment, metadata

_LOOKED_FOR = text("look_since IS NOT NULL")

register_entry = Table(
    "register_entry",
    metadata,
    Column("her_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("checked_at", Moment, nullable=False),
    Column("until", Moment),
    Column("signing_until", Moment),
    Column("encryption_until", Moment),
    Column("look_since", Moment),
    Index("ix_register_look", "look_since", postgresql_where=_LOOKED_FOR, sqlite_where=_LOOKED_FOR),
)

# How far the events of a register were read, and when every address was asked for.
register_feed = Table(
    "register_feed",
    metadata,
    Column("service", Text, primary_key=True),
    Column("position", BigInteger),
    Column("whole_at", Moment),
)
