"""The table of commands. A command's file is imported when it is called, so that `--help` answers at once."""

import gc
import importlib
import sys
import traceback
from types import TracebackType
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from adapter.cli.failed import Failed
from adapter.cli.telling import complain

COMMANDS = {
    "serve": "Take messages over HTTP, and carry what is due.",
    "work": "Carry what is due to partners, and nothing else.",
    "send": "Send one message file to an adapter and tell the answer in words.",
    "phone": "Register a need that a hospital has reported by telephone, as a person has written it down.",
    "demo": "Play the whole story with pretend partners on an empty database.",
    "case": "Play a case folder and hold the outcome against its goldens.",
    "explain": "Tell why a case stands as it does, without naming a value.",
    "follow": "Tell how far a case has come, who owes what since when, and each of its clocks.",
    "plan": "List what the plan of a case lacks, by the letters of the regulation on individual plans § 9.",
    "decision": "Tell what was decided in a case, until when it may be complained of, and what complaints there are.",
    "complaints": "List the complaints of all cases that somebody has to see to.",
    "parked": "List what waits for a person, oldest first.",
    "requeue": "Send a parked delivery again, or let a waiting case go on.",
    "skip": "Leave a delivery out, so that the next one goes on, or leave a waiting case out.",
    "lapsing": "List consents that lapse or run out soon, and those that have and were not given anew.",
    "seen": "Take a case that goes on off the lists, when what was said about it is seen to.",
    "purge": "Remove a case that was about the wrong person, and tell everybody who got anything of it.",
    "purged": "Record that a unit has told that what came to it wrongly is purged there.",
    "close": "Close the cases of a person who has died, or one about a child that is not born.",
    "renumber": "Put the cases of a person under the identity number that the person has got since.",
    "overview": "Show who from the services takes part in a case, and what each answers for.",
    "plans": "List plans that need somebody: overdue for revision, past their period, or no longer whole.",
    "teams": "List care teams that somebody here must see to.",
    "access": "Tell who has read or got what of a case, when, and on which basis: for the person whose it is.",
    "waiting": "Show everything that stands still: how many, how old the oldest, and whether that is an alarm.",
    "deadlines": "List every clock that runs, of all cases: what is waited for, until when, and by whom.",
    "reconcile": "State that everything received led to something, by day and sender, and name what did not.",
    "figures": "Show how far notifications have come, how long that took, and where they stopped.",
    "register": "Ask the address register for an address, or for all of ours; or list what it last said.",
    "check": "Check settings, tables, routes and database.",
    "directory": "Check the table of coordinating units, write it out, or take in one as it shall be from a day on.",
    "route": "Tell to which coordinating unit a need goes or would have gone on a day, or why a person must choose.",
    "find": "Find cases by state, organisation, time or person.",
    "migrate": "Bring the database to the tables of this release.",
    "verify": "Check everything that must hold of a live database, without stopping it.",
    "archive": "Write cases to files that last without this program, one each.",
    "tidy": "Remove what is kept no longer, by mappings/retention.yaml.",
    "backup": "Copy a SQLite database to a file while the service goes on.",
}
"""Each command and the first sentence of its help, in the order in which they are listed."""

_HELP = """Connects hospitals and municipalities around individuell plan: the need arrives, is routed and
followed, and the plan comes back.

Settings are environment variables, IP_ADAPTER_DATABASE and the like; `ip-adapter check` shows whether they hold.

Try it:  ip-adapter demo

Exit codes of every command: 0 done, 1 refused or does not hold, 2 could not be tried.
A fault of the program itself also ends with 1, and says so."""


class Commands(TyperGroup):
    """Lists commands without loading them; says what went wrong on one line."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the list needs to know of a command."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, ready to be called."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name and known else known, rest

    def invoke(self, ctx: Any) -> Any:
        """Raises typer.Exit with the code of what failed."""
        try:
            return super().invoke(ctx)
        except Failed as failed:
            complain(str(failed))
            raise typer.Exit(failed.code) from None


def loaded(name: str) -> Any:
    """A command with its options."""
    module = importlib.import_module(f"adapter.cli.{'case_' if name == 'case' else name}")
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name)(module.command)
    return get_command(single)


app = Commands(name="ip-adapter", help=_HELP, no_args_is_help=True, rich_markup_mode=None)


def main() -> NoReturn:
    """Run the command line of this process."""
    sys.excepthook = _unforeseen
    # Modules and tables are no garbage: looking for it at every 700 objects takes a tenth of a start.
    gc.set_threshold(50_000, 20, 20)
    app()
    sys.exit(0)


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours, by its type and place: its text might quote what it was given."""
    last = traceback.extract_tb(trace)[-1:]
    where = f" at {last[0].filename}:{last[0].lineno}" if last else ""
    complain(f"a fault of the program: {kind.__name__}{where}")
