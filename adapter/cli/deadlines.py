"""`ip-adapter deadlines`"""

from datetime import datetime
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import age, tell, tell_json
from adapter.flows.open_clocks import OpenClock, open_clocks


def command(
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose last day is over.")] = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """List every clock that runs, of all cases: what is waited for, until when, and by whom.

    Those that are overdue come first, the oldest before the others. Each line is a case, a clock of
    mappings/deadlines.yaml and the organisations that it reminds; `follow` tells the rest of a case, and `seen` takes
    it off the list of a person here. Nothing of a person is printed, and no day that could be a birthday.

    \b
    Examples:
      ip-adapter deadlines
      ip-adapter deadlines --overdue --json
    \b
    Exit codes: 0 listed (also when no clock runs), 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        found, at = list(open_clocks(now.parts, only_overdue=overdue)), now.parts.clock()
        names = {number: one.name for number, one in now.parts.partners.by_organisation.items()}
    if json:
        tell_json(found)
        return
    for one in found:
        tell(line(one, names, at), "bold red" if one.state == "overdue" else "")
    if not found:
        tell("No clock runs." if not overdue else "No clock is overdue.")


def line(one: OpenClock, names: dict[str, str], at: datetime) -> str:
    """A clock as a line for a person; `names` of organisations by their numbers."""
    days = f", for {age(one.since, at)}, last day {one.last_day}" if one.since else ""
    whom = " and ".join(names.get(number, number) for number in one.waits_for)
    return f"{one.case}  {one.rule}: {one.state}{days}{f', waits for {whom}' if whom else ''}"
