"""A hospital reports a need, corrects it, or takes it back (hpl § 38 a, sphl § 2-5, IP-f § 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import DEAD, Case, FormerKey, Waiting
from adapter.domain.identifiers import case_id, subject_key
from adapter.domain.need import Verdict, identity_number, judge, shielded
from adapter.domain.problems import Finding, Refused
from adapter.flows.cancellation import cancel
from adapter.flows.correction import correct
from adapter.flows.death import stands as death_stands
from adapter.flows.doors import Opened, Read
from adapter.flows.family import tie
from adapter.flows.lateness import is_notification, put_before_a_person
from adapter.flows.notice import Notice, notice_of, person_of, require_person_of
from adapter.flows.parts import Parts
from adapter.flows.placing import Taken, place
from adapter.flows.resources import is_recorded
from adapter.ports import Transaction


def take(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """Do what an acceptable message says, in the given transaction. Raises Refused where the case forbids it."""
    id_ = opened.known or case_id(opened.sender, read.facts["need.id"])
    notice = notice_of(opened, read, read.way.event, at, parts)
    case = tx.case(id_)
    late = case is None and read.way.event == "need-corrected" and opened.envelope.door == "edi"
    if case is None and read.way.event != "need-notified" and not late:
        raise Refused(Finding("need-unknown", "need"))
    if case is not None and case.requester != opened.sender:  # only who has reported a need corrects it
        raise Refused(Finding("need-unknown", "need"))
    if case is not None and not case.subject_key:  # purged when its time was over: no copy opens it again
        raise Refused(Finding("case-over", "need"))
    if case is not None:
        require_person_of(tx, case, read, parts)
    if case is not None and read.way.event == "need-cancelled":
        return cancel(tx, case, notice, parts)
    facts = shielded(read.facts) | ({"need.id": case.need} if case else {})
    refused = facts["consent.status"] == "refused"
    if case is None and refused:
        raise Refused(Finding("consent-refused", "consent.status"))
    if case is not None and (refused or read.way.event == "need-corrected"):
        return correct(tx, case, notice, facts, _verdict(tx, opened, read, at, parts), parts)
    if case is not None:
        return _known(case, parts)
    _require_reporter(opened.sender, parts)
    person = person_of(tx, identity_number(facts), parts)
    verdict = _verdict(tx, opened, read, at, parts)
    others = tx.cases_of_person(person) if late else ()
    case = Case(id_, read.facts["need.id"], person, opened.sender, None, None, "new", at)
    taken = _opened(tx, case, notice, facts, verdict, parts)
    return _without_original(tx, taken, opened.sender, others, at, parts) if late else taken


def _require_reporter(sender: str, parts: Parts) -> None:
    """Who has no need to report may take part, and asks the unit as anybody may (IP-f § 7). Raises Refused."""
    if not parts.tables.partner_kinds[parts.partners.by_organisation[sender].kind].reports:
        raise Refused(Finding("kind-may-not-report", "sender"))


def _opened(
    tx: Transaction, case: Case, notice: Notice, facts: Mapping[str, str], verdict: Verdict, parts: Parts
) -> Taken:
    """A case of its own, tied to that of the mother where it is of a child that was expected."""
    tx.open_case(case)
    taken = place(tx, case, notice, facts, verdict, parts)
    said = subject_key(parts.secret, identity_number(facts))
    if said != case.subject_key:  # a number that has given way: it goes back with the others of the person
        tx.keep_former_key(FormerKey(said, case.id, notice.at))
    expected = facts.get("need.expected")
    amiss = tie(tx, case, expected, notice, parts) if expected else None
    return replace(taken, findings=(*taken.findings, amiss)) if amiss else taken


def take_again(tx: Transaction, case: Case, opened: Opened, read: Read, at: datetime, parts: Parts) -> Taken:
    """The same words in another message make no second case; but what this one says of the consent is heard.

    A refusal ends the consent, and one that had not been stated lets the case go on. What is less clear than before,
    or gives back what was taken back, is for a person. Raises Refused as `take`.
    """
    stated, standing = _stated(read.facts), _standing(tx, case)
    notice = notice_of(opened, read, read.way.event, at, parts)
    facts = shielded(read.facts) | {"need.id": case.need}
    if (stated, standing) in (("refused", "active"), ("refused", "proposed"), ("active", "proposed")):
        return correct(tx, case, notice, facts, _verdict(tx, opened, read, at, parts), parts)
    if (stated, standing) == ("active", "inactive"):
        return put_before_a_person(tx, case, Finding("consent-outdated", "consent.status"), at)
    if (stated, standing) == ("proposed", "active"):
        return put_before_a_person(tx, case, Finding("note-unclear-on-consent", "consent.status"), at)
    if read.outcome != "states" and case.state != "held-for-review":
        return put_before_a_person(tx, case, Finding("need-no-longer-clear", "need.words"), at)
    return _known(case, parts)


def _stated(facts: Mapping[str, str]) -> str:
    """As the Consent of the case would have it; `refused` where there would be none."""
    status = facts["consent.status"]
    if status == "obtained":
        return "proposed" if facts.get("consent.limits") == "yes" else "active"
    return status if status == "refused" else "proposed"


def _standing(tx: Transaction, case: Case) -> str:
    """How the consent of the case stands; `recorded` where somebody has recorded it since, which no copy touches."""
    kept = [v for v in tx.of_case(case.id) if v.type == "Consent" and is_notification(v.body)]
    if any(v.body["status"] in ("active", "proposed") and is_recorded(v) for v in kept):
        return "recorded"
    found = {v.body["status"] for v in kept}
    return next((status for status in ("active", "proposed") if status in found), "inactive")


def _without_original(
    tx: Transaction, taken: Taken, sender: str, others: Sequence[Case], at: datetime, parts: Parts
) -> Taken:
    """A change of what never came here. Where its sender has a case of the person that goes on, it may be meant for
    that one: a person looks.
    """
    after = parts.tables.lifecycles["case"].after
    finding = Finding("original-unknown", "message.status")
    if taken.case_id and any(c.requester == sender and after(c.state, "correct") for c in others):
        tx.wait_for_person(Waiting(taken.case_id, "conversation", finding.problem, at))
    return replace(taken, findings=(*taken.findings, finding))


def _verdict(tx: Transaction, opened: Opened, read: Read, at: datetime, parts: Parts) -> Verdict:
    """Routing decides on all facts; what leaves is shielded. No need goes out of one who is said to be dead; who sent
    it is not told why (hpl § 21).
    """
    if death_stands(tx, person_of(tx, identity_number(read.facts), parts), read.facts):
        return Verdict("hold-for-routing", (), None, "routing", DEAD)
    return judge(read.facts, read.outcome, opened.addressed, parts.directory, at)


def _known(case: Case, parts: Parts) -> Taken:
    """The need was reported before. One that is over is not opened again by a copy: that would be silence."""
    if parts.tables.lifecycles["case"].after(case.state, "correct") is None:
        raise Refused(Finding("case-over", "need"))
    return Taken(case.id, (Finding("need-known", "need"),))
