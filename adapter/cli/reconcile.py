"""`ip-adapter reconcile`"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from adapter.cli.days import From, On, To, span, yesterday
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.reconciliation import FATES, Balance
from adapter.flows.reconciliation import reconcile, seen, unexplained

_Why = Annotated[
    str, typer.Option(help="Somebody has seen to this day: why, kept in the audit. Name no person.")
]


def command(
    on: On = None,
    first: From = None,
    last: To = None,
    why: _Why = "",
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """State that everything received led to something, by day and sender, and name what did not.

    Each message is looked for where it must have left something: a case that began by it, words kept with a case, a
    step or a change of a case, a list of people, a refusal in the audit. Repeats of what was known stand apart. A
    message that has left nothing is named by its id; `ip-adapter explain` shows it. Without a day: the day before
    today, as the worker does by itself each day.

    A message without a trace stays an alarm until it has one, or until a person has seen to it and says so: --on with
    --why, which makes the day up anew and records that in the audit.

    \b
    Examples:
      ip-adapter reconcile
      ip-adapter reconcile --from 2026-11-01 --to 2026-11-30 --json
      ip-adapter reconcile --on 2026-11-03 --why "Sent again by the hospital"
    \b
    Exit codes: 0 it balances, 1 it does not or --why is without --on, 2 the database could not be read.
    """
    if why and not on:
        raise Failed("--why is of one day: --on", REFUSED)
    with opened(settings_with(database=database)) as now:
        begins, ends = span(on, first, last, yesterday(now.parts.clock()))
        found = seen(begins, operator(by), why, now.parts) if why else reconcile(begins, ends, now.parts)
    if json:
        tell_json({"from": begins, "to": ends, "balances": found, "unexplained": unexplained(found)})
    else:
        for line in lines(found):
            tell(line)
    if not all(one.holds for one in found):
        raise typer.Exit(REFUSED)


def lines(found: Sequence[Balance]) -> Iterator[str]:
    """One line for each day and sender, one for each message without a trace, and the sum."""
    for one in found:
        yield f"{one.day}  {one.sender}  {one.received} received = {_sum(one)}"
        for message in one.unexplained:
            yield f"    without a trace: {message}"
    received, amiss = sum(one.received for one in found), unexplained(found)
    yield f"{received} received, {amiss} unexplained."


def _sum(one: Balance) -> str:
    parts = [f"{one.fates[fate]} {fate}" for fate in FATES if one.fates[fate]]
    if one.unexplained:
        parts.append(f"{len(one.unexplained)} unexplained")
    return " + ".join(parts)
