"""`ip-adapter follow`"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import age, tell, tell_json
from adapter.domain.days import norwegian_day
from adapter.flows.followed import Clock, Followed, followed


def command(
    id: Annotated[str, typer.Argument(help="Id of a case.")],
    database: Database = None,
    json: Json = False,
) -> None:
    """Tell how far a case has come, who owes what since when, and each of its clocks.

    Delivered, opened and acted upon are three different things, each with the day on which it happened. What is owed
    names an organisation, or a person here; a clock names the provision or the agreement that it rests on. Nothing of
    the person the case is about is printed, and no day that could be a birthday.

    \b
    Examples:
      ip-adapter follow 0f2c…e1
      ip-adapter follow 0f2c…e1 --json
    \b
    Exit codes: 0 told, 1 there is no such case, 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        found, at = followed(id, now.parts), now.parts.clock()
        names = {number: one.name for number, one in now.parts.partners.by_organisation.items()}
    if json:
        tell_json(found)
        return
    for line in lines(found, names, at):
        tell(line)


def lines(found: Followed, names: dict[str, str], at: datetime) -> Iterator[str]:
    """A case as lines for a person; `names` of organisations by their numbers."""
    yield f"{found.case}  {found.state} for {age(found.since, at)}"
    yield f"reported by {_named(found.requester, names)}; with {_named(found.owner or 'nobody yet', names)}"
    for one in found.passed:
        yield f"  {one.milestone}: {norwegian_day(one.at)}, {_named(one.by, names)}"
    if found.expected_on:
        yield f"  an answer is expected by {found.expected_on}"
    yield "owed:" if found.owed else "Nothing is owed."
    for owed in found.owed:
        yield f"  {_named(owed.by, names)}: {owed.what}, for {age(owed.since, at)}"
    for clock in found.clocks:
        yield _clock_line(clock, names)
    for row in found.team:
        yield f"takes part: {_named(row.organisation, names)}, {row.state} ({', '.join(row.roles) or 'no role'})"


def _clock_line(clock: Clock, names: dict[str, str]) -> str:
    since = f", begun {norwegian_day(clock.since)}" if clock.since else ""
    due = f", last day {norwegian_day(clock.due) - timedelta(days=1)}" if clock.due else ""
    whom = " and ".join(_named(number, names) for number in clock.waits_for)
    stopped = f", stopped by {_named(clock.stopped_by, names)}" if clock.stopped_by else ""
    return (
        f"clock {clock.rule}: {clock.state}{since}{due}"
        f"{f', for {whom}' if whom else ''}{stopped} [{clock.because}]"
    )


def _named(number: str, names: dict[str, str]) -> str:
    return names.get(number, number)
