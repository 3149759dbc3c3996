"""Steps of the life cycles that organisations take by updating a resource."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepRule:
    """One row of mappings/steps.csv.

    A resource that shows `status` and `business_status` (blank: none) says that `event` has happened in
    `lifecycle`. `actor`: owner, requester, participant or adapter. `person`: the step is a decision, and names the
    person who took it (pasientjournalloven § 11: no automated decisions here). `tells` is who is owed the news.
    """

    lifecycle: str
    event: str
    status: str
    business_status: str
    actor: str
    person: bool
    tells: str
    label: str


def step_of(rules: Iterable[StepRule], lifecycle: str, status: str, business_status: str) -> StepRule | None:
    """The step a resource of this status says, or None where no row has it."""
    return next(
        (
            r
            for r in rules
            if (r.lifecycle, r.status, r.business_status) == (lifecycle, status, business_status)
        ),
        None,
    )


def rule_of(rules: Iterable[StepRule], lifecycle: str, event: str) -> StepRule:
    """The row of an event. Raises KeyError."""
    for rule in rules:
        if (rule.lifecycle, rule.event) == (lifecycle, event):
            return rule
    raise KeyError(event)
