"""A corrected need says that the person stays elsewhere now, and another unit has the case."""

from collections.abc import Iterator, Mapping

from adapter.domain.case import Case
from adapter.domain.need import Verdict
from adapter.domain.problems import Finding
from adapter.flows.notice import Notice
from adapter.flows.parts import Parts
from adapter.flows.resources import Place, id_of, written
from adapter.ports import Transaction

FINDING = "stay-has-changed"


def stays_elsewhere(
    tx: Transaction,
    case: Case,
    notice: Notice,
    facts: Mapping[str, str],
    verdict: Verdict,
    where: Place,
    parts: Parts,
) -> Iterator[Finding]:
    """That the place of the person has changed, and leads to another unit than the one that has the case.

    The case stays with that one, which hands it over with the person's consent (R-152) or says that it is not its own.
    `where` is the place of the case as it stands. What was rerouted by a person is no change of place.
    """
    if verdict.unit is None or verdict.unit.her_id == case.unit:
        return
    known = tx.current("Patient", id_of(case.id, "patient"))
    corrected = written(case.id, facts, notice.sender, where, ("patient",), parts)["patient"]
    if known and known.body.get("address") != corrected.get("address"):
        yield Finding(FINDING, "stay.municipality")
