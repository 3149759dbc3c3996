"""The register's JSON as objects of the domain: what is not known is passed over, what is needed must be there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from adapter.domain.register import Certificate, Events, Kind, Party
from adapter.ports import ServiceAway

_KINDS: dict[str, Kind] = {"Service": "Service", "Organization": "Organization", "Person": "Person"}
_PARENTS = ("serviceDetails", "personDetails")
_ORGANISATION = re.compile(r"[0-9]{9}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_OPEN_FROM = 9000
"""A year from which an end means that there is none: .NET writes the last moment it knows, 9999-12-31T23:59:59."""


def party(read: Any, her_id: str) -> Party:
    """The party of a HER-id. Raises ServiceAway (nonsense), also where it is another one's."""
    if not isinstance(read, dict) or str(read.get("herId")) != her_id or read.get("type") not in _KINDS:
        raise ServiceAway("nonsense", 200)
    return Party(
        her_id=her_id,
        kind=_KINDS[read["type"]],
        organisation=_organisation(read),
        until=_end(read.get("validTo")),
        signing_until=_end(_object(read, "currentSigningCertificate").get("validTo")),
        encryption_until=_end(_object(read, "currentEncryptionCertificate").get("validTo")),
    )


def events(read: Any, after: int, most: int) -> Events:
    """A page of events behind a sequence number. What has no number or no HER-id is passed over."""
    listed = read.get("results") if isinstance(read, dict) else None
    if not isinstance(listed, list):
        raise ServiceAway("nonsense", 200)
    told = [one for one in listed if isinstance(one, dict) and is_number(one.get("sequenceNumber"))]
    news = [one for one in told if one["sequenceNumber"] > after]
    her_ids = tuple(dict.fromkeys(str(one["herId"]) for one in news if is_number(one.get("herId"))))
    return Events(her_ids, max([after, *(one["sequenceNumber"] for one in news)]), len(listed) >= most)


def certificates(read: Any) -> tuple[Certificate, ...]:
    """Those of an address, the ones to use now first."""
    if not isinstance(read, list):
        raise ServiceAway("nonsense", 200)
    found = [one for pair in read if isinstance(pair, dict) for one in _pair(pair)]
    return tuple(sorted(found, key=lambda one: not one.current))


def is_number(read: Any) -> bool:
    """Whether it is a whole number of JSON."""
    return isinstance(read, int) and not isinstance(read, bool)


def _pair(pair: dict[str, Any]) -> Iterator[Certificate]:
    current = pair.get("isCurrent") is True
    if one := _object(pair, "signingCertificate"):
        yield Certificate("signing", _moment(one.get("validFrom")), _moment(one.get("validTo")), current)
    if one := _object(pair, "encryptionCertificate"):
        yield Certificate("encryption", _moment(one.get("validFrom")), _moment(one.get("validTo")), current)


def _organisation(read: dict[str, Any]) -> str:
    """Of a service or a person its parent's number, of an organisation its own."""
    of = _object(read, "organizationDetails")
    for name in _PARENTS:
        of = of or _object(_object(read, name), "parentOrganization")
    number = str(of.get("organizationNumber") or "")
    return number if _ORGANISATION.fullmatch(number) else ""


def _object(read: dict[str, Any], name: str) -> dict[str, Any]:
    found = read.get(name)
    return found if isinstance(found, dict) else {}


def _end(read: Any) -> datetime | None:
    moment = _moment(read)
    return None if moment is None or moment.year >= _OPEN_FROM else moment


def _moment(read: Any) -> datetime | None:
    """A date-time of RFC 3339, to the second; one without a zone is taken for UTC. Raises ServiceAway (nonsense)."""
    if read is None:
        return None
    found = _MOMENT.fullmatch(read) if isinstance(read, str) else None
    if found is not None:
        try:
            # Some of .NET's moments have seven decimals and an offset that leads out of the calendar.
            said = datetime.fromisoformat(found[1] + (found[3] or "Z"))
            return said.replace(tzinfo=UTC) if said.year >= _OPEN_FROM else said.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ServiceAway("nonsense", 200)
