"""The books of the year: everything that came, went and waits is held against what the world did."""

from collections import Counter
from collections.abc import Callable, Iterator

from adapter.domain.case import Case
from adapter.domain.deadline import Deadline
from adapter.flows.reconciliation import reconcile

from .clock import BEGIN, END, QUARTER
from .world import World

Check = Callable[[World], Iterator[str]]
OVER = frozenset({"cancelled", "dismissed", "refused", "concluded", "closed"})
WITH_A_UNIT = frozenset(
    {
        *("routed", "received", "opened", "accepted", "needs-information"),
        *("decided", "coordinator-offered", "coordinator-declined", "coordinator-appointed"),
    }
)


def nobody_owns(world: World) -> Iterator[str]:
    """Cases that are neither over, nor a unit's, nor on a person's list."""
    listed = {waiting.case_id for waiting in world.parts.store.waiting()}
    for case in every_case(world):
        with_unit = case.state in WITH_A_UNIT and case.owner is not None
        if case.state not in OVER and not with_unit and case.id not in listed:
            yield f"case in {case.state} has no owner"


def unaccounted_mail(world: World) -> Iterator[str]:
    """Deliveries against what came to the partners, message by message."""
    store, states = world.parts.store, Counter[str]()
    came = {id_: to for to, letters in world.post.came.items() for id_ in letters}
    known = set[str]()
    for case in every_case(world):
        for d in store.deliveries_of(case.id):
            id_, here = d.outgoing.message_id, came.get(d.outgoing.message_id)
            known.add(id_)
            states[d.state] += 1
            if here not in (None, d.outgoing.recipient):
                yield f"a letter to {d.outgoing.recipient} came to {here}"
            if d.state == "accepted" and here is None:
                yield "a delivery counts as accepted and never came"
            if d.state == "queued" and d.place == "done":
                yield "a delivery is done and has no outcome"
    if unknown := set(came) - known:
        yield f"{len(unknown)} letters came of which no delivery is known"


def unwarned(world: World) -> Iterator[str]:
    """What was overdue without having been warned of first. The keeper looks every quarter of a day: only a clock that
    had less time than that, or had been stopped and went on by a later word, may be told of both at one look."""
    for case in every_case(world):
        for deadline in world.parts.store.deadlines_of(case.id):
            if deadline.overdue_at is None or deadline.warn_at is None:
                continue
            warned = deadline.warned_at
            late = warned is None or warned > deadline.overdue_at
            if late or (warned == deadline.overdue_at and not _had_no_time(world, deadline)):
                yield f"{deadline.rule} was overdue before it was warned of"


def _had_no_time(world: World, deadline: Deadline) -> bool:
    if deadline.warn_at and deadline.due_at - deadline.warn_at <= QUARTER:
        return True
    of_it = {"rule": deadline.rule, "since": deadline.started_at.isoformat()}
    audit = world.parts.store.audit_of(deadline.case_id)
    return any(a.action == "deadline-stopped" and of_it.items() <= a.details.items() for a in audit)


def unbalanced(world: World) -> Iterator[str]:
    """The books of the whole year: each day and sender adds up, and all together is what the world sent."""
    found = reconcile(BEGIN.date(), END.date(), world.parts)
    for one in found:
        if not one.holds:
            yield f"the books of {one.day} do not balance: {len(one.unexplained)} messages left no trace"
    received = sum(one.received for one in found)
    if received != len(world.taken):
        yield f"received {received}, sent {len(world.taken)}"


def fates(world: World) -> dict[str, int]:
    """What became of all messages of the year."""
    counted = Counter[str]()
    for one in reconcile(BEGIN.date(), END.date(), world.parts):
        counted.update(one.fates)
    return {"received": sum(counted.values()), **counted}


def every_case(world: World) -> Iterator[Case]:
    """All that are kept, by id."""
    store, after = world.parts.store, ""
    while ids := store.case_ids(after):
        with store.transaction() as tx:
            found = [tx.case(id_) for id_ in ids]
        yield from (case for case in found if case)
        after = ids[-1]
