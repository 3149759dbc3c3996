"""Plays the steps of a case against real flows and a real database, with a clock that stands still between them."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapter.domain.case import Resource, Version
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Refused
from adapter.flows import consent, follow, operate, phone, plan, receipt, team
from adapter.flows.accept import accept
from adapter.flows.access_report import access_report
from adapter.flows.clock_round import keep_clocks
from adapter.flows.closing import close
from adapter.flows.deliver import deliver_round
from adapter.flows.lapse_news import look_at_all
from adapter.flows.overview import service_overview
from adapter.flows.parts import Parts
from adapter.flows.purge import purge
from adapter.flows.purge_there import told_purged
from adapter.flows.read import read_resource
from adapter.flows.renumber import renumber
from adapter.flows.resources import id_of
from adapter.replay import register
from adapter.replay.case_file import CaseStep, Cast, Operate, Put, Read, Receive
from adapter.replay.script import Script, Sent
from adapter.wire import json

STEP = timedelta(minutes=1)
_CLOCKS = 100
"""Cases in one look at the clocks."""
_OPERATOR = "operator"
_MOVES = {"requeue": operate.requeue, "skip": operate.skip}
_PUTS: dict[str, Callable[[Caller, str, str | None, bytes, Parts], Answer]] = {
    "Task": follow.put_task,
    "CarePlan": plan.put_care_plan,
    "CareTeam": team.put_care_team,
    "Consent": consent.put_consent,
}


@dataclass(slots=True)
class Clock:
    """A clock that moves when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one step: the answer, or why a person's command was refused, and what left the house after it."""

    answer: Answer | None
    sent: tuple[Sent, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class Stage:
    """One case being played. `cases` are the ids met so far, in order."""

    folder: Path
    cast: Cast
    parts: Parts
    clock: Clock
    script: Script
    cases: list[str] = field(default_factory=list)

    def play(self, step: CaseStep) -> Came:
        """One step, then everything that is due."""
        self.act_first(step)
        came = self.act(step)
        self.deliver()
        return replace(came, sent=self.collect())

    def act_first(self, step: CaseStep) -> None:
        """What moves the world but not the adapter: the clock, and what partners will say. A deadline that turns on the
        way is seen to at its own time."""
        self._pass_to(self.clock.now + (step.wait or STEP), looks=not _acts(step))
        if step.partner:
            self.script.direct(step.partner)
        if step.address_register:
            register.answers(step.address_register, self.parts)

    def _pass_to(self, at: datetime, *, looks: bool) -> None:
        while (due := self.parts.store.next_look()) and due < at:
            self._set_clock(max(due, self.clock.now))
            if looks:  # a deadline turns as a day begins, and so does what lapses
                look_at_all(self.parts)
            self.deliver()
        self._set_clock(at)

    def _set_clock(self, at: datetime) -> None:
        self.clock.now = self.script.now = at

    def act(self, step: CaseStep) -> Came:
        """What the adapter itself does at the step; nothing is sent yet."""
        answer: Answer | None = None
        refused: tuple[str, ...] = ()
        if step.receive:
            answer = self._receive(step.receive)
        elif step.receipt:
            raw = (self.folder / step.receipt.file).read_bytes()
            answer = receipt.take(raw, self._caller(step.receipt.by), self.parts)
        elif step.put:
            answer = self._put(step.put)
        elif step.read:
            answer = self._read(step.read)
        elif step.operate and step.operate.do == "access":
            answer = self._access(step.operate)
        elif step.operate:
            refused = self._operate(step.operate)
        elif step.wait:
            look_at_all(self.parts)
        self._meet()
        return Came(answer, refused=refused)

    def deliver(self) -> None:
        """All clocks that are due, then all rounds of all postmen, until nothing is due now."""
        store = self.parts.store
        while keep_clocks(self.parts, _CLOCKS) or store.due_recipients(self.clock()):
            self._carry()

    def _carry(self) -> None:
        store = self.parts.store
        while due := store.due_recipients(self.clock()):
            for recipient in due:
                asyncio.run(deliver_round(recipient, self.script, self.parts))

    def collect(self) -> tuple[Sent, ...]:
        sent, self.script.sent = tuple(self.script.sent), []
        return sent

    def _receive(self, receive: Receive) -> Answer:
        raw = (self.folder / receive.file).read_bytes()
        if receive.via == "hand":
            return phone.register(raw, _OPERATOR, self.parts)
        return accept(receive.via, raw, self._caller(receive.by), self.parts)

    def _put(self, put: Put) -> Answer:
        type_, id_, current = self._current(put.resource)
        if put.file:
            raw = (self.folder / put.file).read_bytes()
        else:
            before: Resource = current.body if current else {"resourceType": type_, "id": id_}
            whole = _merged(copy.deepcopy(before), copy.deepcopy(self.cast.plan)) if put.whole else before
            changed = _merged(copy.deepcopy(whole), put.change or {})
            raw = json.dumps(
                {**changed, **{n: [*changed.get(n, ()), *more] for n, more in put.append.items()}}
            )
        if put.if_match is None:
            if_match = f'W/"{current.number}"' if current else None
        else:
            if_match = None if put.if_match == "none" else put.if_match
        return _PUTS[type_](self._caller(put.by, put.purpose), id_, if_match, raw, self.parts)

    def _read(self, read: Read) -> Answer:
        type_, id_, _ = self._current(read.resource)
        if read.view == "service-overview":
            return service_overview(self._caller(read.by, read.purpose), id_, self.parts)
        return read_resource(self._caller(read.by, read.purpose), type_, id_, read.version, self.parts)

    def _access(self, given: Operate) -> Answer:
        """Who has read or got what of the case, as a person here is told."""
        id_ = self.cases[given.case - 1 if given.case else -1]
        report = access_report(id_, _OPERATOR, given.why, self.parts)
        told = [{**asdict(one), "at": one.at.isoformat()} for one in report]
        return Answer(200, "application/json", json.dumps({"access": told}))

    def _operate(self, given: Operate) -> tuple[str, ...]:
        """The problems for which the command was refused, if it was."""
        id_ = self.cases[given.case - 1 if given.case else -1]
        try:
            if given.do == "release":
                operate.release(id_, given.unit, _OPERATOR, given.why, self.parts)
            elif given.do == "dismiss":
                operate.dismiss(id_, _OPERATOR, given.why, self.parts)
            elif given.do == "purged":
                told_purged(id_, "", _OPERATOR, given.why, self.parts)
            elif given.do == "purge":
                purge(id_, _OPERATOR, given.why, self.parts)
            elif given.do == "close":
                close(id_, given.because, _OPERATOR, given.why, self.parts)
            elif given.do == "renumber":
                renumber(id_, given.number, _OPERATOR, given.why, self.parts, same_person=given.same_person)
            elif given.do == "seen":
                operate.seen(id_, _OPERATOR, given.why, self.parts, given.reason)
            else:
                deliveries = self.parts.store.deliveries_of(id_)
                delivery = deliveries[(given.delivery or 1) - 1].id
                _MOVES[given.do](delivery, _OPERATOR, given.why, self.parts)
        except Refused as refused:
            return tuple(finding.problem for finding in refused.findings)
        return ()

    def _current(self, resource: str) -> tuple[str, str, Version | None]:
        """A resource of the last case by type, or by type and id; None where there is none yet."""
        type_, _, id_ = resource.partition("/")
        with self.parts.store.transaction() as tx:
            if id_:
                return type_, id_, tx.current(type_, id_)
            found = [v for v in tx.of_case(self.cases[-1]) if v.type == type_]
            own = id_of(self.cases[-1], "task")  # beside it there may be others, as of a complaint
            version = next((v for v in found if v.id == own), found[0])
            return type_, version.id, version

    def _caller(self, name: str, purpose: str | None = None) -> Caller:
        return Caller(self.cast.organisations[name], frozenset(), frozenset({purpose} if purpose else ()))

    def _meet(self) -> None:
        self.cases += [id_ for id_ in self.parts.store.case_ids() if id_ not in self.cases]


def _acts(step: CaseStep) -> bool:
    """Whether it is more than waiting."""
    return any((step.receive, step.receipt, step.put, step.read, step.operate))


def _merged(target: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
