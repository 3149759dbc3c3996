"""Indexes by which a day is read: what was received in it, and what the audit says of what belongs to no case."""

from collections.abc import Sequence

from adapter.outside.store.migrations.gently import index

revision = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    index("ix_received_at", "received", ["at", "id"])
    index("ix_audit_alone", "audit", ["action", "at", "id"], "case_id IS NULL")
