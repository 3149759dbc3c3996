"""`ip-adapter archive`"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.keeping import bar, keeping, rules
from adapter.cli.opening import Opened, database_told, opened, operator, refusals_told
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import complain, tell, tell_json
from adapter.domain.days import moment_after
from adapter.domain.record import CaseRecord
from adapter.flows.archive import archive_of, archived
from adapter.outside.store.keeping import Housekeeping
from adapter.wire.archive import Damaged, unpack

_PAGE = 50
_OF_THE_HASH = 16
"""So many hex digits in a file's name: a case that changed gets another file, beside the one it had."""
_Day = typer.Option(formats=["%Y-%m-%d"], help="Every case over since that day or longer, not archived yet.")


@dataclass(frozen=True, slots=True)
class _Written:
    case: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Missed:
    case: str
    why: str


@dataclass(slots=True)
class _Done:
    """What one run has come to; `ended` is why it did not get to its end."""

    archived: list[_Written] = field(default_factory=list)
    failed: list[_Missed] = field(default_factory=list)
    ended: Failed | None = None


def command(
    to: Annotated[Path, typer.Option(help="The folder to write to; it must be there.")],
    cases: Annotated[list[str] | None, typer.Argument(help="Ids of cases.")] = None,
    over_since: Annotated[datetime | None, _Day] = None,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Write cases to files that last without this program, one each.

    A file holds every version as a FHIR Bundle, the messages as they came, and history, deliveries, receipts and audit
    as JSON lines, with the SHA-256 of each. The same case gives the same bytes under the same name (its id and the
    beginning of the file's SHA-256); one that has changed since gets a file of its own beside the older one. Each file
    is read back and checked, and its hash recorded; only then `tidy` may purge the case when its time is over. Nothing
    is overwritten but a file that was cut off. A case that cannot be archived is told, and the others go on.

    \b
    Examples:
      ip-adapter archive 11111111-1111-4111-8111-000000000005 --to /archive
      ip-adapter archive --over-since 2025-12-31 --to /archive
    \b
    Exit codes: 0 archived, 1 a case was not (each is told, with why), 2 it could not be tried, or not to the end (what
    was told is archived).
    """
    if bool(cases) == bool(over_since):
        raise Failed("say which cases, or --over-since")
    if not to.is_dir():
        raise Failed(f"{to}: no such folder")
    with opened(settings_with(database=database)) as now, keeping(now) as store:
        done = _archive(now, store, _pages(now, store, cases, over_since), to, operator(by))
    _tell(done, json=json)


def _archive(now: Opened, store: Housekeeping, pages: Iterator[Sequence[str]], to: Path, who: str) -> _Done:
    """Each case on its own: what is wrong with one holds up none behind it."""
    done = _Done()
    try:
        with bar("archive") as progress, database_told():
            for page in pages:
                with store.snapshot() as snapshot:
                    records = {record.case.id: record for record in snapshot.records(page)}
                for id_ in page:
                    _one(now, store, id_, records.get(id_), to, who, done)
                    progress(len(done.archived), len(done.archived) + len(done.failed))
    except Failed as failed:
        done.ended = failed
    return done


def _one(
    now: Opened, store: Housekeeping, id_: str, record: CaseRecord | None, to: Path, who: str, done: _Done
) -> None:
    try:
        if record is None:
            raise Failed(f"no case {id_}", REFUSED)
        with refusals_told(now.parts.tables.problems), database_told():
            file = archive_of(record, now.parts.base)
            sha256, audit = archived(record, file, who, now.parts.clock())
            path = to / f"{id_}-{sha256[:_OF_THE_HASH]}.zip"
            _write(path, file)
            store.archived(record, sha256, audit)
    except Failed as failed:
        done.failed.append(_Missed(id_, str(failed)))
    else:
        done.archived.append(_Written(id_, str(path), sha256))


def _tell(done: _Done, *, json: bool) -> None:
    """What is archived is told whatever came after it. Raises Failed or Exit where not all is."""
    if json:
        tell_json({"archived": done.archived, "failed": done.failed})
    else:
        for one in done.archived:
            tell(f"{one.sha256}  {one.file}")
        tell(f"{len(done.archived)} cases archived.")
        for missed in done.failed:
            complain(f"{missed.case}: {missed.why}")
    if done.ended:
        raise done.ended
    if done.failed:
        raise typer.Exit(REFUSED)


def _pages(
    now: Opened, store: Housekeeping, cases: list[str] | None, over_since: datetime | None
) -> Iterator[Sequence[str]]:
    """The ids of the cases asked for, page by page; one that is not archived is not come back to."""
    asked, over = sorted(set(cases or ())), rules(now).over
    until = moment_after(over_since.date().isoformat() if over_since else None)
    after = ""
    while True:
        if until:
            page = list(store.not_archived(over, until, after, _PAGE))
        else:
            page = [id_ for id_ in asked if id_ > after][:_PAGE]
        if not page:
            return
        yield page
        after = page[-1]


def _write(path: Path, file: bytes) -> None:
    """On disk under its name, whole or not at all, and read back. Raises Failed."""
    try:
        _place(path, file)
        there = path.read_bytes()
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or type(error).__name__}") from None
    if there != file:
        raise Failed(f"{path}: another file is in its place", REFUSED)
    try:
        unpack(there)
    except Damaged as damaged:
        raise Failed(f"{path}: {damaged}") from None


def _place(path: Path, file: bytes) -> None:
    """A name that is taken stays with its file, unless that is only the beginning of this one: it was cut off."""
    handle, name = tempfile.mkstemp(".part", path.stem, path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(file)
            part.flush()
            os.fsync(part.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            if (there := path.read_bytes()) != file and file.startswith(there):
                os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
