"""Alembic's way in: it works on the connection of `schema.migrate`; PostgreSQL: a transaction for each migration."""

from alembic import context

from adapter.outside.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
