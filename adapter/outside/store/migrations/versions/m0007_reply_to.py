"""Where an answer to a message goes, also when its content is removed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # With a default, so that a release that does not know the column goes on writing.
    if "reply_to" not in {known["name"] for known in sa.inspect(op.get_bind()).get_columns("received")}:
        op.add_column("received", sa.Column("reply_to", sa.Text, nullable=False, server_default=""))
