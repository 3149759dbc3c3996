"""The consent that a FHIR notification brings says who gave it: may they? What is not shown is for a person.

A notification that names nobody is taken at its word, as before: the hospital asked the person, or who consents for it.
"""

from adapter.domain.authority import Care
from adapter.domain.case import Resource
from adapter.domain.days import first_moment
from adapter.flows.givers import giver_findings, names_giver
from adapter.flows.parts import Parts
from adapter.flows.reported_consent import ReportedConsent
from adapter.mapping.engine import Root
from adapter.wire.parties import Entries


def giver_doubt(bundle: Resource, reported: ReportedConsent, parts: Parts) -> str | None:
    """The place where it is not shown that a giver may consent, or None.

    Judged as of the day of the consent; the person's own counts as given with the need where it has none. So the
    message says the same whenever it is read again, unless it tells of a consent still to come; what has lapsed since
    is not sent.
    """
    roots = reported.roots
    if not {"consent", "need", "patient"} <= roots.keys() or not names_giver(roots["consent"].tree, parts):
        return None
    authored = roots["need"].tree.get("authoredOn")
    given = first_moment(authored) if isinstance(authored, str) else None
    root = _with_people(bundle, roots["consent"])
    found = giver_findings(root, roots["patient"].tree, Care(), parts, given, parts.clock())
    return found[0].where if found else None


def _with_people(bundle: Resource, consent: Root) -> Root:
    """The consent with the related persons that stand beside it in the Bundle, as if they stood in it."""
    entries = Entries(bundle)
    references = [p.get("reference") for p in consent.tree.get("performer", ())]
    hits = ((r, entries.resolve(r)) for r in references if isinstance(r, str) and not r.startswith("#"))
    beside = [hit[1] | {"id": r} for r, hit in hits if hit and hit[1].get("resourceType") == "RelatedPerson"]
    contained = [*consent.tree.get("contained", ()), *beside]
    return Root(consent.place, consent.tree | {"contained": contained} if beside else consent.tree)
