"""The table of deadlines, beside the others (`tables.py`)."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from adapter.outside.store.tables import Moment, metadata

_CASE = ForeignKey("case_.id", deferrable=True, initially="DEFERRED")
_RUNS = text("state <> 'stopped'")

deadline = Table(
    "deadline",
    metadata,
    Column("case_id", Text, _CASE, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("started_at", Moment, primary_key=True),
    Column("warn_at", Moment),
    Column("due_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("warned_at", Moment),
    Column("overdue_at", Moment),
    Column("stopped_at", Moment),
    Column("by", Text, nullable=False),
    Index("ix_deadline_state", "state", "due_at", postgresql_where=_RUNS, sqlite_where=_RUNS),
)
