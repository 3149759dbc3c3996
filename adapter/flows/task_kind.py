"""What a Task of a case is about: the handling of the need, or something of its own that is put beside that."""

from typing import Final

from adapter.domain.case import Resource, Version
from adapter.flows.contacts import codes

HAND_OVER: Final = "hand-over"
COMPLAINT: Final = "complaint"
BESIDE: Final = frozenset({HAND_OVER, COMPLAINT})
"""Kinds of Task that a partner may put anew."""


def task_kind(task: Resource, base: str) -> str:
    """The code of {base}/CodeSystem/task-code; "" where it has none."""
    return next(codes([task.get("code", {})], f"{base}/CodeSystem/task-code"), "")


def is_complaint(version: Version, base: str) -> bool:
    """Whether a version is a complaint: for nobody but the unit that registered it, unless the person says so."""
    return version.type == "Task" and task_kind(version.body, base) == COMPLAINT
