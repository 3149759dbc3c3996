"""Tokens for what we ask of others: proven by signatures that somebody else checks, asked for as rarely as can be."""

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from edi20_calls import ENDPOINT, ISSUER, KEY, Clock, granting, with_tokens
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey
from proof import Assertions, NotProven
from proof import Proofs as ProofsChecked

from adapter.outside.dpop import Proofs
from adapter.outside.helseid import AccessTokens, read_key
from adapter.ports import ServiceAway


async def a_token(tokens: AccessTokens) -> str:
    return await tokens.token()


@respx.mock
def test_the_client_proves_who_it_is_and_which_key_its_token_is_for() -> None:
    """The pretend issuer's own checks of assertion and proof take what goes out, once and not twice."""
    clock, route = Clock(), granting()
    assert with_tokens(a_token, clock) == "token-1"
    request = route.calls.last.request
    form = dict(parse_qsl(request.content.decode()))
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "nhn:edi20/api"
    seconds = clock.now.timestamp()
    assertions, proofs = Assertions(lambda: seconds), ProofsChecked(lambda: seconds)
    public = KEY.as_dict(private=False)
    assertions.check(form["client_assertion"], "our-client", public, ISSUER)
    jkt, nonce = proofs.checked(request.headers["DPoP"], "POST", ENDPOINT)
    assert (len(jkt), nonce) == (43, "")
    with pytest.raises(NotProven):
        assertions.check(form["client_assertion"], "our-client", public, ISSUER)
    with pytest.raises(NotProven):
        proofs.checked(request.headers["DPoP"], "POST", ENDPOINT)
    assert jws.extract_compact(form["client_assertion"].encode()).headers()["kid"] == "ours"


@respx.mock
def test_a_token_is_used_until_shortly_before_its_end() -> None:
    clock, route = Clock(), granting(seconds=600)

    async def act(tokens: AccessTokens) -> list[int]:
        asked = []
        for seconds in (0, 500, 69, 2):
            clock.pass_(seconds)
            await tokens.token()
            asked.append(route.call_count)
        return asked

    assert with_tokens(act, clock) == [1, 1, 1, 2]


@respx.mock
def test_many_who_need_a_token_at_once_ask_for_one() -> None:
    route = granting()

    async def act(tokens: AccessTokens) -> list[str]:
        got = await asyncio.gather(*(tokens.token() for _ in range(20)))
        return [*got, *await asyncio.gather(*(tokens.token(refused="token-1") for _ in range(20)))]

    assert set(with_tokens(act)) == {"token-1"}
    assert route.call_count == 2 + 19  # the issuer gave the refused one again: nobody uses it on that account


@respx.mock
def test_the_issuers_nonce_is_used_once_it_is_asked_for() -> None:
    asked = httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"DPoP-Nonce": "n-1"})
    given = httpx.Response(200, json={"access_token": "t", "token_type": "DPoP", "expires_in": 60})
    route = respx.post(ENDPOINT).mock(side_effect=[asked, given])
    assert with_tokens(a_token) == "t"
    proof = route.calls.last.request.headers["DPoP"]
    key = ECKey.import_key(jws.extract_compact(proof.encode()).headers()["jwk"])
    assert jwt.decode(proof, key, algorithms=["ES256"]).claims["nonce"] == "n-1"


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "invalid_client"}),
        httpx.Response(400, json={"error": "use_dpop_nonce"}),
        httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 60}),
        httpx.Response(200, json={"access_token": "t", "token_type": "DPoP"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(302, headers={"Location": "https://elsewhere.nhn.no"}),
        httpx.Response(503),
        httpx.Response(200, content=b"x" * 200_000),
        httpx.ConnectError("no"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_whatever_the_issuer_says_instead_there_is_no_token_and_no_other_error(
    answer: httpx.Response | httpx.HTTPError,
) -> None:
    route = respx.post(ENDPOINT).mock(side_effect=[answer, answer])
    with pytest.raises(ServiceAway, match="no-token"):
        with_tokens(a_token)
    assert route.call_count <= 2


def test_each_process_proves_with_a_key_of_its_own() -> None:
    assert Proofs(Clock()).thumbprint != Proofs(Clock()).thumbprint


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"kty": "EC"}',
        json.dumps(KEY.as_dict(private=False)),
        json.dumps(OctKey.generate_key().as_dict()),
    ],
    ids=[
        "nothing",
        "a list",
        "no key",
        "a public key",
        "a shared secret",
    ],  # keys are made anew in each process
)
def test_a_key_file_without_a_private_key_is_refused_without_a_word_of_it(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "key.jwk"
    file.write_text(content)
    with pytest.raises(ValueError, match="IP_ADAPTER_HELSEID_KEY") as refused:
        read_key(file)
    assert not content or content not in str(refused.value)
