"""What a unit does to a case beyond the steps of the story folder: replies, offers, hand-overs, complaints, purges."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.day.case import Case
from tests.day.letters import named
from tests.day.run import UNITS

from .people import SECOND

Said = dict[str, Any]
BASE = "https://ip-adapter.example/fhir/CodeSystem"
_ORGANISATION, _SERVICE = "urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:2.16.578.1.12.4.1.2"
_PERSON = {"type": "Practitioner", "display": "Kari Saksbehandlersen (fiktiv)"}
NEXT_UNIT = UNITS[-1]
"""To which people move, and to which wrong addressees are sent on."""


def said(name: str, case: Case, now: datetime) -> Said:
    """A step by its name: of this file, or of the story folder. `by` (organisation number) takes it, else the owner."""
    own = WORDS.get(name)
    found: Said = own(case, now) if own else case.filled(name, now)
    return found


def purged(task: str, by: str, now: datetime) -> Said:
    """A unit (organisation number) that had what was not for it says that it is purged: by whom, and when."""
    outputs = [_output("content-purged", valueDateTime=now.isoformat(timespec="seconds")), _decided_by()]
    return {"resource": f"Task/{task}", "by": by, "merge": {"status": "completed", "output": outputs}}


def _coded(system: str, code: str) -> Said:
    return {"coding": [{"system": f"{BASE}/{system}", "code": code}]}


def _output(kind: str, **value: object) -> Said:
    return {"type": _coded("task-output", kind), **value}


def _decided_by() -> Said:
    return _output("decided-by", valueReference=_PERSON)


def _outcome(code: str) -> Said:
    return _output("decision", valueCodeableConcept=_coded("task-outcome", code))


def _step(case: Case, status: str, step: str, *outputs: Said) -> Said:
    merge = {
        "status": status,
        "businessStatus": {"text": None, **_coded("case-step", step)},
        "statusReason": None,
        "output": [*outputs],
    }
    return {"resource": f"Task/{case.ids['Task']}", "merge": merge}


def _interim(case: Case, now: datetime) -> Said:
    expected = (now + timedelta(days=20)).date().isoformat()
    outputs = (
        _output("interim-reason", valueString="Vi venter."),
        _output("expected-on", valueDate=expected),
    )
    return _step(case, "in-progress", "interim-reply", *outputs)


def _offer(case: Case, _now: datetime) -> Said:
    who = _output(
        "coordinator", valueReference={"type": "Practitioner", "display": "Ola Koordinator (fiktiv)"}
    )
    outputs = (_outcome("plan-and-coordinator"), who, _decided_by())
    return _step(case, "in-progress", "coordinator-offered", *outputs)


def _decline_offer(case: Case, _now: datetime) -> Said:
    outputs = (_outcome("plan-and-coordinator"), _decided_by())
    return _step(case, "in-progress", "coordinator-declined", *outputs)


def _conclude(case: Case, now: datetime) -> Said:
    on = _output("decided-on", valueDate=now.date().isoformat())
    return _step(case, "completed", "concluded", _outcome("lapsed"), on, _decided_by())


def _reopen(case: Case, _now: datetime) -> Said:
    return _step(case, "accepted", "reopened", _decided_by())


def _consent_hand_over(case: Case, now: datetime) -> Said:
    """The same consent as to the hospital, and that the next unit may have the plan and the case: all that stand must
    permit."""
    found: Said = case.filled("consent-sharing", now)
    provision = found["new"]["provision"]
    (hospital,) = provision["actor"]
    identifier = {"system": _ORGANISATION, "value": NEXT_UNIT.number}
    next_unit = {**hospital, "reference": {"type": "Organization", "identifier": identifier}}
    provision["actor"].append(next_unit)
    provision["code"].append(_coded("information-category", "hand-over"))
    return found


def _propose(case: Case, now: datetime) -> Said:
    id_ = named("hand-over", case.letter.need)
    new = {
        "resourceType": "Task",
        "id": id_,
        "status": "requested",
        "intent": "proposal",
        "code": _coded("task-code", "hand-over"),
        "focus": {"reference": f"CarePlan/{case.ids['CarePlan']}"},
        "for": {"reference": f"Patient/{case.ids['Patient']}"},
        "authoredOn": now.isoformat(timespec="seconds"),
        "requester": _PERSON,
        "owner": {
            "type": "HealthcareService",
            "identifier": {"system": _SERVICE, "value": NEXT_UNIT.unit},
        },
    }
    return {"resource": f"Task/{id_}", "new": new}


def _answer(status: str, case: Case, _now: datetime) -> Said:
    id_ = named("hand-over", case.letter.need)
    merge = {"status": status, "output": [_decided_by()]}
    return {"resource": f"Task/{id_}", "by": NEXT_UNIT.number, "merge": merge}


def _take_back(case: Case, _now: datetime) -> Said:
    return {
        "resource": f"Task/{named('hand-over', case.letter.need)}",
        "merge": {"status": "cancelled"},
    }


def _complaint(case: Case, now: datetime) -> Said:
    """About the decision that stands."""
    id_, today = named("complaint", case.letter.need), now.date().isoformat()
    new = {
        "resourceType": "Task",
        "id": id_,
        "status": "received",
        "intent": "order",
        "code": _coded("task-code", "complaint"),
        "focus": {"reference": f"Task/{case.ids['Task']}"},
        "for": {"reference": f"Patient/{case.ids['Patient']}"},
        "input": [
            {"type": _coded("task-input", "received-on"), "valueDate": today},
            {
                "type": _coded("task-input", "complainant"),
                "valueCodeableConcept": _coded("complainant", "party"),
            },
        ],
    }
    return {"resource": f"Task/{id_}", "new": new}


def _outcome_of_complaint(status: str, code: str, case: Case, _now: datetime) -> Said:
    return {
        "resource": f"Task/{named('complaint', case.letter.need)}",
        "merge": {
            "status": status,
            "businessStatus": _coded("complaint-outcome", code),
            "output": [_decided_by()],
        },
    }


def _join(case: Case, _now: datetime) -> Said:
    """The unit lets another hospital take part."""
    row = {
        "role": [{"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.8473", "code": "23"}]}],
        "member": {
            "type": "Organization",
            "identifier": {"system": _ORGANISATION, "value": SECOND.number},
        },
    }
    return {"resource": f"CareTeam/{case.ids['CareTeam']}", "append": {"participant": [row]}}


WORDS: Mapping[str, Callable[[Case, datetime], Said]] = {
    "interim": _interim,
    "offer": _offer,
    "decline-offer": _decline_offer,
    "conclude": _conclude,
    "reopen": _reopen,
    "consent-hand-over": _consent_hand_over,
    "propose-hand-over": _propose,
    "accept-hand-over": partial(_answer, "accepted"),
    "decline-hand-over": partial(_answer, "rejected"),
    "withdraw-hand-over": _take_back,
    "complain": _complaint,
    "forward-complaint": partial(_outcome_of_complaint, "in-progress", "forwarded"),
    "uphold-complaint": partial(_outcome_of_complaint, "completed", "upheld"),
    "reverse-complaint": partial(_outcome_of_complaint, "completed", "reversed"),
    "join": _join,
}
