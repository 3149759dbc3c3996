"""Who is asked to purge what came to it of a case, read from the Tasks that ask: for it alone to read."""

from collections.abc import Iterable, Sequence

from adapter.domain.case import Resource, Version
from adapter.domain.delivery import Pinned
from adapter.domain.identifiers import derived
from adapter.domain.purge_there import PURGE_THERE
from adapter.domain.steps import rule_of
from adapter.flows.parts import Parts
from adapter.flows.resources import same
from adapter.flows.task_kind import PURGE_CONTENT, task_kind, tasks_told_of
from adapter.ports import Transaction


def purge_id(case_id: str, organisation: str, source: str) -> str:
    """The id of the Task that asks an organisation (number) to purge what it got, by what it sent the case back in."""
    return derived(case_id, PURGE_THERE, organisation, source)


def purger(task: Resource) -> str:
    """The organisation (number) that a Task asks to purge what it got."""
    number: str = task.get("owner", {}).get("identifier", {}).get("value", "")
    return number


def asked_to_purge(versions: Sequence[Version], parts: Parts) -> dict[str, list[Version]]:
    """The Tasks among the current versions of a case that ask to purge something, by who is asked (number)."""
    asked: dict[str, list[Version]] = {}
    for version in versions:
        if _asks(version, parts):
            asked.setdefault(purger(version.body), []).append(version)
    return asked


def open_tasks(tasks: Iterable[Version], parts: Parts) -> list[Version]:
    """Those that nobody has confirmed, nor are withdrawn."""
    rule = rule_of(parts.tables.steps, PURGE_THERE, "ask")
    return [task for task in tasks if task.body["status"] == rule.status]


def is_asked_to_purge(version: Version | None, organisation: str, parts: Parts) -> bool:
    """Whether a version is what an organisation is asked to purge something by."""
    return version is not None and _asks(version, parts) and purger(version.body) == organisation


def purge_told_of(tx: Transaction, version: Version, parts: Parts) -> Version | None:
    """The Task of a purge that a version is, or whose Provenance it is; None where it is neither."""
    return next((task for task in tasks_told_of(tx, version) if _asks(task, parts)), None)


def is_others_to_purge(tx: Transaction, version: Version, organisation: str, parts: Parts) -> bool:
    """Whether a version tells of a purge that another than this organisation is asked for."""
    task = purge_told_of(tx, version, parts)
    return task is not None and purger(task.body) != organisation


def last_word(tx: Transaction, resource: Resource, organisation: str, parts: Parts) -> Version | None:
    """The version by which an organisation has sent a case back that has gone on since, where it puts the same again:
    its answer was lost on the way."""
    if resource["resourceType"] != "Task" or resource.get("status") != "rejected":
        return None
    glance = tx.glance("Task", resource["id"])
    if glance is None or glance[1].owner == organisation or glance[0].author == organisation:
        return None
    current, case = glance
    if not has_sent_back(tx.of_case(case.id), case.owner, organisation, parts):
        return None
    earlier = tx.versions({Pinned("Task", current.id, n) for n in range(1, current.number)}).values()
    own = [v for v in earlier if v.author == organisation]
    last = max(own, key=lambda v: v.number, default=None)
    return last if last and same(last.body, resource) else None


def has_sent_back(versions: Sequence[Version], owner: str | None, organisation: str, parts: Parts) -> bool:
    """Whether a case came to an organisation wrongly that has it no more; `owner` has it now. What it was asked for and
    is not to purge any more it has had as its own since."""
    withdrawn = rule_of(parts.tables.steps, PURGE_THERE, "withdraw").status
    asked = asked_to_purge(versions, parts).get(organisation, ())
    return organisation != owner and any(task.body["status"] != withdrawn for task in asked)


def _asks(version: Version, parts: Parts) -> bool:
    return version.type == "Task" and task_kind(version.body, parts.base) == PURGE_CONTENT
