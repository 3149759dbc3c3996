"""The error codes of receipts, and by what the same need is known that comes as another message."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import index

revision = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KNOWN = {"received": "content", "receipt": "codes"}


def upgrade() -> None:
    # With a default, so that a release that does not know the column goes on writing.
    there = sa.inspect(op.get_bind())
    for table, column in _KNOWN.items():
        if column not in {known["name"] for known in there.get_columns(table)}:
            op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
    index("uq_received_content", "received", ["content"], "content <> ''", unique=True)
