"""The database behind `adapter.ports.Store`: SQLite or PostgreSQL 15+, by one URL. The only home of SQL."""

from adapter.outside.store.errors import StoreFailed
from adapter.outside.store.schema import Standing, at_head, migrate, standing
from adapter.outside.store.store import Database, open_store

__all__ = ["Database", "Standing", "StoreFailed", "at_head", "migrate", "open_store", "standing"]
