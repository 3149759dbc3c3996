"""`ip-adapter lapsing`"""

from datetime import timedelta
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.keeping import keeping, rules
from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.lapsing import lapsing


def command(
    within: Annotated[str, typer.Option(help="ISO 8601: how far ahead to look.")] = "P30D",
    database: Database = None,
    json: Json = False,
) -> None:
    """List consents that lapse or run out soon, and those that have and were not given anew.

    A consent lapses on the birthday from which the person decides itself, when a mandate or a decision on capacity
    ends, and when child welfare takes over the care. Parents in the team of one who comes of age are listed, too. The
    earliest comes first; each line says why, and who is asked anew. No person is named, and no day that is a birthday.

    \b
    Examples:
      ip-adapter lapsing --within P90D
      ip-adapter lapsing --json
    \b
    Exit codes: 0 listed (also when nothing lapses), 1 the time is none, 2 the database could not be read.
    """
    ahead = _duration(within)
    with opened(settings_with(database=database)) as now, keeping(now) as store:
        found = lapsing(ahead, rules(now).over.states, store, now.parts)
    if json:
        tell_json(found)
        return
    for one in found:
        state, day = "lapsed" if one.lapsed else "lapses", one.day.isoformat() if one.day else ""
        tell(f"{state} {day:<10}  {one.kind:<17}  {one.case}  {one.what}: {one.because}; ask {one.ask}")
    if not found:
        tell("No consent lapses.")


def _duration(text: str) -> timedelta:
    """Raises Failed."""
    try:
        ahead = TypeAdapter(timedelta).validate_python(text)
    except ValidationError:
        raise Failed("--within: a time is written P30D", REFUSED) from None
    if not timedelta() <= ahead <= timedelta(days=36_500):
        raise Failed("--within: from nothing to a hundred years", REFUSED)
    return ahead
