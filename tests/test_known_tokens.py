"""A token that was checked is known again without a check, for as long as a full check would still let it in."""

from datetime import timedelta
from typing import Any

import pytest
from test_identity import CLAIMS, ISSUER, NOW, SECONDS, Issuer, jwk, refusal, token

from adapter.domain.message import Caller
from adapter.domain.problems import Refused
from adapter.outside import identity as outside
from adapter.outside.identity import Identity
from adapter.ports import IssuerUnreachable


def bearer(**changed: Any) -> str:
    return "Bearer " + token(**changed)


def test_a_token_is_known_after_its_first_check_and_not_before() -> None:
    identity, header = Issuer().identity(), bearer()
    assert identity.known(header) is None
    caller = identity.caller(header)
    assert identity.known(header) == caller
    assert identity.known(bearer(jti="another")) is None


def test_a_refused_token_is_never_known() -> None:
    identity, forged = Issuer().identity(), bearer(signed_by="second")
    identity.caller(bearer())
    assert refusal(identity, forged) == "token-refused"
    assert identity.known(forged) is None
    spoilt = bearer()[:-4] + "AAAA"
    assert identity.known(spoilt) is None


def test_an_expired_token_is_no_longer_known_and_then_checked_in_full() -> None:
    issuer, header = Issuer(), bearer()
    identity = issuer.identity()
    identity.caller(header)
    issuer.now = NOW + timedelta(seconds=59)
    assert identity.known(header)
    issuer.now = NOW + timedelta(seconds=60)
    assert identity.known(header) is None
    issuer.now = NOW + timedelta(seconds=66)
    assert refusal(identity, header) == "token-refused"


def test_new_keys_end_what_was_known_by_the_old_ones() -> None:
    issuer, lasting = Issuer(), bearer(exp=SECONDS + 90_000)
    identity = issuer.identity()
    identity.caller(lasting)
    issuer.keys, issuer.now = [jwk("second")], NOW + timedelta(seconds=61)
    identity.caller(bearer(signed_by="second", head={"kid": "second"}, exp=SECONDS + 90_000))
    assert identity.known(lasting) is None
    assert refusal(identity, lasting) == "token-refused"


def test_keys_that_are_old_are_asked_for_before_a_token_is_known_again() -> None:
    issuer, lasting = Issuer(), bearer(exp=SECONDS + 90_000)
    identity = issuer.identity()
    identity.caller(lasting)
    issuer.now = NOW + timedelta(hours=12)
    assert identity.known(lasting) is None
    identity.caller(lasting)
    assert issuer.asked == 2
    assert identity.known(lasting)


def test_what_is_known_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "MOST_REMEMBERED", 2)
    identity, headers = Issuer().identity(), [bearer(jti=str(n)) for n in range(3)]
    for header in headers:
        identity.caller(header)
    assert [identity.known(header) is not None for header in headers] == [False, True, True]


def test_knowing_asks_nobody_and_keeps_no_token() -> None:
    """Neither the issuer nor the keys are asked, and a dump of what is kept holds no part of the token."""
    issuer, header = Issuer(), bearer()
    identity = issuer.identity()
    caller = identity.caller(header)
    issuer.down = True
    assert identity.known(header) == caller == Caller(CLAIMS[next(reversed(CLAIMS))], caller.scopes)
    assert header[-40:] not in repr(identity._known)


@pytest.mark.parametrize("header", [None, "", "Basic abc"])
def test_without_a_token_the_caller_is_asked_for_one_at_once(header: str | None) -> None:
    def nobody(_: str) -> bytes:
        raise IssuerUnreachable

    identity = Identity(ISSUER, "ip-adapter", lambda: NOW, nobody)
    with pytest.raises(Refused) as refused:
        identity.known(header)
    assert refused.value.findings[0].problem == "no-token"


def test_a_token_that_holds_no_more_is_not_taken_away_from_under_another_threads_hands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here it is asked for between the choice of the oldest and its removal."""
    monkeypatch.setattr(outside, "MOST_REMEMBERED", 1)
    issuer, expired = Issuer(), bearer()
    identity = issuer.identity()

    class AskedMeanwhile(dict[bytes, Any]):
        def __iter__(self) -> Any:
            names = list(super().__iter__())
            assert identity.known(expired) is None
            return iter(names)

    identity.caller(expired)
    identity._known = AskedMeanwhile(identity._known)
    issuer.now = NOW + timedelta(seconds=60)
    lasting = bearer(exp=SECONDS + 600)
    assert identity.caller(lasting) == identity.known(lasting)


def test_a_token_that_is_checked_again_takes_no_other_ones_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "MOST_REMEMBERED", 2)
    identity, headers = Issuer().identity(), [bearer(jti=str(n)) for n in range(2)]
    for header in (*headers, headers[1]):
        identity.caller(header)
    assert all(identity.known(header) for header in headers)
