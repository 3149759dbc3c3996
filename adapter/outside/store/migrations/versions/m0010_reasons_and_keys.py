"""One row per reason on a list, and the keys by which the person of a case was known before."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import declare_oldest, drop_index, index

revision = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "former_key",
        sa.Column("subject_key", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_key", "case_id", name="pk_former_key"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name="fk_former_key_case_id", deferrable=True, initially="DEFERRED"
        ),
        if_not_exists=True,
    )
    # An older release writes one reason for all rows of a list, and knows nobody by a former key.
    declare_oldest(revision)
    index("ix_former_key_case", "former_key", ["case_id"])
    index("uq_waiting_reason", "waiting", ["case_id", "list", "reason"], "resolved_at IS NULL", unique=True)
    drop_index("uq_waiting_open", "waiting")
