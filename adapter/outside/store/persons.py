"""What one flow asks of a person, by the keyed hash of the identity number (`adapter.ports.Transaction`)."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from adapter.domain.case import Case, FormerKey
from adapter.outside.store import rows, statements
from adapter.outside.store.sql import Sql


class Persons(ABC):
    """The part of a transaction that goes across the cases of a person."""

    @property
    @abstractmethod
    def _sql(self) -> Sql: ...

    @abstractmethod
    def _settled(self) -> Sql: ...

    def cases_of_person(self, subject_key: str) -> Sequence[Case]:
        return [rows.case_of(row) for row in self._sql.rows(statements.CASES_OF_PERSON, person=subject_key)]

    def known_as(self, subject_key: str) -> str:
        row = self._sql.first(statements.KNOWN_AS, person=subject_key)
        return row["subject_key"] if row else subject_key

    def former_keys(self, case_ids: Collection[str]) -> Sequence[FormerKey]:
        rows_ = self._sql.rows(statements.FORMER_KEYS, ids=sorted(case_ids))
        return [rows.former_key_of(row) for row in rows_]

    def keep_former_key(self, former: FormerKey) -> None:
        self._settled().run(statements.INSERT["former_key"], **rows.values(former))

    def forget_former_keys(self, case_id: str, since: datetime) -> None:
        self._settled().run(statements.FORGET_KEYS, case=case_id, since=since)

    def person_waits(self, subject_key: str, reasons: Collection[str]) -> bool:
        return self._sql.first(statements.PERSON_WAITS, person=subject_key, reasons=[*reasons]) is not None

    def persons_wait(self, case_ids: Collection[str], reasons: Collection[str]) -> Collection[str]:
        found = self._sql.rows(statements.PERSONS_WAIT, ids=sorted(case_ids), reasons=[*reasons])
        return frozenset(row["id"] for row in found)
