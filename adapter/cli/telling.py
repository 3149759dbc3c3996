"""What commands print: lines for people (colours on a terminal only) or one JSON document for programs."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import typer


def tell(line: str = "", style: str = "") -> None:
    """One line on standard output, never wrapped and never read as markup."""
    if not style:
        typer.echo(line)
        return
    # 0.1 s and 8 MB, which what prints no colour does without.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    Console(soft_wrap=True, highlight=False).print(Text(line, style=style))


def tell_json(said: Any) -> None:
    """One JSON document on one line; dataclasses are objects, moments are ISO 8601 in UTC."""
    typer.echo(json.dumps(said, default=_plain, ensure_ascii=False))


def complain(line: str) -> None:
    """One line on standard error."""
    typer.echo(f"ip-adapter: {line}", err=True)


def age(since: datetime, now: datetime) -> str:
    """How long ago in its two largest units, such as `3 d 4 h`."""
    minutes = max(0, int((now - since) / timedelta(minutes=1)))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
