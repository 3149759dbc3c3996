"""`ip-adapter archive`"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.keeping import bar, keeping, rules
from adapter.cli.opening import Opened, opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.days import moment_after
from adapter.domain.record import CaseRecord
from adapter.flows.archive import archive_of, archived
from adapter.outside.store.keeping import Housekeeping
from adapter.wire.archive import Damaged, unpack

_PAGE = 50
_Day = typer.Option(formats=["%Y-%m-%d"], help="Every case over since that day or longer, not archived yet.")


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
    as JSON lines, with the SHA-256 of each. The same case gives the same bytes. Each file is read back and checked, and
    its hash recorded; only then `tidy` may purge the case when its time is over. Nothing is overwritten: a file that is
    there already must hold the same.

    \b
    Examples:
      ip-adapter archive 11111111-1111-4111-8111-000000000005 --to /archive
      ip-adapter archive --over-since 2025-12-31 --to /archive
    \b
    Exit codes: 0 archived, 1 there is no such case or another file is in its place, 2 it could not be written.
    """
    if bool(cases) == bool(over_since):
        raise Failed("say which cases, or --over-since")
    written: list[dict[str, str]] = []
    with opened(settings_with(database=database)) as now, keeping(now) as store, bar("archive") as progress:
        who = operator(by)
        for record in _records(now, store, cases, over_since):
            file = archive_of(record, now.parts.base)
            path = to / f"{record.case.id}.zip"
            _write(path, file)
            sha256, audit = archived(record, file, who, now.parts.clock())
            store.archived(record, sha256, audit)
            written.append({"case": record.case.id, "file": str(path), "sha256": sha256})
            progress(len(written), len(cases) if cases else len(written))
    if json:
        tell_json(written)
        return
    for one in written:
        tell(f"{one['sha256']}  {one['file']}")
    tell(f"{len(written)} cases archived.")


def _records(
    now: Opened, store: Housekeeping, cases: list[str] | None, over_since: datetime | None
) -> Iterator[CaseRecord]:
    """The cases asked for, page by page. Raises Failed for one that is not there."""
    after, over = "", rules(now).over
    asked, until = (
        sorted(set(cases or ())),
        moment_after(over_since.date().isoformat() if over_since else None),
    )
    while True:
        if until:
            page = list(store.not_archived(over, until, after, _PAGE))
        else:
            page = [id_ for id_ in asked if id_ > after][:_PAGE]
        if not page:
            return
        with store.snapshot() as snapshot:
            records = snapshot.records(page)
        if missing := set(page) - {record.case.id for record in records}:
            raise Failed(f"no case {min(missing)}", REFUSED)
        yield from records
        after = page[-1]


def _write(path: Path, file: bytes) -> None:
    """On disk under its name, whole or not at all, and read back. Raises Failed."""
    beside = path.with_suffix(f".{os.getpid()}.part")
    try:
        handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as part:
            part.write(file)
            part.flush()
            os.fsync(part.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass  # from a run that was cut off, or another file: the bytes tell
        finally:
            beside.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        there = path.read_bytes()
    except OSError as error:
        raise Failed(f"{path}: {error.strerror or type(error).__name__}") from None
    if there != file:
        raise Failed(f"{path}: another file is in its place", REFUSED)
    try:
        unpack(there)
    except Damaged as damaged:
        raise Failed(f"{path}: {damaged}") from None
