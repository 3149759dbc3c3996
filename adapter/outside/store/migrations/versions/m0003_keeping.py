"""What housekeeping needs: archives, tombstones, and ways to what is due that do not pass what is not."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from adapter.outside.store.migrations.gently import index

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OFTEN = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000"
_SMALL = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200"
_VACUUM = {
    # Few rows, written at every batch and read at every look for mail: half of each page is left free, so that a new
    # version of a row stands beside the old one and no index is touched.
    "recipient": f"{_SMALL}, fillfactor = 50",
    "waiting": _SMALL,
    # Each case moves a few times and each message loses its bytes once: not after a fifth of all that ever came.
    "case_": _OFTEN,
    "received": _OFTEN,
}


def upgrade() -> None:
    # First, as each of them ends a transaction: if it is interrupted here, it can begin again.
    index("ix_received_payload", "received", ["at", "id"], "raw IS NOT NULL")
    index("ix_received_refused", "received", ["at", "id"], "case_id IS NULL")
    _of_a_case("archived", _text("sha256"), _at(), sa.Column("mark", sa.BigInteger, nullable=False))
    _of_a_case("thinned", _at())
    _of_a_case("tombstone", _at(), _text("because"), _text("archive"))
    if op.get_bind().dialect.name == "postgresql":
        for table, options in _VACUUM.items():
            op.execute(f"ALTER TABLE {table} SET ({options})")


def _at() -> sa.Column[Any]:
    return sa.Column("at", sa.DateTime(timezone=True), nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _of_a_case(table: str, *columns: sa.Column[Any]) -> None:
    of_case = sa.ForeignKeyConstraint(
        ["case_id"], ["case_.id"], name=f"fk_{table}_case_id", deferrable=True, initially="DEFERRED"
    )
    key = sa.PrimaryKeyConstraint("case_id", name=f"pk_{table}")
    op.create_table(table, sa.Column("case_id", sa.Text, nullable=False), *columns, key, of_case)
