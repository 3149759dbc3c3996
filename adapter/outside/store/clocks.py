"""The clocks of cases in one transaction (`adapter.ports.Transaction`)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from adapter.domain.case import Waiting
from adapter.domain.deadline import Deadline
from adapter.outside.store import clock_statements, rows
from adapter.outside.store.sql import Sql


class Clocks(ABC):
    """The part of a transaction that keeps clocks. Its case is locked."""

    @property
    @abstractmethod
    def _sql(self) -> Sql: ...

    @abstractmethod
    def _settled(self) -> Sql: ...

    def deadlines(self, case_id: str) -> Sequence[Deadline]:
        """Those that are kept, by rule, about and start."""
        return [rows.deadline_of(row) for row in self._settled().rows(clock_statements.OF_CASE, case=case_id)]

    def waits(self, case_id: str) -> Sequence[Waiting]:
        """What has stood on lists of people, resolved or not, in the order in which it was put there."""
        found = self._settled().rows(clock_statements.WAITS_OF_CASE, case=case_id)
        return [rows.waiting_of(row) for row in found]

    def keep_deadlines(self, case_id: str, deadlines: Collection[Deadline], look_at: datetime | None) -> None:
        """Write these, and when somebody looks next: whatever else of this transaction asked for a look is over."""
        sql = self._settled()
        sql.run_each(clock_statements.KEEP[sql.postgresql], [rows.values(one) for one in deadlines])
        sql.run(clock_statements.LOOK_AT, case=case_id, at=look_at)
