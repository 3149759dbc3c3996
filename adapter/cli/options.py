"""Options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]
Database = Annotated[
    str | None, typer.Option(help="sqlite:///file or postgresql://…  [default: IP_ADAPTER_DATABASE]")
]
Why = Annotated[str, typer.Option(help="The reason, kept in the audit. Name no person.")]
By = Annotated[str | None, typer.Option(help="Who decides.  [default: user of the operating system]")]
