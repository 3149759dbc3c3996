"""Alembic's way in: it works on the connection, and in the transaction, of `schema.migrate`."""

from alembic import context

from adapter.outside.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
