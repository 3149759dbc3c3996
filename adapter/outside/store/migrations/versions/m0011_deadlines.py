"""Deadlines, and when somebody has to look at the clocks of a case."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import add_column, backfill, declare_oldest, index

revision = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_RUNS = sa.text("state <> 'stopped'")


def upgrade() -> None:
    op.create_table(
        "deadline",
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True)),
        sa.Column("overdue_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "rule", "about", "started_at", name="pk_deadline"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name="fk_deadline_case_id", deferrable=True, initially="DEFERRED"
        ),
        if_not_exists=True,
    )
    op.create_index(
        "ix_deadline_state",
        "deadline",
        ["state", "due_at"],
        postgresql_where=_RUNS,
        sqlite_where=_RUNS,
        if_not_exists=True,
    )
    add_column("case_", sa.Column("look_at", sa.DateTime(timezone=True)))
    # An older release changes cases and has nobody look at their clocks.
    declare_oldest(revision)
    index("ix_case_look", "case_", ["look_at", "id"], "look_at IS NOT NULL")
    index("ix_waiting_case", "waiting", ["case_id", "id"])
    # Whatever is there has clocks, too.
    backfill("case_", "id", "look_at = opened_at", "look_at IS NULL AND subject_key <> ''")
