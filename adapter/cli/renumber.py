"""`ip-adapter renumber`"""

import sys
from typing import Annotated

import typer

from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.renumber import renumber


def command(
    id: Annotated[str, typer.Argument(help="Id of a case of the person.")],
    why: Why,
    same_person: Annotated[
        bool, typer.Option(help="Whoever has cases under the new number is the same person.")
    ] = False,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Put the cases of a person under the identity number that the person has got since.

    As when a D-number or an emergency number gives way to a national one. The new number is read from standard input,
    never given as an argument and never shown. Messages about these cases name the new number from then on, and what
    still comes under the old one is about the same person. A number that has cases of its own is refused, unless
    --same-person says that they are this person's. Given the old number again, the same cases go back.

    \b
    Example:
      ip-adapter renumber 0f2c…e1 --why "New number, told by the hospital" < number.txt
    \b
    Exit codes: 0 done (also when it was already), 1 there is no such case or number, or the number has cases,
    2 could not be tried.
    """
    who = operator(by)
    number = "" if sys.stdin is None else sys.stdin.readline().strip()
    with opened(settings_with(database=database)) as now:
        moved = renumber(id, number, who, why, now.parts, same_person=same_person)
    if json:
        tell_json({"case": id, "renumbered": moved})
    else:
        tell(f"Renumbered: {moved}.")
