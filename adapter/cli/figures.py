"""`ip-adapter figures`"""

import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from adapter.cli.days import From, To, span, yesterday
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import Opened, opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.figures import OTHERS, STAGES, Group, Reached
from adapter.flows.figures import KEYS, figures_of

_USUAL_DAYS = 365
_HIDDEN = "-"
_HOUR = timedelta(hours=1)
_OF_STAGE = ("of", "reached", "ended", "lost", "share_lost", "median_hours", "p90_hours")

_By = Annotated[str, typer.Option(help="municipality, hospital or both.")]
_Least = Annotated[
    int, typer.Option(min=5, help="No group, count or time is shown that tells of fewer people.")
]
_Csv = Annotated[bool, typer.Option("--csv", help="Print one line of CSV for each group.")]


def command(
    first: From = None,
    last: To = None,
    by: _By = "municipality",
    least: _Least = 5,
    database: Database = None,
    as_csv: _Csv = False,
    json: Json = False,
) -> None:
    """Show how far notifications have come, how long that took, and where they stopped.

    Of the cases notified in a time, the last year if none is named: delivered to the right unit, opened there, decided,
    coordinator appointed, plan in force. For each the median and the 90th percentile of the time since the
    notification, and how many of those that had come so far are over, or have not come further. Times are in hours.

    No person can be found in it: groups of few cases are shown together, counts of fewer than --least are left out with
    what they could be reckoned from, and no time is shown that fewer have exceeded. That holds of one table, so do not
    give away several of the same cases, cut in different ways.

    \b
    Examples:
      ip-adapter figures --by hospital
      ip-adapter figures --from 2026-01-01 --to 2026-06-30 --by both --csv > figures.csv
    \b
    Exit codes: 0 counted, 1 the days or --by make no sense, 2 the database could not be read.
    """
    if by not in KEYS:
        raise Failed(f"--by: {', '.join(KEYS)}", REFUSED)
    with opened(settings_with(database=database)) as now:
        ends = yesterday(now.parts.clock()) + timedelta(days=1)
        begins, ends = (
            span(None, first, last, ends) if first or last else (ends - timedelta(_USUAL_DAYS), ends)
        )
        total, groups = figures_of(begins, ends, KEYS[by], least, now.parts)
        names = _names(now)
    shown = [_as_object(group, names) for group in ([total] if total else []) + [*groups]]
    if json:
        tell_json({"from": begins, "to": ends, "by": by, "least": least, "groups": shown})
    elif as_csv:
        _tell_csv(shown)
    else:
        for line in lines(total, groups, names, least):
            tell(line)


def _names(now: Opened) -> dict[str, str]:
    """What municipalities and hospitals are called, by number."""
    partners = {number: one.name for number, one in now.parts.partners.by_organisation.items()}
    return {m.number: m.name for m in now.parts.directory.municipalities} | partners


def _as_object(group: Group, names: dict[str, str]) -> dict[str, Any]:
    stages = {one.stage: {name: _value(one, name) for name in _OF_STAGE} for one in group.stages}
    return {
        "key": list(group.key),
        "name": _called(group, names),
        "notified": group.notified,
        "stages": stages,
    }


def _value(one: Reached, name: str) -> int | float | None:
    if name == "share_lost":
        return None if one.share_lost is None else round(one.share_lost, 3)
    if name.endswith("_hours"):
        took: timedelta | None = getattr(one, name.removesuffix("_hours"))
        return None if took is None else round(took / _HOUR, 1)
    value: int | None = getattr(one, name)
    return value


def _called(group: Group, names: dict[str, str]) -> str:
    if not group.key:
        return "all"
    return " / ".join(names.get(part, part) for part in group.key)


def _tell_csv(shown: Sequence[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(
        ["key", "name", "notified", *(f"{stage}_{name}" for stage in STAGES for name in _OF_STAGE)]
    )
    for group in shown:
        values = [group["stages"][stage][name] for stage in STAGES for name in _OF_STAGE]
        writer.writerow(["/".join(group["key"]), group["name"], group["notified"], *values])


def lines(total: Group | None, groups: Sequence[Group], names: dict[str, str], least: int) -> Iterator[str]:
    """A line for each group, and one for each of its stages."""
    if total is None:
        yield f"Fewer than {least} notifications: nothing is shown."
        return
    for group in (total, *groups):
        together = " (groups too small to be shown apart)" if group.key == OTHERS else ""
        yield f"{_called(group, names)}{together}: {group.notified} notified"
        for one in group.stages:
            counts = f"{_count(one.reached):>6} of {_count(one.of)}"
            left = f"{_count(one.ended)} over, {_count(one.lost)} not yet"
            yield f"    {one.stage:<11}  {counts}, {left}{_time(one)}"
    yield f"{_HIDDEN}: would tell of fewer than {least}, itself or by what could be reckoned from it."


def _count(number: int | None) -> str:
    return _HIDDEN if number is None else str(number)


def _time(one: Reached) -> str:
    median = f"; median {one.median / _HOUR:.1f} h" if one.median is not None else ""
    return median + (f", 90 % within {one.p90 / _HOUR:.1f} h" if one.p90 is not None else "")
