"""What NHN's address register (Adresseregisteret) says of the addresses that health data goes to.

Everybody on Helsenettet keeps its own entry there up to date (forskrift om standarder § 4, R-102), and who sends
answers for the address it sends to (R-103). A unit is a service (HER-id of level 2) of its organisation (HIS 1153).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

Kind = Literal["Service", "Organization", "Person", ""]
State = Literal["active", "gone", "unknown-there", "other-organisation", "other-kind"]
"""gone: it has ended there. unknown-there: the register has no such address. other-organisation: it is a service of
somebody else. other-kind: it is no service, or an organisation where a service should be."""

Amiss = Literal["address-gone", "address-of-another", "address-is-no-service"]
"""Why nothing is sent to an address: the names of problems."""
AMISS: Final = frozenset(get_args(Amiss))


@dataclass(frozen=True, slots=True)
class Address:
    """A HER-id of our tables, and whose it is there: organisation number, service or organisation itself."""

    her_id: str
    organisation: str
    kind: Kind = "Service"


@dataclass(frozen=True, slots=True)
class Party:
    """A communication party of the register.

    `organisation` is the number of its parent, or its own if it is an organisation; "" where none is said. Ends are
    moments in UTC, None where none is said: of the entry, and of the certificates it has now.
    """

    her_id: str
    kind: Kind
    organisation: str
    until: datetime | None = None
    signing_until: datetime | None = None
    encryption_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One of an address: what it is for, its period (UTC), and whether it is the one to use now."""

    use: Literal["signing", "encryption"]
    valid_from: datetime | None
    valid_to: datetime | None
    current: bool


@dataclass(frozen=True, slots=True)
class Events:
    """HER-ids that were made or changed, read on to the sequence number `last`; `full`: there may be more."""

    her_ids: tuple[str, ...]
    last: int
    full: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """How far the events of a register were read, and when each address was last asked for. None: never."""

    position: int | None = None
    whole_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Belief:
    """How long an answer counts, and how long before its end a certificate is told of (mappings/register.yaml)."""

    answer: timedelta
    certificate: timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of an address: what the register said when it was last asked (`checked_at`).

    `since`: from when it has said so. `look_since`: from when a person should look at it; None if none needs to.
    """

    her_id: str
    state: State
    organisation: str
    since: datetime
    checked_at: datetime
    until: datetime | None = None
    signing_until: datetime | None = None
    encryption_until: datetime | None = None
    look_since: datetime | None = None

    def state_at(self, now: datetime) -> State:
        """An end that the register told of comes without its being asked again."""
        ended = self.until is not None and self.until <= now
        return "gone" if ended and self.state == "active" else self.state

    def believed(self, now: datetime, belief: Belief) -> bool:
        """Whether the answer still counts; one from the future never did."""
        return timedelta() <= now - self.checked_at <= belief.answer


def state_of(party: Party | None, address: Address, now: datetime) -> State:
    """What the register's answer means for an address of ours; None: it has none."""
    if party is None:
        return "unknown-there"
    if party.until is not None and party.until <= now:
        return "gone"
    if party.organisation and party.organisation != address.organisation:
        return "other-organisation"
    return "active" if party.kind == address.kind else "other-kind"


def learned(
    before: Entry | None, party: Party | None, state: State, her_id: str, now: datetime, belief: Belief
) -> Entry:
    """What is kept after an answer. A person looks where it is not as it was, or not as it should be at first, and
    where a certificate has come near its end since.
    """
    entry = Entry(
        her_id=her_id,
        state=state,
        organisation=party.organisation if party else "",
        since=now,
        checked_at=now,
        until=party.until if party else None,
        signing_until=party.signing_until if party else None,
        encryption_until=party.encryption_until if party else None,
    )
    ending = set(certificates_ending(entry, now, belief))
    if before is None:
        return replace(entry, look_since=None if state == "active" and not ending else now)
    known = set(certificates_ending(before, before.checked_at, belief))
    same = before.state == state
    look = before.look_since if same and ending <= known else now
    return replace(entry, since=before.since if same else now, look_since=look)


def not_to_be_used(entry: Entry | None, organisation: str, now: datetime, belief: Belief) -> Amiss | None:
    """Why health data must not go to an address as that of an organisation (number), by what the register last said.

    A need goes to a service, never to a person (R-102; HIS 1153: a unit is a HER-id of level 2). Nothing is known
    without a register, and nothing is believed of it for ever.
    """
    if entry is None or not entry.believed(now, belief):
        return None
    state = entry.state_at(now)
    if state in ("gone", "unknown-there"):
        return "address-gone"
    elsewhere = entry.organisation not in ("", organisation)
    if elsewhere or state == "other-organisation":
        return "address-of-another"
    return "address-is-no-service" if state == "other-kind" else None


def certificates_ending(entry: Entry, now: datetime, belief: Belief) -> Iterator[tuple[str, datetime]]:
    """Those of an address that are over or soon will be: what for, and until when."""
    for use, until in (("signing", entry.signing_until), ("encryption", entry.encryption_until)):
        if until is not None and until <= now + belief.certificate:
            yield use, until
