"""What is kept of a call by which a need was reported: who rang when, and who wrote it down (guide 13.5, R-012).

An oral notification counts, and both sides must have it in the record: the hospital is told what was written down in
its name, and the unit, with the need, that it came by telephone. It repeats nothing of the need itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from adapter.domain.case import Audit, Case, Version
from adapter.domain.identifiers import derived
from adapter.flows.doors import Opened, Read
from adapter.flows.notice import notice_of
from adapter.flows.outbox import note_to, outgoing
from adapter.flows.parts import Parts
from adapter.flows.placing import traced
from adapter.flows.resources import ENH, id_of, keep_changed, require_valid
from adapter.mapping.engine import Fact
from adapter.mapping.writing import write
from adapter.ports import Transaction

KIND = "telephone"


def note_call(tx: Transaction, case_id: str, opened: Opened, read: Read, at: datetime, parts: Parts) -> None:
    """Keep the call as a Communication of the case, and tell both sides. One call is noted once, however often it is
    written down."""
    case, id_ = tx.case(case_id), derived(case_id, KIND, opened.envelope.conversation)
    if case is None or tx.current("Communication", id_):
        return
    notice = notice_of(opened, read, "case-updated", at, parts)
    notice = replace(notice, source=derived(KIND, notice.source))
    resource = write(
        parts.tables.resources["communication"], _facts(case, id_, read.facts, parts), parts.tables.codes
    )
    assert resource is not None  # noqa: S101 - the table has no `when`
    made = {"resourceType": "Communication", "id": id_, **resource}
    require_valid("communication", made)
    kept = keep_changed(tx, [made], case=case, author=case.requester, source=notice.source, at=at)
    carried: list[Version] = [*kept, *traced(tx, case, kept, KIND, notice, parts)]
    note = kept[0]
    told = [
        outgoing(case, case.requester, "case-updated", "question-to-sender", note, carried, at, ground=KIND)
    ]
    if case.owner and case.state == "routed":
        told.append(note_to(case, case.owner, note, at, carried[1:]))
    tx.send(told)
    tx.record(Audit(at, opened.by, "registered-by-hand", case.id, {"message": opened.envelope.message_id}))


def _facts(case: Case, id_: str, said: Mapping[str, str], parts: Parts) -> dict[str, Fact]:
    hospital = parts.partners.by_organisation[case.requester]
    name = " ".join(said[n] for n in ("requester.given", "requester.family") if n in said)
    facts: dict[str, Fact] = {
        "note.id": id_,
        "note.kind": KIND,
        "note.medium": "PHONE",
        "note.sent": said["call.rang_at"],
        "note.received": said["call.written_at"],
        "recipient.name": said["call.written_by"],
        "ref.patient": f"Patient/{id_of(case.id, 'patient')}",
        "ref.task": f"Task/{id_of(case.id, 'task')}",
        "sender.organisation": hospital.organisation,
        "sender.name": hospital.name,
        "author.type": "PractitionerRole",
        "author.id": "author",
        "author.name": name,
        "author.phone": said["requester.phone"],
        "author.organisation_system": ENH,
        "author.organisation": hospital.organisation,
        "ref.author": "#author",
    }
    if "requester.hpr" in said:
        facts |= {"author.hpr": said["requester.hpr"], "author.hpr_system": "urn:oid:2.16.578.1.12.4.1.4.4"}
    return facts
