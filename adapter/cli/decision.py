"""`ip-adapter decision`"""

from collections.abc import Iterator
from typing import Annotated

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.complaints import ComplaintStands
from adapter.flows.decision_report import DecisionReport, decision_report

_LACKS = {
    "legal-basis": "the provision it rests on is not stated",
    "one-legal-track": "it rests on provisions that are complained of by different rules",
    "known-on": "it is not stated when the party knew of it",
}
_IN_TIME = {"in-time": "in time", "late": "late", "not-known": "not known whether in time"}


def command(
    case: Annotated[str, typer.Argument(help="Id of a case.")],
    database: Database = None,
    json: Json = False,
) -> None:
    """Tell what was decided in a case, until when it may be complained of, and what complaints there are.

    The time runs from when the party knew of the decision, by the rules of the provisions that it rests on: four weeks
    in health (pbrl § 7-5), three in social services, NAV and child welfare (fvl § 29). Where either is not stated, what
    is missing is told instead of a day. Nothing of a person is printed, and nothing is changed.

    \b
    Example:
      ip-adapter decision 1f0b8f1e-51c4-5f0f-8a77-2f4a3b1c9d10
    \b
    Exit codes: 0 told, also of a case that nobody has decided, 1 there is no such case,
    2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        report = decision_report(case, now.parts)
    if json:
        tell_json(report)
        return
    for line in lines(report):
        tell(line)


def lines(report: DecisionReport) -> Iterator[str]:
    """The report as lines for a person."""
    decided, limit = report.decision, report.limit
    yield f"Case {report.case}: {report.state}"
    if decided.outcome:
        on = (
            f" on {decided.decided_on.isoformat()}" if decided.decided_on else ", on a day that is not stated"
        )
        yield f"  decided{on}: {decided.outcome}{f' ({decided.refusal})' if decided.refusal else ''}"
        if decided.bases:
            yield f"  by {', '.join(decided.bases)}"
        if limit.track and limit.last_day:
            yield f"  may be complained of until {limit.last_day.isoformat()}, to the {limit.track.body}"
            yield f"  {limit.track.because}"
        for what in limit.missing:
            yield f"  no time limit is known: {_LACKS[what]}"
    else:
        yield "  nothing is decided"
    for one in report.complaints:
        yield f"  {line(one)}"


def line(one: ComplaintStands) -> str:
    """A complaint as a line."""
    day = one.received_on.isoformat() if one.received_on else ""
    said = [f"{one.complaint} of the {one.about}, received {day}: {one.state}"]
    if one.about == "decision":
        said.append(_IN_TIME[one.in_time])
    if one.lacks_authority:
        said.append("without a written power of attorney")
    if one.opens_anew:
        said.append("the case is to be decided anew")
    return f"complaint {', '.join(said)}"
