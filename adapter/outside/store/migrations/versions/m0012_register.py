"""What the address register said of the addresses we send to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_MOMENT = sa.DateTime(timezone=True)
_LOOKED_FOR = sa.text("look_since IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "register_entry",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("her_id", "state", "organisation")),
        *(sa.Column(name, _MOMENT, nullable=False) for name in ("since", "checked_at")),
        *(sa.Column(name, _MOMENT) for name in ("until", "signing_until", "encryption_until", "look_since")),
        sa.PrimaryKeyConstraint("her_id", name="pk_register_entry"),
        if_not_exists=True,
    )
    op.create_table(
        "register_feed",
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("whole_at", _MOMENT),
        sa.PrimaryKeyConstraint("service", name="pk_register_feed"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_register_look",
        "register_entry",
        ["look_since"],
        postgresql_where=_LOOKED_FOR,
        sqlite_where=_LOOKED_FOR,
        if_not_exists=True,
    )
