"""`ip-adapter requeue`"""

from typing import Annotated

import typer

from adapter.cli.failed import Failed
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
    unit: Annotated[
        str | None, typer.Option(help="HER-id of the unit; a case only.  [default: as its message says]")
    ] = None,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Send a parked delivery again, or let a waiting case go on.

    A delivery is due at once and its time until parking begins anew. A case goes to the unit you name, or to the
    one its message leads to now. A case held for consent goes on by the hospital's correction, or
    when the consent has been recorded (PUT Consent).

    \b
    Examples:
      ip-adapter requeue 17 --why "The recipient is up again"
      ip-adapter requeue 0f2c…e1 --unit 8901001 --why "Told by the ward"
    \b
    Exit codes: 0 done, 1 the step is not allowed or there is no such id, 2 could not be tried.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        if id.isascii() and id.isdigit():
            if unit:
                raise Failed("--unit: a delivery has its recipient; only a case can be given a unit")
            operate.requeue(int(id), who, why, now.parts)
            said = {"delivery": id, "state": "queued"}
        elif mailbox.holds(id, now.store.mailbox()):
            mailbox.again(id, who, why, now.store.mailbox(), now.parts)
            said = {"message": id, "state": "announced"}
        else:
            case = operate.release(id, unit, who, why, now.parts)
            said = {"case": case.id, "state": case.state, "unit": case.unit or ""}
    if json:
        tell_json(said)
    elif "delivery" in said:
        tell(f"Delivery {id} is due now.")
    elif "message" in said:
        tell(f"Message {id} is fetched once more.")
    else:
        to = f" to unit {said['unit']}" if said["unit"] else ""
        tell(f"Case {id} is {said['state']}{to}.")
