"""The first tables: messages, cases, versions, deliveries, and the evidence."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _messages()
    _versions()
    _deliveries()
    _people()


def _column(name: str, kind: sa.types.TypeEngine[Any] | type, *, empty: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=empty)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_column(name, sa.Text) for name in names]


def _numbered(table: str) -> list[sa.schema.SchemaItem]:
    return [_column("id", NUMBER), sa.PrimaryKeyConstraint("id", name=f"pk_{table}")]


def _belongs(table: str, column: str, parent: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.{key}"], name=f"fk_{table}_{column}", deferrable=True, initially="DEFERRED"
    )


def _index(name: str, table: str, columns: list[str], where: str = "", *, unique: bool = False) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, postgresql_where=only, sqlite_where=only)


def _cases() -> None:
    op.create_table(
        "case_",
        *_texts("id", "need", "subject_key", "requester"),
        _column("owner", sa.Text, empty=True),
        _column("unit", sa.Text, empty=True),
        _column("state", sa.Text),
        _column("opened_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_case_"),
    )
    op.create_table(
        "history",
        *_numbered("history"),
        *_texts("case_id", "lifecycle", "event", "before", "after"),
        _column("at", MOMENT),
        *_texts("actor", "because"),
        _belongs("history", "case_id", "case_"),
    )
    _index("ix_history_case", "history", ["case_id", "id"])


def _messages() -> None:
    op.create_table(
        "received",
        *_texts("id", "door", "sender", "message_id", "envelope_id", "kind", "digest"),
        _column("raw", sa.LargeBinary, empty=True),
        _column("at", MOMENT),
        _column("answer_status", sa.Integer),
        _column("answer_media_type", sa.Text),
        _column("answer_body", sa.LargeBinary),
        _column("answer_etag", sa.Text, empty=True),
        _column("answer_location", sa.Text, empty=True),
        _column("answer_retry_after", sa.Integer, empty=True),
        _column("case_id", sa.Text, empty=True),
        *_texts("findings", "mapping"),
        sa.PrimaryKeyConstraint("id", name="pk_received"),
        sa.UniqueConstraint("door", "sender", "message_id", name="uq_received_message"),
        _belongs("received", "case_id", "case_"),
    )
    _index("ix_received_envelope", "received", ["sender", "envelope_id"])
    _index("ix_received_case", "received", ["case_id"])


def _versions() -> None:
    op.create_table(
        "version",
        *_texts("type", "id"),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        _column("case_id", sa.Text),
        _column("at", MOMENT),
        *_texts("author", "source", "body"),
        sa.PrimaryKeyConstraint("type", "id", "number", name="pk_version"),
        _belongs("version", "case_id", "case_"),
    )
    _index("ix_version_case", "version", ["case_id"])


def _deliveries() -> None:
    op.create_table(
        "recipient",
        _column("organisation", sa.Text),
        _column("failures", sa.Integer),
        _column("paused_until", MOMENT, empty=True),
        sa.PrimaryKeyConstraint("organisation", name="pk_recipient"),
    )
    op.create_table(
        "delivery",
        *_numbered("delivery"),
        *_texts("message_id", "recipient", "case_id", "event", "category", "focus", "carries"),
        _column("created_at", MOMENT),
        *_texts("state", "place"),
        _column("due", MOMENT),
        _column("clock", MOMENT),
        _column("tries", sa.Integer),
        _column("because", sa.Text),
        sa.UniqueConstraint("message_id", name="uq_delivery_message"),
        _belongs("delivery", "recipient", "recipient", "organisation"),
        _belongs("delivery", "case_id", "case_"),
    )
    lane = ["recipient", "case_id"]
    _index("ix_delivery_case", "delivery", ["case_id", "id"])
    _index("ix_delivery_head", "delivery", ["recipient", "due", "id"], "place = 'head'")
    _index("ix_delivery_lane", "delivery", [*lane, "id"], "place <> 'done'")
    _index("uq_delivery_front", "delivery", lane, "place IN ('head', 'held')", unique=True)
    op.create_table(
        "receipt",
        *_numbered("receipt"),
        _column("delivery", sa.BigInteger),
        _column("number", sa.Integer),
        _column("at", MOMENT),
        _column("transport", sa.Text),
        _column("http", sa.Integer),
        _column("said", sa.Text),
        _column("retry_after", sa.Integer, empty=True),
        _belongs("receipt", "delivery", "delivery"),
    )
    _index("ix_receipt_delivery", "receipt", ["delivery", "id"])


def _people() -> None:
    op.create_table(
        "waiting",
        *_numbered("waiting"),
        *_texts("case_id", "list", "reason"),
        _column("since", MOMENT),
        _column("resolved_at", MOMENT, empty=True),
        _column("resolved_by", sa.Text),
        _belongs("waiting", "case_id", "case_"),
    )
    _index("uq_waiting_open", "waiting", ["case_id", "list"], "resolved_at IS NULL", unique=True)
    op.create_table(
        "audit",
        *_numbered("audit"),
        _column("at", MOMENT),
        *_texts("actor", "action"),
        _column("case_id", sa.Text, empty=True),
        _column("details", sa.Text),
    )
    _index("ix_audit_case", "audit", ["case_id", "id"])
