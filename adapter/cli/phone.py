"""`ip-adapter phone`"""

from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import opened, operator
from adapter.cli.options import By, Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.phone import register
from adapter.wire import json as fhir
from adapter.wire.form import line_of, lines_of

_TEMPLATE = Path("forms", "need-by-telephone.yaml")
_DEEPEST = 20


def command(
    form: Annotated[Path | None, typer.Argument(help="A form in YAML or JSON, as --template has it.")] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print an empty form, and nothing else.")
    ] = False,
    by: By = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Register a need that a hospital has reported by telephone, as a person has written it down.

    The form asks for what a notification in writing says: who rang, for whom, the need, the consent, and who wrote it
    down, when. It goes the same way as any notification; the hospital that rang is sent a note of it, and the unit one
    with the need. One call is one need, however often it is entered. Of what is wrong the line is told, and no value.

    \b
    Examples:
      ip-adapter phone --template > call.yaml
      ip-adapter phone call.yaml
    \b
    Exit codes: 0 taken, 1 refused, 2 the form or the database could not be read.
    """
    if template:
        tell((settings_with().mappings / _TEMPLATE).read_text(encoding="utf-8").rstrip("\n"))
        return
    if form is None:
        raise Failed("name a form, or ask for one with --template")
    try:
        raw = form.read_bytes()
    except OSError as error:
        raise Failed(f"{form}: {error.strerror or 'cannot be read'}") from None
    who = operator(by)
    with opened(settings_with(database=database)) as now:
        answer = register(raw, who, now.parts)
    found = _said(answer.body, raw)
    if json:
        tell_json({"taken": answer.status == 200, "findings": found})
    else:
        _tell(form, found, taken=answer.status == 200)
    if answer.status != 200:
        raise typer.Exit(REFUSED)


def _said(body: bytes, raw: bytes) -> list[dict[str, Any]]:
    """What an OperationOutcome says of a form, each with its line."""
    lines = lines_of(raw)
    issues = fhir.loads(body, max_bytes=len(body), max_depth=_DEEPEST)["issue"]
    return [
        {
            "line": line_of(next(iter(issue.get("expression", ())), ""), lines),
            "severity": issue["severity"],
            "problem": issue["details"]["coding"][0]["code"],
            "text": issue["details"]["text"],
        }
        for issue in issues
        if "coding" in issue["details"]
    ]


def _tell(form: Path, found: list[dict[str, Any]], *, taken: bool) -> None:
    for one in found:
        tell(f"{form}:{one['line']}: {one['severity']}: {one['text']} ({one['problem']})")
    tell("Registered." if taken else "Nothing was registered.")
