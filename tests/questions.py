"""What each statement that is asked all day is asked with, and each question of an operator."""

from datetime import timedelta
from typing import Any

from stored import NOW

from adapter.domain.record import Question
from adapter.outside.store.statements import CHANGED

_LATER = NOW + timedelta(days=1)
_ONE_FETCHED = {"message_": "m", "her_id_": "h", "kind_": "message"}
_OF_ONE = {"message_": "m", "her_id_": "h"}
OF_MAILBOX: dict[str, dict[str, Any]] = {
    "POSITION": {"service": "edi20"},
    "POSITION_BEFORE": {"since": NOW},
    "DUE": {"now": _LATER, "most": 128},
    "PARKED": {},
    "UNFINISHED_COUNT": {},
    "PARKED_COUNT": {},
    "STUCK": {"due_": NOW, "first_": NOW, "position_": 1, "most": 6},
    "BEGIN": _ONE_FETCHED | {"begun": 1},
    "IS_BEGUN": _ONE_FETCHED | {"begun": 1},
    "WRITE": _ONE_FETCHED
    | {"position_": 1, "state_": "done", "tries_": 1, "because_": "", "begun": 1}
    | {"first_": NOW, "at_": NOW, "due_": NOW, "sender_": ""},
    "AGAIN": _OF_ONE | {"at_": NOW},
    "LEAVE": _OF_ONE | {"why": "w", "at_": NOW},
    "PLACE_BY_REFERENCE": {"named": "r"},
    "PLACE_BY_MESSAGE": {"named": "m"},
    "HASTEN": {"named": "r", "at_": NOW},
    "ADOPT": {"named": "m", "reference_": "r"},
}
_LANE = {"recipients": ["7", "8"], "cases": ["case-7", "case-8"]}
_WRITTEN = {"id_": "case-7", "need": "n", "subject_key": "k", "requester": "r", "owner": "o"} | {
    "unit": "u",
    "state": "s",
    "opened_at": NOW,
}
_BEHIND = {"due_at": NOW, "case_id": "case-7", "rule": "r", "about": "", "started_at": NOW}
OF_CLOCKS: dict[str, dict[str, Any]] = {
    "OF_CASE": {"case": "case-7"},
    "WAITS_OF_CASE": {"case": "case-7"},
    "LOOKS_DUE": {"now": NOW, "most": 100},
    "NEXT_LOOK": {},
    "OPEN_FIRST": {"states": ["overdue"], "most": 100},
    "OPEN_BEHIND": {"states": ["overdue"], "most": 100} | _BEHIND,
    "LOOK_AT": {"case": "case-7", "at": NOW},
    "LOOK_AT_ALL": {"cases": ["case-7", "case-8"], "at": NOW},
}
GIVEN: dict[str, dict[str, Any]] = {
    "ANSWERED": {"door": "fhir", "sender": "7", "message_id": "message-7"},
    "FIRST_IN_ENVELOPE": {"sender": "7", "envelope_id": "envelope-7"},
    "REFERRED_TO": {"sender": "7", "reference": "message-7"},
    "CASE": {"id_": "case-7"},
    "CASE_LOCKED": {"id_": "case-7"},
    "CASES_LOCKED": {"ids": ["case-7", "case-8"]},
    "WRITE_CASE": _WRITTEN,
    "MOVE_CASE": _WRITTEN | {"moved_at": NOW},
    "CURRENT_OF_CASES": {"cases": ["case-7", "case-8"]},
    "EDITIONS": {"cases": ["case-7", "case-8"]},
    "MARK_BEGUN": {"ids": [7, 8], "at": NOW},
    "CURRENT": {"type_": "Task", "id_": "Task7"},
    "GLANCE": {"type_": "Task", "id_": "Task7"},
    "PINNED": {"types": ["Task"], "ids": ["Task7", "Task8"], "numbers": [1, 2]},
    "SAME_WAITING": {"case": "case-7", "list_": "routing", "why": "w"},
    "RESOLVE": {"case": "case-7", "at": NOW, "by": "b"},
    "DELIVERIES": {"ids": [7, 8]},
    "DELIVERIES_OF_CASE": {"case": "case-7"},
    "DELIVERY_OF_MESSAGE": {"message_id": "mail-7"},
    "CASE_OF_CONTENT": {"content": "c"},
    "CASES_OF_PERSON": {"person": "k"},
    "KNOWN_AS": {"person": "k"},
    "FORMER_KEYS": {"ids": ["case-7", "case-8"]},
    "PERSON_WAITS": {"person": "k", "reasons": ["w"]},
    "PERSONS_WAIT": {"ids": ["case-7", "case-8"], "reasons": ["w"]},
    "READERS_OF_CASE": {"case": "case-7"},
    "RECEIPTS_OF_CASE": {"case": "case-7"},
    "RESOLVE_OF": {"case": "case-7", "at": NOW, "by": "b", "reasons": ["w"]},
    "SENT_OF_CASES": {"cases": ["case-7"]},
    "STOP_ALL": {"case": "case-7", "kind": "need", "why": "w"},
    "STOP_TO": {"case": "case-7", "kind": "need", "why": "w", "to": "7"},
    "CALL_FORWARD": _LANE | {"at": NOW},
    "WRITE_BACK": {"id_": 7}
    | dict.fromkeys((f"{name}_" for name in CHANGED), "x")
    | {"tries_": 1}
    | {"due_": NOW, "clock_": NOW, "begun_": NOW},
    "DUE_RECIPIENTS": {"now": _LATER},
    "DUE_AGAIN": {"to": "0", "now": _LATER, "most": 16},
    "DUE_FIRST": {"to": "0", "most": 16},
    "PAUSE_OF": {"to": "7"},
    "SET_PAUSE": {"to": "7", "failed": 1, "until": NOW},
    "UNPAUSE": {"to": "7"},
    "HASTEN": {"after": _LATER, "due_to": NOW},
    "MAIL_IS_THERE": {"channel": "c"},
}
LOOKS: dict[str, tuple[Any, ...]] = {
    "case_ids": ("case-7", 100),
    "received": ("received-7",),
    "messages_of": ("case-7",),
    "versions_of": ("case-7",),
    "history_of": ("case-7",),
    "deliveries_of": ("case-7",),
    "receipts_of": (7,),
    "audit_of": ("case-7",),
    "parked": (),
    "waiting": (),
    "deadlines_of": ("case-7",),
    "deadlines": (("overdue",),),
    "clocks_due": (_LATER, 100),
    "next_look": (),
    "backlog": (),
    "oldest_due": (_LATER,),
}
SEARCHES: dict[str, Question] = {
    "a person's": Question(subject_key="k"),
    "a rare state": Question(states=("held-for-routing",)),
    "a unit's": Question(owner="7"),
    "a hospital's": Question(requester="7"),
    "a page in the middle": Question(after="case-7"),
}
