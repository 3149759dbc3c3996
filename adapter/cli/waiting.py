"""`ip-adapter waiting`"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import typer

from adapter.cli.failed import REFUSED
from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import age, tell, tell_json
from adapter.domain.standing import Kind, Stuck
from adapter.flows.stuck import stuck

_SAID: dict[Kind, str] = {
    "outbox": "letters to be sent next",
    "receipt": "letters carried whose receipt is missing",
    "unopened": "needs that came to a unit and were not opened",
    "overdue": "deadlines that have passed (ip-adapter deadlines)",
    "parked": "letters held until a person decides (ip-adapter parked)",
    "routing": "cases for which a person chooses the unit (ip-adapter parked)",
    "detection": "messages of which a person says whether they state a need",
    "consent": "cases whose consent a person must look at",
    "conversation": "cases in which something was said that moves nothing by itself",
    "deadline": "cases whose deadline a person must look at",
    "mailbox": "messages that could not be taken from the message service",
    "announced": "messages that the message service has for us",
    "register": "addresses that are amiss in the register (ip-adapter register)",
    "clocks": "since the clocks of a case should have been looked at",
    "unexplained": "messages that left no trace, to which nobody has seen (ip-adapter reconcile)",
    "books": "since the books of a day were made up",
}


def command(database: Database = None, json: Json = False) -> None:
    """Show everything that stands still: how many, how old the oldest, and whether that is an alarm.

    Whatever can wait is a kind here, with a time after which somebody should be called (mappings/thresholds.yaml says
    which, and why). The same stands in `/metrics`, looked up once a minute. Nothing of a person is printed.

    \b
    Examples:
      ip-adapter waiting
      ip-adapter waiting --json
    \b
    Exit codes: 0 no alarm, 1 something has stood still for too long, 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        clock = now.parts.clock()
        found = stuck(now.store.reckoning(), now.parts.tables.thresholds, clock)
    if json:
        tell_json([_as_object(one) for one in found])
    else:
        for line, style in lines(found, clock):
            tell(line, style)
    if any(one.alarm for one in found):
        raise typer.Exit(REFUSED)


def lines(found: Sequence[Stuck], clock: datetime) -> Iterator[tuple[str, str]]:
    """One line for each kind of which there is something, and its colour on a terminal; alarms first."""
    there = [one for one in found if one.oldest]
    for one in sorted(there, key=lambda one: not one.alarm):
        mark, style = ("ALARM", "bold red") if one.alarm else ("     ", "")
        yield f"{mark}  {one.number:>6}  {age(one.oldest or clock, clock):>9}  {_SAID[one.kind]}", style
    if not there:
        yield "Nothing stands still.", ""


def _as_object(one: Stuck) -> dict[str, object]:
    return {
        "kind": one.kind,
        "number": one.number,
        "oldest": one.oldest,
        "seconds": int(one.age.total_seconds()),
        "alarm_at": one.alarm_at,
        "alarm": one.alarm,
    }
