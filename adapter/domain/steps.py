"""Steps of the life cycles that organisations take by updating a resource."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PROFESSIONALS = frozenset({"Practitioner", "PractitionerRole"})


@dataclass(frozen=True, slots=True)
class StepRule:
    """One row of mappings/steps.csv.

    A resource that shows `status` and `business_status` (blank: none) says that `event` has happened in
    `lifecycle`. `actor`: owner, participant, operator or adapter. `person`: the step is a decision, and names the
    person who took it (pasientjournalloven § 11: no automated decisions here). `tells` is who is owed the news:
    requester, owner, participants, concerned or nobody.
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


def names_professional(reference: Mapping[str, str]) -> bool:
    """Whether a FHIR reference (facts `type`, `reference`, `identifier`, `display`) names a person who can decide.

    That is an employee by role, known by name or identifier. A patient, a relative, an organisation or a device is
    not one, and a name that does not say whose kind it is could be any of them.
    """
    literal = reference.get("reference", "").split("/_history/")[0].split("/")
    kinds = {reference.get("type", ""), literal[-2] if len(literal) > 1 else ""} - {""}
    named = reference.get("identifier", "").strip() or reference.get("display", "").strip()
    return bool(named) and bool(kinds) and kinds <= _PROFESSIONALS
