"""`ip-adapter find`"""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from adapter.cli.failed import Failed
from adapter.cli.keeping import keeping
from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import age, tell, tell_json
from adapter.domain.days import first_moment
from adapter.domain.record import Found, Question
from adapter.flows.find import find, find_person

_Day = typer.Option(formats=["%Y-%m-%d"], help="Moved on that day (Norwegian time) or later.")


def command(
    state: Annotated[list[str] | None, typer.Option(help="In this state; may be said several times.")] = None,
    owner: Annotated[str | None, typer.Option(help="Owned by this organisation number.")] = None,
    requester: Annotated[str | None, typer.Option(help="Reported by this organisation number.")] = None,
    since: Annotated[datetime | None, _Day] = None,
    person: Annotated[
        bool, typer.Option("--person", help="Of the identity number on standard input. Needs --why.")
    ] = False,
    why: Annotated[str, typer.Option(help="Why a person is looked for, kept in the audit.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Cases at most.")] = 50,
    after: Annotated[str, typer.Option(help="Go on behind this case.")] = "",
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Find cases by state, organisation, time or person.

    Cases come by id, page by page: go on with --after and the last id. An identity number is read from standard input,
    never given as an argument and never shown, and each such search is audited with its reason.

    \b
    Examples:
      ip-adapter find --state routed --since 2026-11-01
      ip-adapter find --person --why "Asked by the patient" < number.txt
    \b
    Exit codes: 0 looked (also when nothing was found), 1 there is no such state or number, 2 it could not be looked.
    """
    if person and not why.strip():
        raise Failed("--why: a search for a person needs a reason")
    moment = first_moment(since.date().isoformat()) if since else None
    question = Question(tuple(state or ()), owner, requester, moment, after=after, limit=limit)
    with opened(settings_with(database=database)) as now, keeping(now) as store:
        if person:
            found = find_person(question, _number(), operator(by), why, store, now.parts)
        else:
            found = find(question, store, now.parts)
    if json:
        tell_json({"cases": found, "next": found[-1].id if len(found) == limit else None})
    else:
        _tell(found, now.parts.clock())


def _number() -> str:
    return "" if sys.stdin is None else sys.stdin.readline().strip()


def _tell(found: Sequence[Found], clock: datetime) -> None:
    for one in found:
        tell(
            f"{one.id}  {one.state:<22}  {one.requester} to {one.owner or '-'}  {age(one.moved_at, clock):>9}"
        )
    if not found:
        tell("No case fits.")
