"""`ip-adapter demo`"""

from typing import Annotated

import typer

from adapter.demo.story import run


def command(
    once: Annotated[
        bool, typer.Option("--once", help="End when the story is told; otherwise stay until Ctrl-C.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document a step.")] = False,
) -> None:
    """Play the whole story with pretend partners on an empty database.

    An adapter with its worker, a pretend hospital and a pretend municipality in one go: a need is reported,
    routed, followed and answered by a plan that comes back by consent. Synthetic people only; needs nothing but
    this program.

    \b
    Example:
      ip-adapter demo --once
    \b
    Exit codes: 0 the story went as it should, 1 it did not, 2 it could not be started.
    """
    raise typer.Exit(run(once=once, json_lines=json))
