"""Whether the address register still has the address that something is to be sent to (R-103)."""

from collections.abc import Collection, Mapping
from datetime import datetime

from adapter.domain.problems import Finding
from adapter.domain.register import not_to_be_used
from adapter.domain.routing import Unit
from adapter.flows.parts import Parts
from adapter.ports import Transaction


def why_not(tx: Transaction, unit: Unit, at: datetime, parts: Parts) -> Finding | None:
    """Why nothing goes to a unit by the address that the tables have for it; None where nothing is known against it."""
    entry = tx.register_entry(unit.her_id)
    problem = not_to_be_used(entry, unit.organisation, at, parts.tables.register)
    return Finding(problem, "coordinating-units.csv") if problem else None


def closed_to(
    tx: Transaction, case_ids: Collection[str], at: datetime, parts: Parts
) -> Mapping[tuple[str, str], str]:
    """Of cases whose unit's address is no longer good: by case and owner (organisation number) the problem's name."""
    known = tx.doubted_units(case_ids)
    found = {key: not_to_be_used(entry, key[1], at, parts.tables.register) for key, entry in known.items()}
    return {key: problem for key, problem in found.items() if problem}
