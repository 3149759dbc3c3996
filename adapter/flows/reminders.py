"""What is done when a deadline turns: people are told which clock it is, since when and until when; nothing else.

Nobody but who is reminded reads a reminder: another clock may be none of its business (a complaint, a birthday).
Consent decides when it is sent, as of all that goes out. Nothing of the case changes by it (R-093).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from adapter.domain.case import Case, Version, Waiting
from adapter.domain.days import norwegian_day
from adapter.domain.deadline import Deadline, Rule, Stage
from adapter.domain.identifiers import derived
from adapter.domain.partners import Partner
from adapter.flows.clock_facts import OF_CLOCKS
from adapter.flows.contacts import codes
from adapter.flows.outbox import has_received, outgoing
from adapter.flows.participants import has_returned
from adapter.flows.parts import Parts
from adapter.flows.purge_asked import purger
from adapter.flows.resources import id_of, instant, keep_changed, require_valid
from adapter.mapping.engine import Fact
from adapter.mapping.writing import write
from adapter.ports import Transaction

_KIND: Final = "reminder"
_TO_OWNER: Final = "reminder-to-owner"
"""The category of what reminds the unit whose the case is: it reads its own case without being let."""
_INVITED: Final = "invited"
_TO_INVITED: Final = "reminder-to-invited"
"""The category of what reminds who is asked to take part, and has nothing of the case yet but that."""


def remind(tx: Transaction, case: Case, deadline: Deadline, stage: Stage, at: datetime, parts: Parts) -> None:
    """Tell those whom the rule names, at each stage once. `at` is when it came to that stage, which after an outage was
    long ago; that it has stopped is told to nobody."""
    rule = parts.tables.deadlines.of(deadline.rule)
    if stage == "stopped":
        return
    for partner in _reminded(tx, case, deadline, rule, stage, parts):
        _send(tx, case, deadline, rule, stage, at, partner, parts)
    if rule.operator and stage == "overdue":
        tx.wait_for_person(Waiting(case.id, OF_CLOCKS, rule.operator, parts.clock()))


def off_the_list(
    tx: Transaction, case: Case, before: Iterable[Deadline], now: Collection[Deadline], parts: Parts
) -> None:
    """Take off the list of a person here what was overdue before a look, where by what is kept after it no clock of
    that list is."""
    listed = {problem: d for d in before if d.state == "overdue" and (problem := _operator(d, parts))}
    still = {_operator(d, parts) for d in now if d.state == "overdue"}
    by = {d.key: d.by for d in now}
    for problem, deadline in listed.items():
        if problem not in still:
            tx.resolve(case.id, parts.clock(), by.get(deadline.key) or "adapter", (problem,))


def _operator(deadline: Deadline, parts: Parts) -> str:
    return parts.tables.deadlines.of(deadline.rule).operator


def _reminded(
    tx: Transaction, case: Case, deadline: Deadline, rule: Rule, stage: Stage, parts: Parts
) -> Iterator[Partner]:
    """Those of the rule who can be reached: each once."""
    roles = rule.remind + (rule.also if stage == "overdue" else ())
    numbers = (_number(tx, case, deadline, role) for role in roles)
    for number in dict.fromkeys(number for number in numbers if number):
        partner = parts.partners.by_organisation.get(number)
        if partner and partner.reachable and _may_know(case, rule, partner):
            yield partner


def _may_know(case: Case, rule: Rule, partner: Partner) -> bool:
    """A letter in XML names the person: who is but invited, and reads so here in FHIR, learns no more by a reminder."""
    return partner.channel == "fhir" or not _is_invited(case, rule, partner)


def _is_invited(case: Case, rule: Rule, partner: Partner) -> bool:
    """Whether it is asked to take part, and has no other part in the case."""
    return _INVITED in rule.starts and partner.organisation not in (case.owner, case.requester)


def _number(tx: Transaction, case: Case, deadline: Deadline, role: str) -> str | None:
    """The organisation (number) in a role; None where nobody is, or who is may not know that there is a case."""
    if role == "owner":
        return case.owner if case.owner and _has_the_case(tx, case, case.owner) else None
    if role == "requester":
        return case.requester
    type_, _, id_ = deadline.about.partition("/")
    version = tx.current(type_, id_) if id_ else None
    if version:
        return version.author if role == "author" else purger(version.body)
    # Whom a clock is about is named by its number only where it may know of it (flows/contact_doctor.py).
    known = deadline.about in (case.requester, case.owner) or role == "asked"
    return deadline.about if known else None


def _has_the_case(tx: Transaction, case: Case, owner: str) -> bool:
    """A unit to which nothing has come yet, or nothing may, does not learn by a reminder that there is a case (hpl §
    21)."""
    return has_received(tx.deliveries(case.id), owner) and not has_returned(case, owner)


def _send(
    tx: Transaction,
    case: Case,
    deadline: Deadline,
    rule: Rule,
    stage: Stage,
    at: datetime,
    partner: Partner,
    parts: Parts,
) -> None:
    now = parts.clock()
    id_ = derived(case.id, _KIND, deadline.name_of(stage), partner.organisation)
    written = write(parts.tables.resources[_KIND], _facts(id_, deadline, rule, stage, at, partner, parts), {})
    made = {"resourceType": "Communication", "id": id_, **(written or {})}
    require_valid(_KIND, made)
    (kept,) = keep_changed(tx, [made], case=case, author="adapter", source=id_, at=now)
    category = _category(case, rule, partner)
    tx.send([outgoing(case, partner.organisation, "case-updated", category, kept, [kept], now)])


def _category(case: Case, rule: Rule, partner: Partner) -> str:
    """By which consent somebody is reminded, or that none is needed."""
    if _is_invited(case, rule, partner):
        return _TO_INVITED
    own = rule.category == _KIND and partner.organisation == case.owner
    return _TO_OWNER if own else rule.category


def _facts(
    id_: str, deadline: Deadline, rule: Rule, stage: Stage, at: datetime, partner: Partner, parts: Parts
) -> dict[str, Fact]:
    home = parts.partners.by_organisation[parts.home]
    about = deadline.about if "/" in deadline.about else f"Task/{id_of(deadline.case_id, 'task')}"
    facts: dict[str, Fact] = {
        "note.id": id_,
        "note.sent": instant(at),
        "ref.about": about,
        "recipient.organisation": partner.organisation,
        "recipient.name": partner.name,
        "sender.organisation": home.organisation,
        "sender.name": home.name,
        "deadline.rule": rule.name,
        "deadline.stage": stage,
    }
    if not rule.dayless:
        facts["deadline.since"] = instant(deadline.started_at)
        facts["deadline.last_day"] = norwegian_day(deadline.due_at - timedelta(microseconds=1)).isoformat()
    return facts


def for_somebody_else(version: Version, organisation: str, base: str) -> bool:
    """Whether a version is a reminder of another organisation (number)."""
    if version.type != "Communication" or _KIND not in codes(
        version.body.get("category", ()), f"{base}/CodeSystem/note-kind"
    ):
        return False
    numbers = {r.get("identifier", {}).get("value") for r in version.body.get("recipient", ())}
    return organisation not in numbers
