"""The organisations we exchange with, and the addresses we answer for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from adapter.domain.message import Party


@dataclass(frozen=True, slots=True)
class Partner:
    """One row of the partner table.

    `organisation` is the number in Enhetsregisteret. `services` maps HER-id to the name of the service in
    Adresseregisteret; the organisation's own HER-id stands there too. `served`: we answer for its addresses.
    `endpoint` is where FHIR messages to it are posted; None means that it takes no FHIR push.
    """

    organisation: str
    name: str
    kind: Literal["hospital", "municipality", "adapter"]
    services: Mapping[str, str]
    served: bool
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Partners:
    """The partner table, looked up by organisation number or by HER-id."""

    by_organisation: Mapping[str, Partner]
    by_her_id: Mapping[str, Partner]

    def of(self, party: Party) -> Partner | None:
        """The partner a party of a message is: its organisation number and HER-ids must agree."""
        found = [self.by_her_id.get(her_id) for her_id in party.her_ids]
        if party.organisation:
            found.append(self.by_organisation.get(party.organisation))
        first = found[0] if found else None
        return first if all(partner is first for partner in found) else None

    def endpoints(self) -> frozenset[str]:
        """The only addresses that the adapter ever posts to."""
        return frozenset(p.endpoint for p in self.by_organisation.values() if p.endpoint)
