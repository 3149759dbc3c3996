"""The tables. Where a row is an object of `adapter.domain`, columns bear the names of its fields."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, with zone on the way in and on the way out. SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _number() -> Column[int]:
    # SQLite numbers rows by itself only for the type INTEGER.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _of(parent: str) -> ForeignKey:
    # Checked at the commit: a flow may keep a message before it opens the case that the message makes.
    return ForeignKey(parent, deferrable=True, initially="DEFERRED")


received = Table(
    "received",
    metadata,
    Column("id", Text, primary_key=True),
    Column("door", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("envelope_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("raw", LargeBinary),
    Column("at", Moment, nullable=False),
    Column("answer_status", Integer, nullable=False),
    Column("answer_media_type", Text, nullable=False),
    Column("answer_body", LargeBinary, nullable=False),
    Column("answer_etag", Text),
    Column("answer_location", Text),
    Column("answer_retry_after", Integer),
    Column("case_id", Text, _of("case_.id")),
    Column("findings", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("content", Text, nullable=False, server_default=""),
    Column("reply_to", Text, nullable=False, server_default=""),
    UniqueConstraint("door", "sender", "message_id", name="uq_received_message"),
    Index("ix_received_envelope", "sender", "envelope_id"),
    Index("ix_received_case", "case_id"),
    Index("ix_received_at", "at", "id"),
)

_LOOKS = text("look_at IS NOT NULL")

case_ = Table(
    "case_",
    metadata,
    Column("id", Text, primary_key=True),
    Column("need", Text, nullable=False),
    Column("subject_key", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("owner", Text),
    Column("unit", Text),
    Column("state", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("moved_at", Moment),
    Column("look_at", Moment),
    Index("ix_case_opened", "opened_at", "id"),
    Index("ix_case_state", "state", "moved_at"),
    Index("ix_case_state_id", "state", "id"),
    Index("ix_case_subject", "subject_key"),
    Index("ix_case_owner_id", "owner", "id"),
    Index("ix_case_requester_id", "requester", "id"),
    Index("ix_case_look", "look_at", "id", postgresql_where=_LOOKS, sqlite_where=_LOOKS),
)

# Keys by which the person of a case was known before: what comes under one is about the person of today's key.
former_key = Table(
    "former_key",
    metadata,
    Column("subject_key", Text, primary_key=True),
    Column("case_id", Text, _of("case_.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Index("ix_former_key_case", "case_id"),
)

history = Table(
    "history",
    metadata,
    _number(),
    Column("case_id", Text, _of("case_.id"), nullable=False),
    Column("lifecycle", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("because", Text, nullable=False),
    Index("ix_history_case", "case_id", "id"),
)

version = Table(
    "version",
    metadata,
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Text, _of("case_.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("author", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_version_case", "case_id"),
)

recipient = Table(
    "recipient",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("paused_until", Moment),
)

_CONTENT = text("content <> ''")
_WITH_BYTES, _ALONE = text("raw IS NOT NULL"), text("case_id IS NULL")
Index(
    "uq_received_content",
    received.c.content,
    unique=True,
    postgresql_where=_CONTENT,
    sqlite_where=_CONTENT,
)

_HELD = text("place = 'held'")
_HEADS = text("place = 'head'")
_OPEN = text("place <> 'done'")
_FRONT = text("place IN ('head', 'held')")
_REFERRED = text("reference <> ''")

delivery = Table(
    "delivery",
    metadata,
    _number(),
    Column("message_id", Text, nullable=False),
    Column("recipient", Text, _of("recipient.organisation"), nullable=False),
    Column("case_id", Text, _of("case_.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("focus", Text, nullable=False),
    Column("carries", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("due", Moment, nullable=False),
    Column("clock", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("because", Text, nullable=False),
    Column("reference", Text, nullable=False, server_default=""),
    Column("begun", Moment),
    UniqueConstraint("message_id", name="uq_delivery_message"),
    Index("ix_delivery_case", "case_id", "id"),
    Index("ix_delivery_head", "recipient", "due", "id", postgresql_where=_HEADS, sqlite_where=_HEADS),
    Index("ix_delivery_lane", "recipient", "case_id", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index("ix_delivery_parked", "place", "id", postgresql_where=_HELD, sqlite_where=_HELD),
    Index("ix_delivery_reference", "reference", postgresql_where=_REFERRED, sqlite_where=_REFERRED),
    # A lane has one front, whatever a program does: a second head would overtake the first.
    Index(
        "uq_delivery_front",
        "recipient",
        "case_id",
        unique=True,
        postgresql_where=_FRONT,
        sqlite_where=_FRONT,
    ),
)

receipt = Table(
    "receipt",
    metadata,
    _number(),
    Column("delivery", BigInteger, _of("delivery.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("transport", Text, nullable=False),
    Column("http", Integer, nullable=False),
    Column("said", Text, nullable=False),
    Column("retry_after", Integer),
    Column("reference", Text, nullable=False, server_default=""),
    Column("codes", Text, nullable=False, server_default=""),
    Index("ix_receipt_delivery", "delivery", "id"),
)

_UNRESOLVED = text("resolved_at IS NULL")

waiting = Table(
    "waiting",
    metadata,
    _number(),
    Column("case_id", Text, _of("case_.id"), nullable=False),
    Column("list", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("resolved_by", Text, nullable=False),
    Index(
        "uq_waiting_reason",
        "case_id",
        "list",
        "reason",
        unique=True,
        postgresql_where=_UNRESOLVED,
        sqlite_where=_UNRESOLVED,
    ),
    Index("ix_waiting_case", "case_id", "id"),
)

audit = Table(
    "audit",
    metadata,
    _number(),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("case_id", Text),
    Column("details", Text, nullable=False),
    Index("ix_audit_case", "case_id", "id"),
    Index("ix_audit_alone", "action", "at", "id", postgresql_where=_ALONE, sqlite_where=_ALONE),
)

# One row: the oldest release, by the number of its newest migration, that may work on these tables.
serves = Table("serves", metadata, Column("oldest", Text, nullable=False))

# What housekeeping knows of a case. `mark`: the last audit row that told of a change when the archive was written.
archived = Table(
    "archived",
    metadata,
    Column("case_id", Text, _of("case_.id"), primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("mark", BigInteger, nullable=False),
)

thinned = Table(
    "thinned",
    metadata,
    Column("case_id", Text, _of("case_.id"), primary_key=True),
    Column("at", Moment, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("case_id", Text, _of("case_.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("because", Text, nullable=False),
    Column("archive", Text, nullable=False),
)

Index("ix_received_payload", *received.c["at", "id"], postgresql_where=_WITH_BYTES, sqlite_where=_WITH_BYTES)
Index("ix_received_refused", received.c.at, received.c.id, postgresql_where=_ALONE, sqlite_where=_ALONE)
