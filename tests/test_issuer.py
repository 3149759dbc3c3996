"""The pretend issuer: its tokens pass the same checks as those of HelseID; production refuses it."""

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from adapter.domain.message import Caller
from adapter.domain.problems import Refused
from adapter.outside.identity import Identity, acceptable_issuer, fetch_over_http
from adapter.ports import IssuerUnreachable

PROGRAM = Path(__file__).resolve().parents[1] / "docker" / "partners" / "issuer.py"
ALL = {"ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write"}
GRANT = {"grant_type": "client_credentials", "client_id": "999900011"}


@pytest.fixture(scope="module")
def issuer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pretend_issuer", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with subprocess.Popen([sys.executable, str(PROGRAM), "--port", "0"], stdout=subprocess.PIPE) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        yield ready["url"]
        process.terminate()


def asked(issuer: ModuleType, form: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(issuer.make_app("http://issuer.test", clock=lambda: 1_772_452_800.0))
        async with httpx.AsyncClient(transport=transport, base_url="http://issuer.test") as client:
            return await client.post("/token", data=form)

    return asyncio.run(ask())


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "hospital"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"orgnr_child": "12"}, "invalid_client"),
        ({"scope": "ip-adapter/messages everything"}, "invalid_scope"),
    ],
)
def test_a_faulty_request_gets_the_error_code_of_oauth(
    issuer: ModuleType, changed: dict[str, str], error: str
) -> None:
    answer = asked(issuer, {**GRANT, **changed})
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_only_the_scopes_asked_for_are_granted_and_the_answer_is_not_cached(issuer: ModuleType) -> None:
    answer = asked(issuer, {**GRANT, "scope": "ip-adapter/cases.read"})
    assert answer.json()["scope"] == "ip-adapter/cases.read"
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 600
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.processes
def test_the_adapter_takes_a_token_of_the_running_issuer(url: str) -> None:
    answer = httpx.post(f"{url}/token", data={**GRANT, "orgnr_child": "999900012"}, trust_env=False).json()
    identity = Identity(url, "ip-adapter", now)
    assert identity.caller(f"Bearer {answer['access_token']}") == Caller("999900011", frozenset(ALL))
    for elsewhere in (
        Identity(url, "another-api", now),
        Identity(url, "ip-adapter", lambda: datetime(2020, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(Refused):
            elsewhere.caller(f"Bearer {answer['access_token']}")


@pytest.mark.processes
def test_the_published_keys_hold_no_private_part(url: str) -> None:
    (key,) = json.loads(fetch_over_http(f"{url}/jwks"))["keys"]
    assert set(key) <= {"kty", "kid", "use", "alg", "n", "e"}


@pytest.mark.processes
def test_what_is_not_a_document_at_a_reachable_address_is_an_unreachable_issuer(url: str) -> None:
    for address in (f"{url}/nothing", "http://127.0.0.1:1/jwks", "nonsense", "http://[broken"):
        with pytest.raises(IssuerUnreachable):
            fetch_over_http(address)


def test_the_program_stands_alone() -> None:
    """It runs in a container of its own that does not hold the adapter."""
    assert "import adapter" not in PROGRAM.read_text()
    assert "from adapter" not in PROGRAM.read_text()


@pytest.mark.parametrize(
    "pretend",
    [
        "http://helseid-sts.nhn.no",
        "https://helseid-sts.test.nhn.no",
        "https://127.0.0.1:8089",
        "https://[::1]",
        "https://localhost",
        "https://issuer:8089",
        "https://issuer.example",
        "https://helseid-sts.nhn.no@issuer.nhn.no",
        "https://[broken",
        "",
    ],
)
def test_production_trusts_neither_the_pretend_issuer_nor_a_test_issuer(pretend: str) -> None:
    assert not acceptable_issuer(pretend, "production")


def test_each_environment_has_an_issuer_it_trusts() -> None:
    assert acceptable_issuer("https://helseid-sts.nhn.no", "production")
    assert acceptable_issuer("http://127.0.0.1:8089", "test")
    assert not acceptable_issuer("file:///etc/keys", "test")
