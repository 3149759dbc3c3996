"""What the deadlines of a case are counted from: its steps, and when each thing sent was with its recipient."""

from collections.abc import Iterable, Iterator, Sequence

from adapter.domain.case import Case, Step
from adapter.domain.deadline import Happened, Rule
from adapter.domain.delivery import Delivery
from adapter.flows.parts import Parts
from adapter.ports import Transaction


def rules_of(case: Case, parts: Parts) -> Sequence[Rule]:
    """The rules that hold between the two organisations of a case."""
    return ()


def happened(tx: Transaction, case: Case, parts: Parts) -> list[Happened]:
    """All that may begin or end a deadline, of a case that is locked; what belongs to one moment in the order in which
    it counts."""
    steps = parts.store.history_of(case.id)
    return [*_received(case), *_delivered(tx.deliveries(case.id), steps, parts), *_steps(steps)]


def _received(case: Case) -> Iterator[Happened]:
    yield Happened("received", case.opened_at, case.requester)


def _delivered(deliveries: Iterable[Delivery], steps: Sequence[Step], parts: Parts) -> Iterator[Happened]:
    """That a unit has the need. Who has acted on it had it, also where its receipt came later."""
    for one in deliveries:
        if one.outgoing.category != "need" or one.state != "accepted":
            continue
        to, sent = one.outgoing.recipient, one.outgoing.created_at
        acted = [step.at for step in steps if step.actor == to and step.at >= sent]
        said = [at for _, at, _ in parts.store.receipts_of(one.id)]
        yield Happened("delivered", min([*acted, *said[-1:]], default=sent), to)


def _steps(steps: Sequence[Step]) -> Iterator[Happened]:
    for step in steps:
        yield Happened(f"{step.lifecycle}:{step.event}", step.at, step.actor, _about(step))


def _about(step: Step) -> str:
    """A case is one; of the others there may be several, each known by what its steps rest on."""
    return "" if step.lifecycle == "case" else step.because
