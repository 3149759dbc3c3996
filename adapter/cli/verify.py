"""`ip-adapter verify`"""

from typing import Annotated

import typer

from adapter.cli.failed import REFUSED
from adapter.cli.keeping import bar, keeping, rules
from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.verify import verify


def command(
    sample: Annotated[
        int | None, typer.Option(min=1, help="Look at so many cases only, others each day.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Check everything that must hold of a live database, without stopping it.

    It sees the database as it was at one moment; nothing is locked and nothing is changed. Each violation is a line:
    the invariant, and the id of the row. Nothing of a person is printed.

    \b
    Examples:
      ip-adapter verify
      ip-adapter verify --sample 1000 --json
    \b
    Exit codes: 0 everything holds, 1 something does not, 2 the database could not be read.
    """
    checked = 0
    with opened(settings_with(database=database)) as now, keeping(now) as store, bar("verify") as progress:

        def looked(done: int, total: int) -> None:
            nonlocal checked
            checked = done
            progress(done, total)

        kept = rules(now).rules["audit"].keep
        since = kept.before(now.parts.clock()) if kept else None
        violations = [*verify(store, now.parts, sample, looked, since)]
    if json:
        tell_json({"cases": checked, "violations": violations})
    else:
        for violation in violations:
            tell(f"{violation.invariant}: {violation.of}", "bold red")
        tell(f"{checked} cases, {len(violations)} violations.")
    if violations:
        raise typer.Exit(REFUSED)
