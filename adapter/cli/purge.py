"""`ip-adapter purge`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.purge import purge


def command(
    id: Annotated[str, typer.Argument(help="Id of a case.")],
    why: Why,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Remove a case that was about the wrong person, and tell everybody who got anything of it.

    What is queued goes nowhere. The hospital, the unit and others who know of the case are told that it is closed; when
    all of them have been told, nothing of the person stays here, but that there was a case. Until then it is still
    here: give the command again later. It cannot be undone. A file that `archive` has written of it is yours to remove:
    its SHA-256 stands in the audit of the purge.

    \b
    Examples:
      ip-adapter purge 0f2c…e1 --why "Sent under another patient's number"
    \b
    Exit codes: 0 done or begun, 1 there is no such case, 2 could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        gone = purge(id, who, why, now.parts)
    if json:
        tell_json({"case": id, "purged": gone})
    else:
        tell(
            f"Case {id} is gone."
            if gone
            else f"Those who know of case {id} are being told. Purge it again later."
        )
