"""The client of the address register: what it asks for, what it understands, and what it survives."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest
import respx
from edi20_calls import ENDPOINT, Clock, granting, tokens_of
from joserfc import jws
from proof import Proofs as ProofsChecked

from adapter.domain.register import Certificate, Events, Party
from adapter.outside.calls import Calls
from adapter.outside.register import RegisterV1
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.service_ports import RegisterService

ADDRESS = "https://cpapi.test.grunndata.nhn.no"
PARTY, EVENTS = f"{ADDRESS}/api/v1/communicationparty/8900022", f"{ADDRESS}/api/v1/event"
T = TypeVar("T")
ENTRY = {
    "herId": 8900022,
    "name": "Saksbehandling",
    "type": "Service",
    "serviceDetails": {
        "serviceType": {"codeListId": "8663", "value": "KD0501"},
        "parentOrganization": {"herId": 8900002, "name": "TESTKOMMUNEN", "organizationNumber": "999900022"},
    },
    "currentSigningCertificate": {"thumbprint": "A", "validTo": "2027-06-01T12:00:00+02:00"},
    "currentEncryptionCertificate": {"thumbprint": "B", "validTo": "2027-06-02T12:00:00.1234567Z"},
    "amqpTransportStatus": "Inherited",
    "validFrom": "2018-01-01T00:00:00",
    "validTo": "9999-12-31T23:59:59.9999999+01:00",
}


def with_register(act: Callable[[RegisterService], Awaitable[T]], most: float = 2.0) -> T:
    clock = Clock()

    async def at_once(_seconds: float) -> None:
        return None

    async def run() -> T:
        async with httpx.AsyncClient() as http:
            tokens, proofs = tokens_of(http, clock)
            headers = {"nhn-source-system": "ip-adapter"}
            calls = Calls(ADDRESS, headers, tokens, proofs, http, clock, sleep=at_once, seconds=most)
            return await act(RegisterV1(calls))

    return asyncio.run(run())


def party() -> Party | None:
    return with_register(lambda register: register.party("8900022"))


@respx.mock
def test_an_entry_is_read_with_its_organisation_and_its_ends() -> None:
    granting()
    route = respx.get(PARTY).respond(200, json=ENTRY)
    signing, encryption = datetime(2027, 6, 1, 10, tzinfo=UTC), datetime(2027, 6, 2, 12, tzinfo=UTC)
    assert party() == Party("8900022", "Service", "999900022", None, signing, encryption)
    request = route.calls.last.request
    assert request.headers["Authorization"] == "DPoP token-1"
    proofs = ProofsChecked(Clock().now.timestamp)
    proofs.checked(request.headers["DPoP"], "GET", PARTY, "token-1")
    assert "jwk" in jws.extract_compact(request.headers["DPoP"].encode()).headers()


@respx.mock
@pytest.mark.parametrize(
    ("change", "read"),
    [
        (
            {"validTo": "2026-01-31T23:00:00Z"},
            ("Service", "999900022", datetime(2026, 1, 31, 23, tzinfo=UTC)),
        ),
        ({"validTo": None}, ("Service", "999900022", None)),
        ({"serviceDetails": {"parentOrganization": {"organizationNumber": None}}}, ("Service", "", None)),
        ({"serviceDetails": None}, ("Service", "", None)),
        (
            {"type": "Organization", "organizationDetails": {"organizationNumber": "999900033"}},
            ("Organization", "999900033", None),
        ),
        (
            {
                "type": "Person",
                "serviceDetails": None,
                "personDetails": {"parentOrganization": {"organizationNumber": "999900033"}},
            },
            ("Person", "999900033", None),
        ),
    ],
)
def test_each_kind_of_entry_is_understood(change: dict[str, Any], read: tuple[str, str, Any]) -> None:
    granting()
    respx.get(PARTY).respond(200, json=ENTRY | change)
    found = party()
    assert found
    assert (found.kind, found.organisation, found.until) == read


@respx.mock
def test_an_address_that_the_register_does_not_know_is_no_fault() -> None:
    granting()
    respx.get(PARTY).respond(404)
    assert party() is None


@respx.mock
@pytest.mark.parametrize("status", [400, 403, 410])
def test_a_refusal_is_named_and_not_asked_for_again(status: int) -> None:
    granting()
    route = respx.get(PARTY).respond(status, json={"detail": "8900022 Kari Nordmann"})
    with pytest.raises(ServiceRefuses) as refused:
        party()
    assert (refused.value.http, route.call_count) == (status, 1)
    assert "Nordmann" not in str(refused.value)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "because", "tries"),
    [
        (httpx.Response(401), "no-token", 2),
        (httpx.Response(429, headers={"Retry-After": "7"}), "busy", 1),
        (httpx.Response(500), "fails", 3),
        (httpx.Response(503, headers={"Retry-After": "60"}), "fails", 1),
        (httpx.Response(307, headers={"Location": "https://elsewhere.nhn.no"}), "nonsense", 1),
        (httpx.Response(200, text="<html>"), "nonsense", 1),
        (httpx.Response(200, json=[]), "nonsense", 1),
        (httpx.Response(200, json=ENTRY | {"herId": 8900023}), "nonsense", 1),
        (httpx.Response(200, json=ENTRY | {"type": "All"}), "nonsense", 1),
        (httpx.Response(200, json=ENTRY | {"validTo": "soon"}), "nonsense", 1),
        (httpx.Response(200, json=ENTRY | {"validTo": "2026-02-30T00:00:00Z"}), "nonsense", 1),
        (httpx.Response(200, content=b" " * 3_000_000), "too-long", 1),
        (httpx.ConnectError("no"), "unreachable", 3),
        (httpx.ReadTimeout("slow"), "timed-out", 3),
        (httpx.ReadError("cut"), "cut-off", 3),
    ],
)
def test_whatever_else_it_says_is_named(
    answer: httpx.Response | httpx.HTTPError, because: str, tries: int
) -> None:
    granting()
    route = respx.get(PARTY).mock(side_effect=[answer] * 3)
    with pytest.raises(ServiceAway) as away:
        party()
    assert (away.value.because, route.call_count) == (because, tries)


@respx.mock
def test_without_a_token_nothing_is_asked() -> None:
    respx.post(ENDPOINT).respond(400, json={"error": "invalid_scope"})
    route = respx.get(PARTY).respond(200, json=ENTRY)
    with pytest.raises(ServiceAway, match="no-token"):
        party()
    assert not route.called


@respx.mock
def test_events_are_read_on_from_behind_a_number() -> None:
    granting()
    listed = [
        {"sequenceNumber": 7, "herId": 1, "eventType": "CommunicationPartyUpdated"},
        {"sequenceNumber": 9, "herId": 2, "eventType": "CommunicationPartyCreated"},
        {"sequenceNumber": 12, "herId": 2, "eventType": "SomethingNew"},
        {"sequenceNumber": "13", "herId": 3},
        {"sequenceNumber": 14},
        "nothing",
    ]
    route = respx.get(EVENTS).respond(200, json={"results": listed, "count": 6})
    read = with_register(lambda register: register.events(7))
    assert read == Events(("2",), 14, full=False)
    assert dict(route.calls.last.request.url.params) == {"fromSequenceNumber": "8", "maxEvents": "1000"}


@respx.mock
def test_a_page_as_long_as_it_may_be_is_not_the_last() -> None:
    granting()
    listed = [{"sequenceNumber": number, "herId": 5} for number in range(1, 1001)]
    respx.get(EVENTS).respond(200, json={"results": listed})
    assert with_register(lambda register: register.events(0)) == Events(("5",), 1000, full=True)


@respx.mock
@pytest.mark.parametrize("body", [[], {}, {"results": None}, {"results": {}}])
def test_what_is_no_page_of_events_moves_nothing(body: Any) -> None:
    granting()
    respx.get(EVENTS).respond(200, json=body)
    with pytest.raises(ServiceAway, match="nonsense"):
        with_register(lambda register: register.events(0))


@respx.mock
def test_a_register_without_events_has_come_to_none() -> None:
    granting()
    respx.get(f"{EVENTS}/latest").mock(
        side_effect=[httpx.Response(404), httpx.Response(200, json={"sequenceNumber": 41, "herId": 1})]
    )

    async def twice(register: RegisterService) -> list[int]:
        return [await register.latest(), await register.latest()]

    assert with_register(twice) == [0, 41]


@respx.mock
def test_the_certificates_to_use_now_come_first() -> None:
    granting()
    then, now = "2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    listed = [
        {"isCurrent": False, "signingCertificate": {"thumbprint": "x", "validFrom": then, "validTo": now}},
        {"isCurrent": True, "encryptionCertificate": {"thumbprint": "y", "validFrom": now, "validTo": None}},
    ]
    respx.get(f"{ADDRESS}/api/v1/certificate/8900022").respond(200, json=listed)
    from_, to = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert with_register(lambda register: register.certificates("8900022")) == (
        Certificate("encryption", to, None, current=True),
        Certificate("signing", from_, to, current=False),
    )
