"""`ip-adapter tidy`"""

from collections import Counter
from typing import Annotated

import typer

from adapter.cli.keeping import keeping, rules
from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.tidy import ORDER, tidy
from adapter.outside.store.backup import shrink


def command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Messages or cases in one transaction.")
    ] = 200,
    compact: Annotated[
        bool, typer.Option("--compact", help="SQLite: rebuild the file, which holds up writers meanwhile.")
    ] = False,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Remove what is kept no longer, by mappings/retention.yaml.

    Small transactions that wait for nobody: run it at any time, beside the service, any number at once, and again
    after it was cut off. Each transaction is audited by counts. A whole case goes only if `archive` has written it as
    it stands. On SQLite the freed pages go back to the file system.

    \b
    Examples:
      ip-adapter tidy --dry-run
      ip-adapter tidy
    \b
    Exit codes: 0 what was due is gone, 2 the database could not be used (what was told is done, the rest still due).
    """
    settings = settings_with(database=database)
    items: Counter[str] = Counter(dict.fromkeys(ORDER, 0))
    rows: Counter[str] = Counter(dict.fromkeys(ORDER, 0))
    freed: int | None = None
    with opened(settings) as now, keeping(now) as store:
        clock = now.parts.clock
        for done in tidy(store, rules(now), clock, operator(by), limit=limit, dry_run=dry_run):
            items[done.name] += done.items
            rows[done.name] += done.rows
        if not dry_run:
            freed = shrink(settings.database, whole=compact)
    if json:
        tell_json({"dry_run": dry_run, "items": items, "rows": rows, "freed_bytes": freed})
    else:
        _tell(items, rows, freed, dry_run=dry_run)


def _tell(items: Counter[str], rows: Counter[str], freed: int | None, *, dry_run: bool) -> None:
    for name in ORDER:
        tell(f"{name:<11} {items[name]:>9} due" + ("" if dry_run else f"  {rows[name]:>9} rows removed"))
    if freed:
        tell(f"The file is {freed} bytes smaller.")
