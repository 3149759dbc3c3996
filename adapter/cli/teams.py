"""`ip-adapter teams`"""

from datetime import timedelta
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.teams import lacking

_SAID = {
    "no-main-responsible": "the plan is in force, and nobody has the main responsibility",
    "child-coordinator-ends": "the youngest child comes of age, and the child coordinator ends",
    "participation-ends": "a participation ends",
    "acceptance-missing": "a relative takes part, and not both the person and the relative are known to want it",
    "hand-over-waits": "another unit is asked to take the case over, and has not answered",
}


def command(
    days: Annotated[int, typer.Option(min=1, help="List what ends within so many days.")] = 30,
    database: Database = None,
    json: Json = False,
) -> None:
    """List care teams that somebody here must see to.

    Plans in force that nobody leads, relatives not known to be wanted, participations that end soon, and hand-overs
    that wait. One provider has the main responsibility for a plan at any time (forskrift 1110/2022 § 3), and a child
    coordinator ends when the youngest child is 18 (hol § 7-2 a). Relatives take part as far as the person and they want
    (§ 4), and from that day parents are relatives. Each line is a case, and the place in its care team. Nothing of a
    person is printed, and no day: it could be a birthday.

    \b
    Examples:
      ip-adapter teams
      ip-adapter teams --days 90 --json
    \b
    Exit codes: 0 listed (also when nothing is amiss), 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        found = list(lacking(timedelta(days=days), now.parts))
    if json:
        tell_json(found)
        return
    for one in found:
        tell(f"{one.case}  {one.place}: {_SAID[one.lack]}")
    if not found:
        tell("No team lacks anything.")
