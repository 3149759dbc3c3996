"""What the commands of housekeeping work on, and how far they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from adapter.cli.opening import Opened, tables_told
from adapter.domain.retention import Retention
from adapter.mapping import retention
from adapter.outside.store.keeping import Housekeeping, open_keeping


@contextmanager
def keeping(now: Opened) -> Iterator[Housekeeping]:
    """The database, on connections of its own."""
    opened = open_keeping(now.settings.database)
    try:
        yield opened
    finally:
        opened.close()


def rules(now: Opened) -> Retention:
    """mappings/retention.yaml. Raises Failed."""
    with tables_told():
        return retention.load(now.settings.mappings, now.parts.tables.lifecycles)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, on a terminal only; told how much is done, of how much."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
