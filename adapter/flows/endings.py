"""Each resource of a case as it stands when a person has closed it: the plan, its consents, its team, the need."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from adapter.domain.case import Case, Resource, Step, Version
from adapter.domain.closing import Closing
from adapter.domain.days import first_moment, norwegian_day
from adapter.domain.participation import TAKING_PART, Participant
from adapter.domain.steps import rule_of
from adapter.flows.closing_reason import closing_reason
from adapter.flows.hand_over_asked import WITHDRAWN, waiting, without_answer
from adapter.flows.members import members
from adapter.flows.parts import Parts
from adapter.flows.resources import business_status, id_of, instant
from adapter.flows.task_kind import HAND_OVER

Ended = tuple[Resource, Sequence[Step]]
"""A resource as it stands from now on, and the steps that led there."""
_OPEN_CONSENTS = ("active", "proposed")
_THERE = TAKING_PART | {"paused", "suspended"}
_NOT_YET = frozenset({"proposed", "consented", "invited"})
_SHOWN = {"end": "ended", "remove": "removed"}
"""States of a participation after what happens to it."""


class Endings:
    """What ends in one case, by whom and when, and the steps of its history."""

    def __init__(self, case: Case, actor: str, at: datetime, source: str, parts: Parts) -> None:
        self._case, self._actor, self._at, self._source, self._parts = case, actor, at, source, parts

    def step(self, cycle: str, event: str, before: str, after: str) -> Step:
        return Step(self._case.id, cycle, event, before, after, self._at, self._actor, self._source)

    def of_case(self, versions: Sequence[Version], closing: Closing) -> Iterator[Ended]:
        """Each resource that is another from now on."""
        for task, _ in waiting(versions, self._parts):
            yield without_answer(task), [self.step(HAND_OVER, *WITHDRAWN)]
        for version in versions:
            body = version.body
            if version.type == "CarePlan":
                yield from self._plan(body, closing)
            elif version.type == "Consent" and body["status"] in _OPEN_CONSENTS:
                yield (
                    {**body, "status": "inactive"},
                    [self.step("consent", "lapse", body["status"], "inactive")],
                )
            elif version.type == "CareTeam":
                yield self._team(body, versions)
            elif version.type == "Patient" and closing.closes == "person":
                yield {**body, "deceasedBoolean": True}, ()
            elif version.id == id_of(self._case.id, "need"):
                yield {**body, "status": "revoked"}, ()
            elif version.id == id_of(self._case.id, "task"):
                yield self._task(body), ()

    def _task(self, task: Resource) -> Resource:
        rule = rule_of(self._parts.tables.steps, "case", "close")
        left = {name: value for name, value in task.items() if name != "statusReason"}
        return left | {"status": rule.status, "businessStatus": business_status(rule, self._parts)}

    def _plan(self, plan: Resource, closing: Closing) -> Iterator[Ended]:
        """Completed if it has been in force, revoked if it never was (R-078); the reason is on record, and sent to
        nobody."""
        before = plan["status"]
        event = "revoke" if before == "draft" else "complete"
        after = self._parts.tables.lifecycles["plan"].after(before, event)
        if after in (None, before):
            return
        reason = closing_reason(closing.plan_reason, self._parts.base)
        period = plan.get("period", {})
        begins = first_moment(period.get("start"))
        if begins is None or begins <= self._at:
            period = {**period, "end": norwegian_day(self._at).isoformat()}
        told = {"status": after, "period": period, "extension": [*plan.get("extension", ()), reason]}
        yield (
            {name: v for name, v in {**plan, **told}.items() if v},
            [self.step("plan", event, before, after)],
        )

    def _team(self, team: Resource, versions: Sequence[Version]) -> Ended:
        """Nobody takes part from now on; who has, did so until now (pasientjournalforskriften § 13)."""
        rows = members(team, versions, self._parts, in_full=True)
        said = list(zip(team.get("participant", ()), rows, strict=True))
        shown = {**team, "status": "inactive", "participant": [self._left(raw, row) for raw, row in said]}
        steps = [step for _, row in said for step in self._leaves(row)]
        return {name: value for name, value in shown.items() if value}, steps

    def _leaves(self, row: Participant) -> Iterator[Step]:
        event = self._event(row)
        if event and row.stated:
            after = self._parts.tables.lifecycles["participation"].after(row.state(self._at), event)
            yield self.step("participation", event, row.state(self._at), after or "")

    def _event(self, row: Participant) -> str:
        """What happens to one row: who takes part ends, who was only asked is taken out."""
        state = row.state(self._at)
        if state in _THERE:
            return "end" if row.start is None or row.start <= self._at else ""
        return "remove" if state in _NOT_YET else ""

    def _left(self, raw: Resource, row: Participant) -> Resource:
        event = self._event(row)
        url = f"{self._parts.base}/StructureDefinition/participation-status"
        state = _SHOWN.get(event, "")
        extensions = [
            {**e, "valueCode": state} if state and e.get("url") == url else e
            for e in raw.get("extension", ())
        ]
        period = raw.get("period", {}) | ({"end": instant(self._at)} if event == "end" else {})
        told = {"extension": extensions, "period": period}
        return {name: value for name, value in {**raw, **told}.items() if value}
