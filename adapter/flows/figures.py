"""How far the notifications of a time have come, from the histories of their cases and the receipts of their letters.

Counted are cases that the adapter still has. What was sent on to another unit counts from there: a stage that a unit
came to which was not the right one is none. Times run from when the notification came here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from adapter.domain.case import OVER, Step, Version
from adapter.domain.days import begins
from adapter.domain.exchange import conclude
from adapter.domain.figures import Course, Group, Key, Stage, figures
from adapter.domain.record import Counted, Handed
from adapter.flows.clock_facts import owes_coordinator
from adapter.flows.decisions_made import decisions_made, standing
from adapter.flows.followed import COMES
from adapter.flows.parts import Parts
from adapter.flows.resources import id_of

NOT_ROUTED: Final = "-"
KEYS: Mapping[str, Callable[[Course], Key]] = {
    "municipality": lambda course: (course.municipality,),
    "hospital": lambda course: (course.hospital,),
    "both": lambda course: (course.municipality, course.hospital),
}
_PAGE = 500
_EVENTS: Mapping[Stage, tuple[str, frozenset[str]]] = {
    "opened": (
        "case",
        frozenset(
            {
                "open",
                "accept",
                "ask",
                "interim",
                "decide",
                "refuse",
                "conclude",
                "offer",
                "appoint",
                "hand-over",
            }
        ),
    ),
    "decided": ("case", frozenset({"decide", "refuse", "conclude"})),
    "coordinator": ("case", frozenset({"appoint"})),
    "plan": ("plan", frozenset({"activate"})),
}
"""By which events of which life cycle a case comes to a stage: by the first of them. Who takes a case over has it
before it and has opened it."""


def figures_of(
    first: date, last: date, by: Callable[[Course], Key], least: int, parts: Parts
) -> tuple[Group | None, Sequence[Group]]:
    """Of what was notified from the first day to the last, in Norway. Reads only. Raises StoreBusy."""
    since, before = begins(first), begins(last + timedelta(days=1))
    return figures([*_courses(since, before, parts)], by, least)


def _courses(since: datetime, before: datetime, parts: Parts) -> Iterator[Course]:
    municipalities = {unit.her_id: unit.municipality for unit in parts.directory.units}
    reckoning = parts.store.reckoning()
    after: Counted | None = None
    while page := reckoning.counted(since, before, after, _PAGE):
        for one in page:
            yield course(one, municipalities, parts)
        after = page[-1]


def course(one: Counted, municipalities: Mapping[str, str], parts: Parts) -> Course:
    """`municipalities`: the number of each unit's, by its HER-id; of a unit that is not there, its organisation."""
    case = one.case
    since = _since_it_came(one.steps)
    return Course(
        hospital=case.requester,
        municipality=municipalities.get(case.unit or "", case.owner or NOT_ROUTED),
        notified=case.opened_at,
        at=_reached(since, one.needs, parts) if since else {},
        ended=case.state in OVER,
        plan_wanted=one.has_plan,
        coordinator_wanted=owes_coordinator(standing(decisions_made(_tasks(one), parts))),
    )


def _tasks(one: Counted) -> Sequence[Version]:
    """The versions of the Task of the case, not those of what else is asked of somebody in it."""
    return [version for version in one.tasks if version.id == id_of(one.case.id, "task")]


def _since_it_came(steps: Sequence[Step]) -> Sequence[Step]:
    """From when it came to the unit that has it: sent there, or taken over; nothing where it never was."""
    came = [place for place, step in enumerate(steps) if step.lifecycle == "case" and step.event in COMES]
    return steps[came[-1] :] if came else ()


def _reached(steps: Sequence[Step], needs: Sequence[Handed], parts: Parts) -> dict[Stage, datetime]:
    at: dict[Stage, datetime] = {}
    confirmed = [moment for one in needs if (moment := _confirmed(one, steps[0].at, parts))]
    if steps[0].event == "hand-over":
        at["delivered"] = steps[0].at
    elif confirmed:
        at["delivered"] = min(confirmed)
    for stage, (lifecycle, events) in _EVENTS.items():
        found = [step.at for step in steps if step.lifecycle == lifecycle and step.event in events]
        if found:
            at[stage] = min(found)
    return at


def _confirmed(one: Handed, routed_at: datetime, parts: Parts) -> datetime | None:
    """When a letter of the need, sent since, was first confirmed."""
    if one.decided_at < routed_at:
        return None
    expected = parts.partners.by_organisation.get(one.recipient)
    receipts = expected is None or expected.receipts
    said = (
        at
        for at, receipt in one.said
        if conclude(parts.tables.answers, receipt, receipts=receipts).conclusion == "accepted"
    )
    return min(said, default=None)
