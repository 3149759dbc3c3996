"""Whether a consent of child welfare tells of the care of a child: that ends what parents consented to (pbrl § 4-4).

So it counts where those recorded it who keep the person's consents, or a body of the table itself; whoever else takes
part may have misheard, and a person looks at it.
"""

from collections.abc import Iterable, Sequence

from adapter.domain.case import Resource, Version
from adapter.flows.actors import organisation_number
from adapter.flows.parts import Parts
from adapter.flows.resources import ENH, id_of

_AUTHOR = "author"


def recorded_by_who_may(consent: Version, versions: Sequence[Version], parts: Parts) -> bool:
    """Whether an owner, also one before a hand-over, the requester or a body recorded a consent, or a version of it.

    `versions` are the current ones of its case: each update has a Provenance, and nobody but an owner or the requester
    writes the Task of the case.
    """
    case, task = consent.case_id, f"Task/{id_of(consent.case_id, 'task')}"
    parties = {f"Organization/{id_of(case, name)}" for name in ("municipality", "hospital")}
    keepers = {number for v in versions if v.reference in parties and (number := organisation_number(v.body))}
    keepers |= _authors(task, versions) | parts.partners.bodies.keys()
    return bool(keepers & {consent.author, *_authors(consent.reference, versions)})


def _authors(reference: str, versions: Iterable[Version]) -> set[str]:
    """Organisation numbers of those who made the versions of a resource, by their Provenances."""
    traces = [v.body for v in versions if v.type == "Provenance"]
    of = [t for t in traces if any(one["reference"].startswith(f"{reference}/") for one in t["target"])]
    return {number for trace in of for agent in trace["agent"] if (number := _author(agent))}


def _author(agent: Resource) -> str:
    kinds = {coding["code"] for coding in agent.get("type", {}).get("coding", ())}
    number = agent.get("who", {}).get("identifier", {})
    return str(number.get("value", "")) if _AUTHOR in kinds and number.get("system") == ENH else ""
