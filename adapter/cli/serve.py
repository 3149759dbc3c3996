"""`ip-adapter serve`"""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from adapter.cli.failed import Failed
from adapter.cli.issuer import issuer_beside
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.settings import Settings


def command(
    host: Annotated[str | None, typer.Option(help="Where to listen.  [default: IP_ADAPTER_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(help="0 picks a free port.  [default: IP_ADAPTER_PORT]", min=0, max=65535)
    ] = None,
    database: Database = None,
    work: Annotated[
        bool | None, typer.Option("--work/--no-work", help="Carry what is due, too.  [default: on SQLite]")
    ] = None,
    issuer_port: Annotated[
        int | None, typer.Option(help="Port of the pretend issuer; 0 picks a free one.", min=0, max=65535)
    ] = None,
    json: Json = False,
) -> None:
    """Take messages over HTTP, and carry what is due.

    On SQLite it brings the tables up to date and carries mail in the same process. On PostgreSQL it starts only
    on the tables of this release (`ip-adapter migrate`) and leaves the mail to `ip-adapter work`. In environment
    test without IP_ADAPTER_ISSUER a pretend issuer of tokens is started beside it, which gives a token to
    anybody; the adapter checks it as it checks real ones. SIGTERM or Ctrl-C lets it finish what it has begun.
    Prints one line when it is ready; logs go to standard error as JSON.

    \b
    Examples:
      ip-adapter serve
      IP_ADAPTER_ENVIRONMENT=production IP_ADAPTER_ISSUER=https://helseid.no ip-adapter serve --host 0.0.0.0
    \b
    Exit codes: 0 stopped as asked, 2 it could not begin, or a fault ended it.
    """
    signal.signal(signal.SIGTERM, _leave)
    settings = settings_with(host=host, port=port, database=database)
    with (
        _listening(settings) as listener,
        issuer_beside(settings, issuer_port) as issuer,
    ):
        # Here and not above: most of a start is reading programs, which goes on while the issuer starts.
        from adapter.cli.serving import serve  # noqa: PLC0415

        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        serve(settings, listener, issuer, work=_works(settings, work), json=json)


def _works(settings: Settings, asked: bool | None) -> bool:
    return settings.database.startswith("sqlite") if asked is None else asked


def _leave(_: int, __: FrameType | None) -> None:
    """Before anything is served: unwind, so that what was started is ended."""
    sys.exit(0)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            raise Failed(f"IP_ADAPTER_HOST, IP_ADAPTER_PORT: {place}: {error.strerror}") from None
        yield listener
