"""Days that a person gives on the command line: days in Norway, each whole."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from adapter.cli.failed import REFUSED, Failed
from adapter.domain.days import norwegian_day

_FORM = ["%Y-%m-%d"]

On = Annotated[datetime | None, typer.Option("--on", formats=_FORM, help="This day only.")]
From = Annotated[datetime | None, typer.Option("--from", formats=_FORM, help="From this day on.")]
To = Annotated[datetime | None, typer.Option("--to", formats=_FORM, help="To this day, the day included.")]


def yesterday(now: datetime) -> date:
    """The day before today in Norway."""
    return norwegian_day(now) - timedelta(days=1)


def span(
    on: datetime | None, first: datetime | None, last: datetime | None, usual: date
) -> tuple[date, date]:
    """The first and the last day that are meant; `usual` for both where none is named. Raises Failed."""
    if on and (first or last):
        raise Failed("--on is one day; --from and --to are several", REFUSED)
    named = on or first or last
    begins = named.date() if named else usual
    end = on or last
    ends = end.date() if end else max(usual, begins)
    if begins > ends:
        raise Failed("--from is after --to", REFUSED)
    return begins, ends
