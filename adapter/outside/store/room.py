"""Whether the disk of a PostgreSQL still has room: it says so to whoever writes, and to nobody else."""

import hashlib
import time
from datetime import UTC, datetime

from sqlalchemy import ExceptionContext, event

from adapter.outside.store.connections import Connections
from adapter.outside.store.errors import StoreFailed
from adapter.outside.store.statements import INSERT
from adapter.ports import Collision, StoreBusy

_DISK_FULL = "53100"
_AGAIN_SECONDS = 3.0
_LARGE = hashlib.shake_256(b"is there room?").digest(
    250_000
)  # nothing that a table's compression makes small
_TRIAL = {
    "id": "room",
    "door": "room",
    "sender": "",
    "message_id": "",
    "envelope_id": "",
    "kind": "",
    "digest": "",
    "raw": _LARGE,
    "at": datetime(1970, 1, 1, tzinfo=UTC),
    "answer_status": 0,
    "answer_media_type": "",
    "answer_body": b"",
    "answer_etag": None,
    "answer_location": None,
    "answer_retry_after": None,
    "case_id": None,
    "findings": "[]",
    "mapping": "",
}


class Room:
    """There is room until a statement fails for want of it, and again when a large row would go in."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._full, self._again = False, 0.0
        event.listen(connections.engine, "handle_error", self._failed)

    def there(self) -> bool:
        """Costs nothing while nothing failed; then one row every few seconds, which is not kept."""
        if self._full and time.monotonic() >= self._again:
            self._again = time.monotonic() + _AGAIN_SECONDS
            self._full = not self._fits()
        return not self._full

    def _failed(self, failure: ExceptionContext) -> None:
        if getattr(failure.original_exception, "sqlstate", None) == _DISK_FULL:
            self._full = True

    def _fits(self) -> bool:
        try:
            with self._connections.writing() as sql:
                sql.run(INSERT["received"], **_TRIAL)
        except (StoreBusy, Collision):
            return False
        except StoreFailed:  # refused, but not for want of room
            return True
        return True
