"""`ip-adapter purged`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.purge_there import told_purged


def command(
    id: Annotated[str, typer.Argument(help="Id of a case that came to a unit that is not the right one.")],
    why: Why,
    organisation: Annotated[
        str, typer.Option(help="Number of the organisation that has told so, where several are asked.")
    ] = "",
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Record that a unit has told that what came to it wrongly is purged there.

    A unit says so itself by its Task, or by a report on the letter that asked for it. This is for what somebody there
    has told somebody here by other means; say in --why who that was, by role.

    \b
    Examples:
      ip-adapter purged 0f2c…e1 --why "Told by the head of the unit by telephone"
      ip-adapter purged 0f2c…e1 --organisation 999900022 --why "Told by letter"
    \b
    Exit codes: 0 done, 1 nobody is asked to purge anything of it, or several are, 2 could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        told_purged(id, organisation, who, why, now.parts)
    if json:
        tell_json({"case": id, "purged": True})
    else:
        tell(f"What came of case {id} is recorded as purged there.")
