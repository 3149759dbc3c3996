"""`ip-adapter access`"""

from typing import Annotated

import typer

from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import opened, operator, tables_told
from adapter.cli.options import By, Database, Json, Why
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.access_report import access_report
from adapter.mapping.access_words import load


def command(
    case: Annotated[str, typer.Argument(help="Id of a case.")],
    why: Why,
    by: By = None,
    language: Annotated[str, typer.Option(help="nb or nn: of the lines for the person.")] = "nb",
    database: Database = None,
    json: Json = False,
) -> None:
    """Tell who has read or got what of a case, when, and on which basis: for the person whose it is.

    A person has the right to know who has had access to its health data, and who has received it (pjl § 18). Each
    reading is a line, and each letter that came or may have come: to whom, of what kind, and whether consent let it or
    none was needed. What was read or written is not printed; with --json the ids of the consents are. Asking is an
    access itself and is recorded with its reason.

    \b
    Examples:
      ip-adapter access 11111111-1111-4111-8111-000000000005 --why "Asked by the person"
      ip-adapter access 11111111-1111-4111-8111-000000000005 --why "Asked by the person" --language nn
    \b
    Exit codes: 0 told, 1 there is no such case, 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        with tables_told():
            words = load(now.settings.mappings)
        if language not in words:
            raise Failed(f"--language: {', '.join(words)}", REFUSED)
        report = access_report(case, operator(by), why, now.parts)
    if json:
        tell_json({"case": case, "access": report})
        return
    for line in words[language].lines(report):
        tell(line)
