"""`ip-adapter plans`"""

from datetime import timedelta
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.plans import Need, needs_of_plans

_SAID = {
    "revision-overdue": "the revision is overdue, it was to be by {day}",
    "revision-due": "it is to be revised by {day}",
    "period-over": "its period is over since {day}",
    "period-ends": "its period ends on {day}",
    "incomplete": "it lacks what it must contain",
    "case-over": "its case is over: take that up again, or end the plan",
    "without-consent": "there is no consent to it any more",
}


def command(
    days: Annotated[int, typer.Option(min=1, help="List what comes within so many days.")] = 30,
    database: Database = None,
    json: Json = False,
) -> None:
    """List plans that need somebody: overdue for revision, past their period, or no longer whole.

    A plan in force says when it is revised next (forskrift 1110/2022 § 9 h). When that day or the end of its period
    passes, nothing is ended: the plan stands until its unit revises or ends it, and is listed here. So is one that has
    come to lack what the law wants in it, as when somebody has left the team, or consent to it. Each line is a case and
    a place in its plan; nothing else of a plan is printed.

    \b
    Examples:
      ip-adapter plans
      ip-adapter plans --days 90 --json
    \b
    Exit codes: 0 listed (also when nothing is due), 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        found = list(needs_of_plans(timedelta(days=days), now.parts))
    if json:
        tell_json(found)
        return
    for one in found:
        tell(line(one))
    if not found:
        tell("No plan needs anything.")


def line(need: Need) -> str:
    """One plan as a line for a person."""
    day = need.day.isoformat() if need.day else ""
    return f"{need.case}  {need.place}: {_SAID[need.what].format(day=day)}"
