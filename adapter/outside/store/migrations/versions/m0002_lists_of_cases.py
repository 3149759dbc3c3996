"""When a case moved last, indexes for lists of cases, and which releases may work on the tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import add_column, backfill, declare_oldest, index

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_MOVED_AT = "COALESCE((SELECT max(h.at) FROM history h WHERE h.case_id = case_.id), opened_at)"


def upgrade() -> None:
    add_column("case_", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table("serves", sa.Column("oldest", sa.Text, nullable=False), if_not_exists=True)
    declare_oldest(revision)
    _clean_sooner()
    backfill("case_", "id", f"moved_at = {_MOVED_AT}", "moved_at IS NULL")
    index("ix_case_opened", "case_", ["opened_at", "id"])
    index("ix_case_state", "case_", ["state", "moved_at"])
    index("ix_case_subject", "case_", ["subject_key"])
    index("ix_case_owner", "case_", ["owner"])
    index("ix_case_requester", "case_", ["requester"])
    index("ix_delivery_held", "delivery", ["id"], "place = 'held'")


def _clean_sooner() -> None:
    # Each delivery leaves the partial indexes once; at the usual 20 % the dead entries of a large table would
    # be read again and again by every search for heads.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)"
        )
