"""`ip-adapter overview`"""

from collections.abc import Iterator
from typing import Annotated

import typer

from adapter.cli.opening import Opened, opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.case import Resource
from adapter.flows.members import members
from adapter.flows.overview import overview_of_case


def command(
    id: Annotated[str, typer.Argument(help="Id of a case.")],
    why: Why,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Show who from the services takes part in a case, and what each answers for.

    The service overview (tjenesteoversikt) of its care team, as it stands now: role, name, telephone, and area of
    responsibility. It is no individual plan. It names people, so each look is audited with its reason.

    \b
    Example:
      ip-adapter overview 0f2c…e1 --why "The patient asks who to call"
    \b
    Exit codes: 0 shown (also when nobody takes part), 1 there is no such case, 2 the database could not be read.
    """
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        team = overview_of_case(id, who, why, now.parts)
        lines = list(_lines(team, now)) if team else []
    if json:
        tell_json(team)
        return
    for line in lines or ["Nobody takes part."]:
        tell(line)


def _lines(team: Resource, now: Opened) -> Iterator[str]:
    base = f"{now.parts.base}/StructureDefinition/"
    for said, row in zip(
        team.get("participant", ()), members(team, [], now.parts, in_full=True), strict=True
    ):
        more = {e["url"].removeprefix(base): e for e in said.get("extension", ())}
        phone = more.get("contact-point", {}).get("valueContactPoint", {}).get("value", "-")
        area = more.get("area-of-responsibility", {}).get("valueString", "-")
        roles = ", ".join(sorted(row.roles)) or "participant"
        yield f"{roles}  {said['member'].get('display', '-')}  {phone}  {area}"
