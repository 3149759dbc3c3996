"""What a Task of a case is about: the handling of the need, or something of its own that is put beside that."""

from collections.abc import Iterator
from typing import Final

from adapter.domain.case import Resource, Version
from adapter.flows.contacts import codes
from adapter.ports import Transaction

HAND_OVER: Final = "hand-over"
COMPLAINT: Final = "complaint"
PURGE_CONTENT: Final = "purge-content"
"""Made here only: who got what was not for it is asked to purge that."""
BESIDE: Final = frozenset({HAND_OVER, COMPLAINT})
"""Kinds of Task that a partner may put anew."""


def task_kind(task: Resource, base: str) -> str:
    """The code of {base}/CodeSystem/task-code; "" where it has none."""
    return next(_kinds(task, base), "")


def is_of_two_kinds(task: Resource, base: str) -> bool:
    """Whether more than one of these codes is said of a Task, so that nobody knows whose it is to answer."""
    return len({*_kinds(task, base)}) > 1


def _kinds(task: Resource, base: str) -> Iterator[str]:
    return codes([task.get("code", {})], f"{base}/CodeSystem/task-code")


def tasks_told_of(tx: Transaction, version: Version) -> Iterator[Version]:
    """The Task that a version is, or those as they stand whose Provenance it is."""
    if version.type == "Task":
        yield version
    for target in version.body["target"] if version.type == "Provenance" else ():
        type_, _, rest = target.get("reference", "").partition("/")
        if type_ == "Task" and (task := tx.current(type_, rest.partition("/")[0])):
            yield task


def is_complaint(version: Version, base: str) -> bool:
    """Whether a version is a complaint: for nobody but the unit that registered it, unless the person says so."""
    return version.type == "Task" and task_kind(version.body, base) == COMPLAINT
