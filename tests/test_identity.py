"""Access tokens: each rule of HelseID's list is shown by a token in which only that rule is broken.

The tokens are signed here with the standard library and `cryptography`, not with the library under test.
"""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.domain.message import Caller
from adapter.domain.problems import Refused
from adapter.outside.identity import Identity
from adapter.ports import IssuerUnreachable

ISSUER = "https://issuer.example"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PARENT, CHILD = "helseid://claims/client/claims/orgnr_parent", "helseid://claims/client/claims/orgnr_child"
RSA = {name: rsa.generate_private_key(65537, 2048) for name in ("first", "second")}
CURVE = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {
    "iss": ISSUER,
    "aud": "ip-adapter",
    "exp": int(NOW.timestamp()) + 60,
    "nbf": int(NOW.timestamp()),
    "iat": int(NOW.timestamp()),
    "scope": ["ip-adapter/messages", "ip-adapter/cases.read"],
    PARENT: "999900011",
}
HEAD = {"alg": "RS256", "typ": "at+jwt", "kid": "first"}
ABSENT = object()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def signature(alg: str, data: bytes, kid: str) -> bytes:
    if alg == "RS256":
        return RSA[kid].sign(data, padding.PKCS1v15(), hashes.SHA256())
    if alg == "PS256":
        return RSA[kid].sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if alg == "ES256":
        r, s = utils.decode_dss_signature(CURVE.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return hmac.new(public_pem(), data, hashlib.sha256).digest() if alg == "HS256" else b""


def public_pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return RSA["first"].public_key().public_bytes(serialization.Encoding.PEM, form)


def token(signed_by: str = "first", head: dict[str, Any] | None = None, **changed: Any) -> str:
    header = {k: v for k, v in {**HEAD, **(head or {})}.items() if v is not ABSENT}
    claims = {k: v for k, v in {**CLAIMS, **changed}.items() if v is not ABSENT}
    content = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return content + "." + b64(signature(str(header.get("alg")), content.encode(), signed_by))


def jwk(kid: str, **more: str) -> dict[str, str]:
    numbers = RSA[kid].public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(numbers.n), "e": number(numbers.e), **more}


def curve_jwk() -> dict[str, str]:
    point = CURVE.public_key().public_numbers()
    x, y = (b64(value.to_bytes(32, "big")) for value in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "kid": "curve", "use": "sig", "x": x, "y": y}


class Issuer:
    """An issuer whose documents a test sets; `asked` counts the fetches of its keys."""

    def __init__(self, *keys: Any) -> None:
        self.keys, self.asked, self.down = list(keys) or [jwk("first")], 0, False
        self.discovery: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}
        self.now = NOW

    def fetch(self, address: str) -> bytes:
        self.asked += address.endswith("/jwks")
        if self.down:
            raise IssuerUnreachable
        documents = {
            f"{ISSUER}/.well-known/openid-configuration": self.discovery,
            f"{ISSUER}/jwks": {"keys": self.keys},
        }
        return json.dumps(documents[address]).encode()

    def identity(self) -> Identity:
        return Identity(ISSUER, "ip-adapter", lambda: self.now, self.fetch)


def refusal(identity: Identity, authorization: str | None) -> str:
    with pytest.raises(Refused) as refused:
        identity.caller(authorization)
    assert not refused.value.findings[0].where
    return refused.value.findings[0].problem


def test_a_sound_token_names_the_organisation_and_its_scopes() -> None:
    caller = Issuer().identity().caller(f"Bearer {token()}")
    assert caller == Caller("999900011", frozenset({"ip-adapter/messages", "ip-adapter/cases.read"}))


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ({"alg": "PS256"}, "first"),
        ({"typ": "JWT"}, "first"),
        ({"kid": ABSENT}, "first"),
        ({"alg": "ES256", "kid": "curve"}, "curve"),
    ],
)
def test_the_forms_that_helseid_may_use_are_taken(head: dict[str, Any], key: str) -> None:
    keys = curve_jwk() if key == "curve" else jwk("first", use="sig")
    assert Issuer(keys).identity().caller("bearer " + token(head=head)).organisation == "999900011"


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        ("ip-adapter/messages ip-adapter/cases.read", {"ip-adapter/messages", "ip-adapter/cases.read"}),
        (["ip-adapter/messages"], {"ip-adapter/messages"}),
        ("", set()),
        (ABSENT, set()),
    ],
)
def test_scope_is_a_text_or_a_list(claim: Any, scopes: set[str]) -> None:
    assert Issuer().identity().caller("Bearer " + token(scope=claim)).scopes == scopes


SECONDS = int(NOW.timestamp())
BROKEN = {
    "signed with another key": {"signed_by": "second"},
    "not signed": {"head": {"alg": "none"}},
    "HMAC with the public key as secret": {"head": {"alg": "HS256"}},
    "an algorithm nobody knows": {"head": {"alg": "XX256"}},
    "another type": {"head": {"typ": "dpop+jwt"}},
    "no type": {"head": {"typ": ABSENT}},
    "an unknown key": {"head": {"kid": "other"}},
    "a critical extension we do not know": {"head": {"crit": ["x"], "x": 1}},
    "another issuer": {"iss": "https://issuer.example/"},
    "several issuers": {"iss": [ISSUER]},
    "no issuer": {"iss": ABSENT},
    "another audience": {"aud": "ip-adapter2"},
    "two audiences": {"aud": ["ip-adapter", "other"]},
    "no audience": {"aud": ABSENT},
    "expired": {"exp": SECONDS - 6},
    "no expiry": {"exp": ABSENT},
    "expiry as text": {"exp": "never"},
    "expiry that is no number": {"exp": float("nan")},
    "not valid yet": {"nbf": SECONDS + 6},
    "issued in the future": {"iat": SECONDS + 6},
    "issued at no time": {"iat": "yesterday"},
    "no organisation": {PARENT: ABSENT},
    "an organisation that is no number": {PARENT: "99990001X"},
    "an organisation as a number": {PARENT: 999900011},
    "a child that is no number": {CHILD: "child"},
    "scope of the wrong kind": {"scope": {"ip-adapter/messages": True}},
    "scopes of the wrong kind": {"scope": [1]},
    "bound to a key that was not shown": {"cnf": {"jkt": "x"}},
}


@pytest.mark.parametrize("what", BROKEN)
def test_one_broken_rule_refuses_the_token(what: str) -> None:
    assert refusal(Issuer().identity(), "Bearer " + token(**BROKEN[what])) == "token-refused"


@pytest.mark.parametrize("changed", [{"exp": SECONDS - 4}, {"nbf": SECONDS + 5}, {"iat": SECONDS + 5}])
def test_clocks_may_differ_by_five_seconds(changed: dict[str, int]) -> None:
    assert Issuer().identity().caller("Bearer " + token(**changed))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "DPoP abc", token()])
def test_without_a_bearer_token_the_caller_is_asked_for_one(header: str | None) -> None:
    assert refusal(Issuer().identity(), header) == "no-token"


@given(st.one_of(st.text(), st.from_regex(r"[\w-]{0,9}\.[\w-]{0,9}\.[\w-]{0,9}")), st.booleans())
def test_any_other_text_is_refused_and_never_raises_anything_else(text: str, as_head: bool) -> None:
    forged = b64(text.encode("utf-8", "replace")) + ".e30." if as_head else text
    assert refusal(Issuer().identity(), "Bearer x" + forged) == "token-refused"


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from(["RS256", "kid", "alg"]),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["alg", "kid", "typ", "b64"]), inner),
    )
)
@example(["alg"])
@example(5)
def test_a_forged_head_of_any_shape_is_refused(head: Any) -> None:
    assert (
        refusal(Issuer().identity(), f"Bearer {b64(json.dumps(head).encode())}.e30.AAAA") == "token-refused"
    )


def test_deeply_nested_and_very_long_tokens_are_refused() -> None:
    for forged in (b64(b"[" * 5000) + ".e30.AAAA", "a" * 20_000, token(padding="x" * 20_000)):
        assert refusal(Issuer().identity(), "Bearer " + forged) == "token-refused"


def test_a_key_for_encryption_or_a_shared_secret_among_the_keys_checks_nothing() -> None:
    secret = {"kty": "oct", "kid": "first", "k": b64(public_pem())}
    for keys in ([jwk("second"), jwk("first", use="enc")], [jwk("second"), secret]):
        for head in ({}, {"alg": "HS256"}):
            assert refusal(Issuer(*keys).identity(), "Bearer " + token(head=head)) == "token-refused"
    with pytest.raises(IssuerUnreachable):
        Issuer(jwk("first", use="enc")).identity().caller("Bearer " + token(head={"kid": ABSENT}))


def test_keys_that_cannot_be_read_do_not_hide_the_others() -> None:
    issuer = Issuer({"kty": "RSA", "kid": "broken"}, {"kty": "AKP"}, "text", None, jwk("first"))
    assert issuer.identity().caller("Bearer " + token())


def test_keys_are_fetched_once_and_again_for_an_unknown_key_at_most_once_a_minute() -> None:
    issuer = Issuer(jwk("first"))
    identity = issuer.identity()
    identity.caller("Bearer " + token())
    identity.caller("Bearer " + token())
    assert issuer.asked == 1

    issuer.keys, rotated = [jwk("second")], "Bearer " + token("second", {"kid": "second"})
    assert refusal(identity, rotated) == "token-refused"
    assert issuer.asked == 1
    issuer.now += timedelta(seconds=60)
    later = {"exp": SECONDS + 600}
    assert identity.caller("Bearer " + token("second", {"kid": "second"}, **later))
    assert refusal(identity, "Bearer " + token("first", **later)) == "token-refused"
    assert issuer.asked == 2


def test_callers_that_come_at_once_share_one_fetch() -> None:
    issuer = Issuer()
    identity = issuer.identity()
    with ThreadPoolExecutor(16) as threads:
        callers = list(threads.map(identity.caller, ["Bearer " + token()] * 64))
    assert set(callers) == {identity.caller("Bearer " + token())}
    assert issuer.asked == 1


def test_a_withdrawn_key_loses_its_force_within_half_a_day() -> None:
    issuer, lasting = Issuer(jwk("first")), "Bearer " + token(exp=SECONDS + 90_000)
    identity = issuer.identity()
    identity.caller(lasting)
    issuer.keys = [jwk("second")]
    issuer.now += timedelta(hours=12)
    assert refusal(identity, lasting) == "token-refused"


def test_an_issuer_that_is_down_does_not_stop_callers_whose_key_is_known() -> None:
    issuer, lasting = Issuer(jwk("first")), {"exp": SECONDS + 90_000}
    identity = issuer.identity()
    identity.caller("Bearer " + token(**lasting))
    issuer.down = True
    issuer.now += timedelta(hours=13)
    assert identity.caller("Bearer " + token(**lasting))
    with pytest.raises(IssuerUnreachable):  # the key may be new: the caller should come back
        identity.caller("Bearer " + token("second", {"kid": "second"}, **lasting))


def test_without_any_key_the_caller_learns_that_the_issuer_is_down_until_it_is_up() -> None:
    issuer = Issuer()
    identity, issuer.down = issuer.identity(), True
    with pytest.raises(IssuerUnreachable):
        identity.caller("Bearer " + token())
    issuer.down, issuer.now = False, issuer.now + timedelta(seconds=1)
    assert identity.caller("Bearer " + token())


def test_a_discovery_document_that_points_elsewhere_is_not_followed() -> None:
    keys = f"{ISSUER}/jwks"
    for name, address in (
        ("https://other.example", keys),
        (ISSUER, "https://issuer.example.org/jwks"),
        (ISSUER, "http://issuer.example/jwks"),
        (ISSUER, None),
    ):
        issuer = Issuer()
        issuer.discovery = {"issuer": name, "jwks_uri": address}
        with pytest.raises(IssuerUnreachable):
            issuer.identity().caller("Bearer " + token())
        assert issuer.asked == 0
