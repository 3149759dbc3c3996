"""`ip-adapter backup`"""

from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.failed import Failed
from adapter.cli.opening import database_told, require_head
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.outside.store.backup import NotAFile, copy


def command(
    file: Annotated[Path, typer.Argument(help="The file to write. It must not be there.")],
    database: Database = None,
    json: Json = False,
) -> None:
    """Copy a SQLite database to a file while the service goes on.

    The copy is the database as it was at one moment, checked, and readable by its owner alone. To restore it, stop the
    service, put it in the place of the database, remove the files ending in -wal and -shm, and run verify. PostgreSQL
    has pg_dump and pg_basebackup; the README shows both.

    \b
    Example:
      ip-adapter backup /backup/ip-adapter-2026-11-22.db
    \b
    Exit codes: 0 copied, 2 it could not be copied.
    """
    settings = settings_with(database=database)
    require_head(settings)
    try:
        with database_told():
            size = copy(settings.database, file)
    except NotAFile:
        raise Failed("IP_ADAPTER_DATABASE: PostgreSQL is copied by pg_dump or pg_basebackup") from None
    except FileExistsError:
        raise Failed(f"{file}: is there already") from None
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or type(error).__name__}") from None
    if json:
        tell_json({"file": str(file), "bytes": size})
    else:
        tell(f"{file}: {size} bytes.")
