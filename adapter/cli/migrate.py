"""`ip-adapter migrate`"""

from adapter.cli.failed import Failed
from adapter.cli.opening import database_told, require_known_kind
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.outside.store import at_head, migrate
from adapter.ports import StoreBusy


def command(database: Database = None, json: Json = False) -> None:
    """Bring the database to the tables of this release.

    Creates the SQLite file if it is missing. Safe to repeat, and for several nodes at once: one works and the
    others wait. `serve` does this by itself on SQLite, never on PostgreSQL.

    \b
    Example:
      ip-adapter migrate --database postgresql://ip@db/ip
    \b
    Exit codes: 0 the tables are those of this release, 2 the database could not be reached.
    """
    settings = settings_with(database=database)
    require_known_kind(settings)
    with database_told():
        before = _before(settings.database)
        migrate(settings.database)
        if not at_head(settings.database):
            raise Failed("IP_ADAPTER_DATABASE: the tables are newer than this release")
    if json:
        tell_json({"from": before, "to": "this-release"})
    else:
        tell(
            "The tables were those of this release."
            if before == "this-release"
            else f"The tables went from {before} to this release."
        )


def _before(database: str) -> str:
    try:
        return "this-release" if at_head(database) else "empty-or-older"
    except StoreBusy:
        if not database.startswith("sqlite"):
            raise
        return "no-file"
