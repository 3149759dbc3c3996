"""`ip-adapter case`"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
import yaml

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import database_told, tables_told
from adapter.cli.options import Json
from adapter.cli.telling import tell, tell_json
from adapter.replay import Played, StepCame, play


def command(
    folder: Annotated[Path, typer.Argument(help="A folder with case.yaml, such as those in fixtures/.")],
    json: Json = False,
) -> None:
    """Play a case folder and hold the outcome against its goldens.

    Runs on a database of its own that is thrown away, with pretend partners and a clock that stands; what comes
    of each step is told, and every golden file that differs is named.

    \b
    Example:
      ip-adapter case fixtures/notify/xml-need-is-routed
    \b
    Exit codes: 0 all goldens hold, 1 something differs, 2 the folder could not be read.
    """
    try:
        with tables_told(), database_told():
            played = play(folder)
    except yaml.YAMLError:
        raise Failed(f"{folder / 'case.yaml'}: not YAML") from None
    if json:
        tell_json(_as_object(played))
    else:
        for line in _lines(played):
            tell(line)
    if not played.holds:
        raise typer.Exit(REFUSED)


def _as_object(played: Played) -> dict[str, object]:
    steps = [
        {"step": _name(s), "status": _status(s), "sent": _sent(s), "amiss": list(s.amiss)}
        for s in played.steps
    ]
    return {"shows": played.case.shows, "holds": played.holds, "steps": steps, "differs": played.differs}


def _lines(played: Played) -> Iterator[str]:
    yield played.case.shows
    for number, step in enumerate(played.steps, 1):
        status = f", answered {_status(step)}" if _status(step) else ""
        sent = f", sent to {', '.join(_sent(step))}" if _sent(step) else ""
        yield f"{number}. {_name(step)}{status}{sent}"
        for amiss in step.amiss:
            yield f"   differs: {amiss}"
    for name in played.differs:
        yield f"golden differs: {name}"
    yield "All goldens hold." if played.holds else "It does not hold."


def _name(step: StepCame) -> str:
    return next((name for name, given in step.step.model_dump().items() if given is not None), "step")


def _status(step: StepCame) -> int | None:
    return step.came.answer.status if step.came.answer else None


def _sent(step: StepCame) -> list[str]:
    return [sent.recipient for sent in step.came.sent]
