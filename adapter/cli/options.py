"""Options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]
Database = Annotated[
    str | None, typer.Option(help="sqlite:///file or postgresql://…  [default: IP_ADAPTER_DATABASE]")
]


def _said(why: str) -> str:
    if not why.strip():
        raise typer.BadParameter("a reason is needed")
    return why


Why = Annotated[str, typer.Option(help="The reason, kept in the audit. Name no person.", callback=_said)]
By = Annotated[str | None, typer.Option(help="Who decides.  [default: user of the operating system]")]
