"""`ip-adapter close`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.closing import close


def command(
    id: Annotated[str, typer.Argument(help="Id of a case.")],
    because: Annotated[str, typer.Option(help="What has happened: died or pregnancy-ended.")],
    why: Why,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Close the cases of a person who has died, or one about a child that is not born.

    Plan, consents and participations end and nothing that is queued goes out; nobody is told anything, then or later.
    That a person has died closes all cases of that person; that a pregnancy has ended closes this one, and the
    mother's others go on. It cannot be undone: a new need makes a new case.

    \b
    Examples:
      ip-adapter close 0f2c…e1 --because died --why "Confirmed by the ward by telephone"
    \b
    Exit codes: 0 closed (also when it was already), 1 no such case or reason, or its need is about something else, 2
    could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        closed = close(id, because, who, why, now.parts)
    if json:
        tell_json({"case": id, "closed": closed})
    else:
        tell(f"Closed: {closed}. Nobody is told.")
