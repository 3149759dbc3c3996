"""`ip-adapter skip`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator, settings_with
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.telling import tell, tell_json
from adapter.flows import operate


def command(
    id: Annotated[int, typer.Argument(help="Number of a delivery, as `parked` lists it.")],
    why: Why,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Leave a delivery out, so that the next one in its lane goes on.

    The recipient never gets it from here: make sure that it has been told in another way.

    \b
    Example:
      ip-adapter skip 17 --why "Told by telephone"
    \b
    Exit codes: 0 done, 1 the step is not allowed or there is no such number, 2 could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        operate.skip(id, who, why, now.parts)
    if json:
        tell_json({"delivery": id, "skipped": True})
    else:
        tell(f"Delivery {id} is left out.")
