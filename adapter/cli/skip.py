"""`ip-adapter skip`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows import operate
from adapter.flows import parked_mail as mailbox


def command(
    id: Annotated[
        str, typer.Argument(help="Number of a delivery, or id of a case or message, as `parked` lists it.")
    ],
    why: Why,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Leave a delivery out, so that the next one goes on, or leave a waiting case out.

    The recipient never gets it from here: make sure that it has been told in another way. A case that you leave out
    is no matter for a coordinating unit; the hospital is told so.

    \b
    Examples:
      ip-adapter skip 17 --why "Told by telephone"
      ip-adapter skip 0f2c…e1 --why "Not about an individual plan"
    \b
    Exit codes: 0 done, 1 the step is not allowed or there is no such id, 2 could not be tried.
    """
    who = operator(by)
    of_delivery = id.isascii() and id.isdigit()
    with opened(settings_with(database=database)) as now:
        of_mailbox = mailbox.holds(id, now.store.mailbox())
        if of_delivery:
            operate.skip(int(id), who, why, now.parts)
        elif of_mailbox:
            mailbox.leave(id, who, why, now.store.mailbox(), now.parts)
        else:
            operate.dismiss(id, who, why, now.parts)
    what = "delivery" if of_delivery else "message" if of_mailbox else "case"
    if json:
        tell_json({what: id, "skipped": True})
    else:
        tell(f"{what.capitalize()} {id} is left out.")
