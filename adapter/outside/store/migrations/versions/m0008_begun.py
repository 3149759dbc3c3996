"""Since when a delivery is being tried, as long as nobody knows what came of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # A release that does not know the column leaves it empty: while both work, only what this one sends is marked.
    if "begun" not in {known["name"] for known in sa.inspect(op.get_bind()).get_columns("delivery")}:
        op.add_column("delivery", sa.Column("begun", sa.DateTime(timezone=True)))
