"""The organisations we exchange with, and the addresses we answer for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from adapter.domain.delivery import Channel
from adapter.domain.message import Party

Form = Literal["dialog-1.1", "dialog-1.0"]
Language = Literal["nb", "nn"]
Kind = Literal["hospital", "private-institution", "municipality", "nav", "child-welfare", "school", "adapter"]
Body = Literal["child-welfare", "care-tribunal"]
"""What an organisation may be by law: a service of child welfare, or who decides on care (bvl § 5-1)."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """What a kind of partner may do (mappings/partner-kinds.yaml): report a need; have by law what health personnel
    need for care (hpl § 25), as its people are such."""

    reports: bool
    health: bool
    because: str


@dataclass(frozen=True, slots=True)
class Partner:
    """One row of the partner table.

    `organisation` is the number in Enhetsregisteret. `services` maps HER-id to the name of the service in
    Adresseregisteret; the organisation's own HER-id stands there too. `served`: we answer for its addresses.
    `channel` is how it takes messages: FHIR messages, Hodemelding over HTTPS (`edi`), or Hodemelding through NHN's
    message service (`edi20`). `endpoint` is where messages are posted; None where there is none of its own.
    `form` is the dialog message it reads, `language` that of the texts written for its people (bokmål, nynorsk).
    `receipts`: whether it answers XML with AppRec; where it does not, the transport's answer counts.
    `address`: the HER-id of the one service that all messages for it go to; "" where there is no such one.
    """

    organisation: str
    name: str
    kind: Kind
    services: Mapping[str, str]
    served: bool
    endpoint: str | None
    channel: Channel = "fhir"
    form: Form = "dialog-1.1"
    language: Language = "nb"
    receipts: bool = True
    address: str = ""

    @property
    def reachable(self) -> bool:
        """Whether there is a way to it; the message service has one address for all, which is a setting."""
        return self.endpoint is not None or self.channel == "edi20"

    @property
    def her_id(self) -> str:
        """The HER-id of the organisation itself: the one that stands under its own name; "" where there is none."""
        return next((her_id for her_id, name in self.services.items() if name == self.name), "")

    @property
    def service_her_ids(self) -> tuple[str, ...]:
        """The HER-ids of its services. The first is where messages go that have no other address."""
        return tuple(her_id for her_id, name in self.services.items() if name != self.name)


@dataclass(frozen=True, slots=True)
class Partners:
    """The partner table, looked up by organisation number or by HER-id.

    `bodies`: by organisation number, what an organisation is by law, whether messages are exchanged with it or not.
    """

    by_organisation: Mapping[str, Partner]
    by_her_id: Mapping[str, Partner]
    bodies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, party: Party) -> Partner | None:
        """The partner a party of a message is: its organisation number and HER-ids must agree."""
        found = [self.by_her_id.get(her_id) for her_id in party.her_ids]
        if party.organisation:
            found.append(self.by_organisation.get(party.organisation))
        first = found[0] if found else None
        return first if all(partner is first for partner in found) else None

    def by_its_organisation(self, party: Party) -> Partner | None:
        """The partner by organisation number and outermost HER-id; a service may be unknown, but not another's."""
        partner = self.of(Party(party.organisation, party.her_ids[:1]))
        services = (self.by_her_id.get(her_id, partner) for her_id in party.her_ids[1:])
        return partner if all(service is partner for service in services) else None

    def may_be(self, organisation: str, party: Party) -> bool:
        """Whether a party can be this partner: it names nobody, or it by one of its numbers, and no other."""
        known = {p.organisation for her_id in party.her_ids if (p := self.by_her_id.get(her_id))}
        if party.organisation:
            known.add(party.organisation)
        return known == {organisation} if known or party.her_ids else True

    def endpoints(self) -> frozenset[str]:
        """The only addresses that the adapter ever posts to."""
        return frozenset(p.endpoint for p in self.by_organisation.values() if p.endpoint)
