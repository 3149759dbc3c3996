"""`ip-adapter directory`"""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.app import system_clock
from adapter.cli.directory_lines import amiss_line, change_line
from adapter.cli.directory_table import Table, amiss, beside, put_in_place, read_table, table_in_use
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.options import Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.days import norwegian_day
from adapter.domain.directory_change import Changed, changed
from adapter.domain.directory_check import GAPS, Amiss, Beside, overlaps
from adapter.mapping import unit_table
from adapter.settings import Settings


class Do(StrEnum):
    """What is done with the table."""

    check = "check"
    export = "export"
    import_ = "import"


_Day = typer.Option(formats=["%Y-%m-%d"], help="The day in question.  [default: today in Norway]")
_From = typer.Option("--from", formats=["%Y-%m-%d"], help="import: from which day on the table shall hold.")


def command(
    do: Annotated[Do, typer.Argument(help="What to do with the table of coordinating units.")],
    file: Annotated[Path | None, typer.Argument(help="check, import: a table; export: where to.")] = None,
    on: Annotated[datetime | None, _Day] = None,
    first: Annotated[datetime | None, _From] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="import: say what would change, write nothing.")
    ] = False,
    allow_gaps: Annotated[
        bool,
        typer.Option(
            "--allow-gaps", help="import: also where nobody serves whom this table serves; nothing else."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check the table of coordinating units, write it out, or take in one as it shall be from a day on.

    check names whom nobody serves, now or later (municipality, age, city district of Oslo), holes in time, rows that
    serve the same, units that nothing can be sent to, fallbacks that are none, and addresses that the register calls
    gone: of the table in use, or of FILE. export writes the table, with --on only what was in force that day.

    import takes a table of the same columns. A unit that is not in it ends the day before, one that is changed ends and
    begins anew, and a row without valid_from begins on the day; what was in force before stays as it was. It is written
    when nothing is amiss that is not so now; lines of units are those of the table as it would be. What runs reads its
    tables when it starts: start it anew.

    \b
    Examples:
      ip-adapter directory check --on 2027-01-01
      ip-adapter directory export units.csv --on 2026-12-31
      ip-adapter directory import units.csv --from 2027-01-01 --dry-run
    \b
    Exit codes: 0 nothing is amiss, or it is written, 1 something is amiss and nothing is written, 2 a table could not
    be read or written.
    """
    settings = settings_with()
    if do is Do.export:
        _export(file, on.date() if on else None, settings)
    elif do is Do.check:
        _check(file, on, settings, json=json)
    else:
        _import(file, first, settings, dry_run=dry_run, allow_gaps=allow_gaps, json=json)


def _check(file: Path | None, on: datetime | None, settings: Settings, *, json: bool) -> None:
    now = system_clock()
    against = beside(settings, now)
    found = amiss(
        read_table(file or table_in_use(settings), settings),
        against,
        on.date() if on else norwegian_day(now),
    )
    if json:
        tell_json(found)
    else:
        _tell_amiss(found, against)
        tell(f"{len(found)} things are amiss." if found else "Nothing is amiss.")
    if found:
        raise typer.Exit(REFUSED)


def _export(file: Path | None, on: date | None, settings: Settings) -> None:
    table = read_table(table_in_use(settings), settings)
    text = unit_table.written(unit for _, unit in table.rows if on is None or unit.in_force(on))
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or type(error).__name__}") from None


def _import(
    file: Path | None,
    given: datetime | None,
    settings: Settings,
    *,
    dry_run: bool,
    allow_gaps: bool,
    json: bool,
) -> None:
    now = system_clock()
    if file is None or given is None:
        raise Failed("import needs FILE and --from")
    first = given.date()
    if first < norwegian_day(now):
        raise Failed("--from: not a day that is over; what was in force then stays", REFUSED)
    in_use = table_in_use(settings)
    before, against = in_use.read_bytes(), beside(settings, now)
    table, wanted = read_table(in_use, settings), read_table(file, settings, first)
    if table.wrong:
        raise Failed(f"{in_use.name}: it has rows that are none; see ip-adapter directory check")
    new, found = _new(table, wanted, against, first)
    hinders = [one for one in found if not allow_gaps or one.what not in GAPS]
    written = bool(new.changes) and not (hinders or dry_run)
    if written:
        put_in_place(in_use, before, unit_table.written(new.units))
    if json:
        tell_json({"changes": new.changes, "amiss": found, "written": written})
    else:
        _tell_import(new, found, against, hinders=bool(hinders), dry_run=dry_run)
    if hinders:
        raise typer.Exit(REFUSED)


def _new(table: Table, wanted: Table, against: Beside, first: date) -> tuple[Changed, list[Amiss]]:
    """The table as it would be, and what is amiss in it that is not so now."""
    new = changed([unit for _, unit in table.rows], wanted.rows, first)
    past = "valid_from: the past is never rewritten; no such row was in force the day before"
    found = [*wanted.wrong, *(Amiss("row", line=line, said=past) for line in new.rewrites)]
    found += overlaps(wanted.rows)
    known = {_without_lines(one) for one in amiss(table, against, first)}
    whole = Table([*enumerate(new.units, 2)], ())
    later = [one for one in amiss(whole, against, first) if _without_lines(one) not in known]
    return new, [*found, *(one for one in later if one.what != "overlap")]


def _without_lines(one: Amiss) -> Amiss:
    return dataclasses.replace(one, line=None, other=None)


def _tell_import(
    new: Changed, found: Sequence[Amiss], against: Beside, *, hinders: bool, dry_run: bool
) -> None:
    names = {m.number: m.name for m in against.municipalities}
    for change in new.changes:
        tell(change_line(change, names))
    _tell_amiss(found, against)
    if hinders:
        tell("Not written: see above what would be amiss.")
    elif not new.changes:
        tell("Nothing changes, and nothing is written.")
    else:
        tell("Not written: --dry-run." if dry_run else "Written. Start anew what runs.")


def _tell_amiss(found: Sequence[Amiss], against: Beside) -> None:
    names = {m.number: m.name for m in against.municipalities}
    for one in found:
        tell(amiss_line(one, names))
