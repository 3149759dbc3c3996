"""`ip-adapter seen`"""

from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows import operate


def command(
    id: Annotated[str, typer.Argument(help="Id of a case, as `parked` lists it.")],
    why: Why,
    reason: Annotated[
        str, typer.Option(help="Only this reason, as `parked` names it; the others stay listed.")
    ] = "",
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Take a case that goes on off the lists, when what was said about it is seen to.

    Words in a message move nothing by themselves: somebody reads them, and does what there is to do. A case that waits
    to be sent is released with `requeue` or left out with `skip`.

    \b
    Examples:
      ip-adapter seen 0f2c…e1 --why "The ward says that the need stands"
      ip-adapter seen 0f2c…e1 --reason complaint-late --why "Treated all the same"
    \b
    Exit codes: 0 done, 1 the step is not allowed or there is no such id, 2 could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        operate.seen(id, who, why, now.parts, reason)
    if json:
        tell_json({"case": id, "seen": True})
    else:
        tell(f"Case {id} is seen to.")
