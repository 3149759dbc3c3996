"""What a message service calls a letter that it carries, and the letters it has for us."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # With a default, so that a release that does not know the column goes on writing.
    for table in ("delivery", "receipt"):
        op.add_column(table, sa.Column("reference", sa.Text, nullable=False, server_default=""))
