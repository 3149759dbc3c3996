"""A try at a message of the mailbox that failed: when it is tried again, and when a person looks."""

from dataclasses import replace
from datetime import datetime

from adapter.domain.mailbox import Fetched
from adapter.flows.parts import Parts
from adapter.ports import Collision, ServiceAway, ServiceRefuses, StoreBusy

PATIENCE = 5
"""Tries before a person looks at what fails by itself; what fails because the service is away has as long as a
delivery has."""


class NotTaken(Exception):  # noqa: N818 - as the names in ports
    """A fault of ours: nothing was kept, and its sender has no answer. `problem`: its name."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def failed(one: Fetched, error: BaseException, now: datetime, parts: Parts) -> Fetched:
    """It waits for its next try, or, after enough of them, for a person. Raises what asks this process to end."""
    if not isinstance(error, Exception):
        raise error
    because, patient, wait = _why(error)
    given_up = parts.schedule.gives_up(one.tries, one.first, now) if patient else one.tries >= PATIENCE
    due = parts.schedule.next_try(one.tries, now, wait)
    return replace(one, state="parked" if given_up else one.state, because=because, at=now, due=due)


def _why(error: Exception) -> tuple[str, bool, int | None]:
    """Why it failed; whether that lies outside of it and may end by itself; how long to wait."""
    match error:
        case ServiceAway():
            return (
                f"service-{error.because}",
                error.because not in ("nonsense", "too-long"),
                error.retry_after,
            )
        case ServiceRefuses():
            return f"service-refuses-{error.http}", False, None
        case NotTaken():
            return error.problem, False, None
        case StoreBusy() | Collision():
            return "store-busy", True, None
    return f"fault-{type(error).__name__}", False, None
