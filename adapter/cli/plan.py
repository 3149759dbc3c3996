"""`ip-adapter plan`"""

from collections.abc import Iterator
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.plan_report import PlanReport, plan_report


def command(
    case: Annotated[str, typer.Argument(help="Id of a case.")],
    database: Database = None,
    json: Json = False,
) -> None:
    """List what the plan of a case lacks, by the letters of the regulation on individual plans § 9.

    A draft may lack anything; a plan in force is whole. Also which versions are or were in force, when it is revised
    next, and how many of its measures are wished, applied for, granted or refused. Places only, nothing of what the
    plan says; nothing is changed.

    \b
    Example:
      ip-adapter plan 1f0b8f1e-51c4-5f0f-8a77-2f4a3b1c9d10
    \b
    Exit codes: 0 told, also of a plan that lacks something, 1 there is no such case or no plan in it,
    2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        report = plan_report(case, now.parts)
    if json:
        tell_json(report)
        return
    for line in lines(report):
        tell(line)


def lines(report: PlanReport) -> Iterator[str]:
    """The report as lines for a person."""
    passed = [said for said, so in (("revision overdue", report.overdue), ("period over", report.over)) if so]
    yield ", ".join([f"Plan {report.version}: {report.status}", *passed])
    for gap in report.missing:
        yield f"  lacks {gap.part}: {gap.fact} ({gap.place})"
    for finding in report.findings:
        yield f"  {finding.problem} ({finding.where})"
    if not report.missing and not report.findings:
        yield "  complete: a to j are there"
    if report.legal_statuses:
        said = ", ".join(f"{number} {name}" for name, number in report.legal_statuses.items())
        yield f"  measures by legal status: {said}"
    if report.revision:
        yield f"  next revision {report.revision.isoformat()}{', which has passed' if report.overdue else ''}"
    for version in report.in_force:
        until = f" until {version.until.isoformat()}" if version.until else ""
        yield f"  in force since {version.since.isoformat()}{until}: {version.version}"
    for other in report.others:
        yield f"  another plan of the person stands in case {other}"
