"""A receipt (AppRec) that comes by itself, about a message that went out from here.

Only who the message went to can say what became of it; to anybody else it is as unknown as one that never was
(hpl § 21). What is concluded stands in mappings/answers.csv, and what that leads to in lifecycles/exchange.csv:

- OK is the last word wherever the delivery stands: also after a rejection, after it was parked, and after consent
  stopped it on its way, for then it was delivered all the same, and the recipient is told that consent was taken back.
- A rejection holds the delivery, with the codes of the receipt as the reason; the lane waits for a person.
- A rejection of what was confirmed before moves nothing and puts the case on a list: somebody must ask what holds.
- What a person left out, and what consent stopped, stays so whatever is rejected.
- A receipt that says what one said before adds nothing.
"""

import hashlib
import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from adapter.domain.acknowledgement import about
from adapter.domain.case import Audit, Case, Waiting
from adapter.domain.delivery import Delivery, Place, Receipt, Settled
from adapter.domain.exchange import AnswerRule, because, conclude
from adapter.domain.identifiers import message_uuid
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.answering import NOTHING, problem_answer
from adapter.flows.outbox import OUTCOME_OPEN, STOPPED, outgoing
from adapter.flows.parts import Parts
from adapter.ports import Transaction
from adapter.wire import apprec

CONTRADICTS: Final = "receipt-contradicts"
_CONSENT = re.compile(r"Consent/([0-9a-f-]{36})")


def take(raw: bytes, caller: Caller, parts: Parts) -> Answer:
    """204 for an AppRec about a message that went to the caller, or problem details.

    Raises StoreBusy or Collision: nothing was written, and the caller may send the receipt again.
    """
    try:
        read = apprec.read(raw)
        if not parts.partners.may_be(caller.organisation, read.sender):
            raise Refused(Finding("receipt-for-unknown", "AppRec.Sender"))
        receipt = Receipt("receipt", said=read.said, codes=read.codes)
        if not told(read.original, caller.organisation, receipt, hashlib.sha256(raw).hexdigest(), parts):
            raise Refused(Finding("receipt-for-unknown", "AppRec.OriginalMsgId.Id"))
    except Refused as refused:
        return problem_answer(refused.findings, parts)
    return NOTHING


def told(message_id: str, by: str, receipt: Receipt, evidence: str, parts: Parts) -> bool:
    """Settle what `by` (organisation number) says of the message that went to it under this id; False if none did.

    `receipt.said` is one of the AppRec words; `evidence` a digest or an id under which what was said is found again.
    Raises StoreBusy or Collision.
    """
    found = _sent_to(by, message_uuid(by, message_id), parts)
    if found is None:
        return False
    heard = parts.store.receipts_of(found.id)
    if heard and heard[-1][2] == receipt and not _moves(found, receipt, parts):
        return True
    with parts.store.transaction() as tx:
        case = tx.case(found.outgoing.case_id)  # locked: from here on no postman moves the delivery
        delivery = tx.delivery(found.id)
        if case is None or delivery is None:
            return False
        rule = _settle(tx, case, delivery, receipt, evidence, parts)
        if rule.conclusion == "accepted" and delivery.place == "held":
            looked_at(tx, case.id, by, parts)
        if delivery.state == "stopped-by-consent" and delivery.outgoing.category == "need":
            _outcome_known(tx, case, rule, parts)
    return True


def _moves(delivery: Delivery, receipt: Receipt, parts: Parts) -> bool:
    """Whether what was said before says something new: since then a person has sent the delivery again."""
    rule = conclude(parts.tables.answers, receipt)
    after = parts.tables.lifecycles["exchange"].after(delivery.state, rule.conclusion)
    return after is not None and after != delivery.state


def _outcome_known(tx: Transaction, case: Case, rule: AnswerRule, parts: Parts) -> None:
    """Of a need that consent stopped on its way: where it came nobody has to ask, and where not the list says so."""
    now, by = parts.clock(), "adapter"
    if rule.conclusion == "accepted":
        tx.resolve(case.id, now, by, (STOPPED, OUTCOME_OPEN))
    elif tx.resolve(case.id, now, by, (OUTCOME_OPEN,)):
        tx.wait_for_person(Waiting(case.id, "consent", STOPPED, now))


def looked_at(tx: Transaction, case_id: str, by: str, parts: Parts) -> None:
    """Close what receipts have put on a list; what else is on one of the case (locked by `tx`) stays there."""
    tx.resolve(case_id, parts.clock(), by, {CONTRADICTS, *(rule.reason for rule in parts.tables.rejections)})


def _sent_to(by: str, message_id: str, parts: Parts) -> Delivery | None:
    """What went to this organisation under this id: what still waits behind another was never sent."""
    with parts.store.transaction() as tx:
        found = tx.delivery_of_message(message_id)
    if found is None or found.outgoing.recipient != by or (found.place == "behind" and not found.tries):
        return None
    return found


def _settle(
    tx: Transaction, case: Case, delivery: Delivery, receipt: Receipt, evidence: str, parts: Parts
) -> AnswerRule:
    """Write what the receipt leads to; where it moves nothing it is kept all the same."""
    now = parts.clock()
    rule = conclude(parts.tables.answers, receipt)
    why = because(rule, receipt)
    state = parts.tables.lifecycles["exchange"].after(delivery.state, rule.conclusion)
    settled = Settled(
        delivery,
        rule.conclusion,
        delivery.state,
        delivery.place,
        delivery.due,
        delivery.because,
        now,
        receipt,
        tried=False,
    )
    if state and (state != delivery.state or delivery.place != "done"):
        to: Place = "done" if rule.conclusion == "accepted" else "held"
        settled = replace(settled, state=state, place=to, because=why)
    tx.settle([settled], None)
    tx.record(_evidence(delivery, why, evidence, now))
    if rule.conclusion == "rejected":
        _ask_a_person(tx, case, delivery, receipt, now, parts)
    elif delivery.state == "stopped-by-consent":
        _tell_of_the_consent(tx, case, delivery, now)
    return rule


def _tell_of_the_consent(tx: Transaction, case: Case, delivery: Delivery, now: datetime) -> None:
    """Who has what should not have gone any more must know so (pbrl § 4-1): the consent that stopped it, as it is."""
    named = _CONSENT.search(delivery.because)
    consent = tx.current("Consent", named[1]) if named else None
    if consent:
        to = delivery.outgoing.recipient
        tx.send([outgoing(case, to, "consent-changed", "consent-notice", consent, [consent], now)])


def _ask_a_person(
    tx: Transaction, case: Case, delivery: Delivery, receipt: Receipt, now: datetime, parts: Parts
) -> None:
    """Where a rejection says that the case went to the wrong place, or that a confirmation did not hold."""
    if parts.tables.lifecycles["case"].after(case.state, "correct") is None:
        return  # it is over; the delivery is held all the same
    wrong = about(parts.tables.rejections, receipt.codes)
    if delivery.state == "accepted":
        tx.wait_for_person(Waiting(case.id, "routing", CONTRADICTS, now))
    elif wrong and delivery.outgoing.recipient == case.owner and delivery.place != "done":
        tx.wait_for_person(Waiting(case.id, wrong.list, wrong.reason, now))


def _evidence(delivery: Delivery, why: str, evidence: str, now: datetime) -> Audit:
    out = delivery.outgoing
    details = {
        "delivery": str(delivery.id),
        "recipient": out.recipient,
        "event": out.event,
        "category": out.category,
        "because": why,
        "evidence": evidence,
    }
    return Audit(now, out.recipient, "delivery-receipt", out.case_id, details)
