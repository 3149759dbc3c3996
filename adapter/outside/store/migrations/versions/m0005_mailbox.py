"""What a message service has for us, and the way from its reference to a delivery."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import index

revision = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_MOMENTS = ("first", "at", "due")


def upgrade() -> None:
    # First, as it ends a transaction: if it is interrupted here, it can begin again.
    index("ix_delivery_reference", "delivery", ["reference"], "reference <> ''")
    op.create_table(
        "mailbox",
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("service", name="pk_mailbox"),
    )
    op.create_table(
        "fetched",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("message", "her_id", "kind")),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in _MOMENTS),
        sa.Column("sender", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("message", "her_id", "kind", name="pk_fetched"),
    )
    op.create_index("ix_fetched_first", "fetched", ["first", "position"])
    _partial("ix_fetched_due", ["due", "position"], "state IN ('announced', 'answered')")
    _partial("ix_fetched_parked", ["first"], "state = 'parked'")


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "fetched", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
