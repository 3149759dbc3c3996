"""What a transaction knows of versions: those it keeps itself, and those it has read."""

from collections.abc import Collection, Mapping, Sequence

from adapter.domain.case import Version
from adapter.domain.delivery import Pinned
from adapter.outside.store import rows
from adapter.outside.store.sql import Sql
from adapter.outside.store.statements import CURRENT, CURRENT_OF_CASES, PINNED

_Key = tuple[str, str]


class Versions:
    """Reads a case once, whole, instead of each of its resources (13 of a new need) by itself."""

    def __init__(self) -> None:
        self._kept: list[Version] = []
        self._forgotten()

    def keep(self, version: Version) -> None:
        """What this transaction adds."""
        self._kept.append(version)
        self.note(version)

    def forget(self) -> None:
        """What was read before a lock may have been changed before it was had."""
        kept, self._kept = self._kept, []
        self._forgotten()
        for version in kept:
            self.keep(version)

    def begin(self, case_id: str) -> None:
        """A case that begins in this transaction: all there is of it is kept here."""
        self._whole.add(case_id)

    def known(self, type_: str, id_: str) -> bool:
        return (type_, id_) in self._current

    def current(self, sql: Sql, type_: str, id_: str, case_id: str | None) -> Version | None:
        """The version with the highest number. `case_id`: the case at hand, to which it will belong."""
        if not self.known(type_, id_) and case_id is not None:
            self._read(sql, {case_id})
        if not self.known(type_, id_):
            row = sql.first(CURRENT, type_=type_, id_=id_)
            if row is None:
                self._current[type_, id_] = None
            else:
                self.note(rows.version_of(row))
        return self._current[type_, id_]

    def here(self, type_: str, id_: str) -> Version | None:
        """The same, of what is known."""
        return self._current.get((type_, id_))

    def of_cases(self, sql: Sql, case_ids: Collection[str]) -> Mapping[str, Sequence[Version]]:
        """The current versions by type and id."""
        self._read(sql, case_ids)
        found: dict[str, list[Version]] = {case_id: [] for case_id in case_ids}
        for _, version in sorted(self._current.items(), key=lambda item: item[0]):
            if version is not None and version.case_id in found:
                found[version.case_id].append(version)
        return found

    def pinned(self, sql: Sql, pins: Collection[Pinned]) -> Mapping[Pinned, Version]:
        """Those that are there."""
        missing = [p for p in pins if p not in self._pinned]
        if missing:
            types, ids = sorted({p.type for p in missing}), sorted({p.id for p in missing})
            numbers = sorted({p.number for p in missing})
            for row in sql.rows(PINNED, types=types, ids=ids, numbers=numbers):
                version = rows.version_of(row)
                self._pinned[_pin(version)] = version
        return {pin: self._pinned[pin] for pin in pins if pin in self._pinned}

    def _read(self, sql: Sql, case_ids: Collection[str]) -> None:
        unread = sorted(set(case_ids) - self._whole)
        if unread:
            for row in sql.rows(CURRENT_OF_CASES, cases=unread):
                self.note(rows.version_of(row))
            self._whole.update(unread)

    def note(self, version: Version) -> None:
        """What was read."""
        self._pinned[_pin(version)] = version
        standing = self._current.get((version.type, version.id))
        if standing is None or standing.number <= version.number:
            self._current[version.type, version.id] = version

    def _forgotten(self) -> None:
        self._current: dict[_Key, Version | None] = {}
        self._pinned: dict[Pinned, Version] = {}
        self._whole: set[str] = set()


def _pin(version: Version) -> Pinned:
    return Pinned(version.type, version.id, version.number)
