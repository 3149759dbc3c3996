"""Every address with data asks who calls and whether the token grants it, before anything is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_client import (
    FHIR,
    HOSPITAL,
    MESSAGES,
    READ,
    WRITE,
    XML,
    Api,
    api_on,
    nobody_answers,
    open_database,
    problems,
    token,
)
from starlette.routing import Route

from adapter.outside.store import Database

ASKED = [
    ("POST", "/fhir/$process-message", FHIR, MESSAGES),
    ("POST", "/edi/messages", XML, MESSAGES),
    ("POST", "/edi/receipts", XML, MESSAGES),
    ("GET", "/fhir/Task/x", {}, READ),
    ("GET", "/fhir/Task/x/_history/1", {}, READ),
    ("PUT", "/fhir/Task/x", FHIR, WRITE),
]
OPEN = ["/fhir/metadata", "/health/live", "/health/ready", "/metrics"]
FORMS = {"/fhir": "application/fhir+json", "/edi/": "application/problem+json"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def api(store: Database) -> Api:
    return api_on(store)


@pytest.mark.parametrize(("method", "path", "headers", "scope"), ASKED)
def test_without_a_token_nothing_is_answered(
    api: Api, method: str, path: str, headers: dict[str, str], scope: str
) -> None:
    answer = api(method, path, headers=headers)
    assert (answer.status_code, problems(answer)) == (401, ["no-token"])
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == FORMS[path[:5]]


@pytest.mark.parametrize(("method", "path", "headers", "scope"), ASKED)
def test_a_token_that_is_not_the_issuers_is_refused(
    api: Api, method: str, path: str, headers: dict[str, str], scope: str
) -> None:
    forged = token()["Authorization"][:-8] + "AAAAAAAA"
    answer = api(method, path, headers=headers | {"Authorization": forged})
    assert (answer.status_code, problems(answer)) == (401, ["token-refused"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "headers", "scope"), ASKED)
def test_each_address_takes_its_own_scope_and_no_other(
    api: Api, method: str, path: str, headers: dict[str, str], scope: str
) -> None:
    others = {MESSAGES, READ, WRITE} - {scope}
    answer = api(method, path, headers=headers | token(HOSPITAL, *others))
    assert (answer.status_code, problems(answer)) == (403, ["scope-missing"])
    assert api(method, path, headers=headers | token(HOSPITAL, scope)).status_code in (400, 404)


@pytest.mark.parametrize(("method", "path", "headers", "scope"), ASKED)
def test_an_issuer_that_does_not_answer_is_a_reason_to_try_again(
    store: Database, method: str, path: str, headers: dict[str, str], scope: str
) -> None:
    answer = api_on(store, fetch=nobody_answers)(method, path, headers=headers | token())
    assert (answer.status_code, problems(answer)) == (503, ["issuer-unreachable"])
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == FORMS[path[:5]]


def test_every_route_but_the_open_ones_asks_for_a_token(api: Api) -> None:
    asked = {path for _, path, _, _ in ASKED}
    for route in api.app.routes:
        assert isinstance(route, Route)
        concrete = route.path.replace("{id}", "x").replace("{version}", "1")
        for method in route.methods if concrete not in OPEN else ():
            assert api(method, concrete).status_code == 401, (method, route.path)
            asked.discard(concrete)
    assert not asked


@pytest.mark.parametrize("path", OPEN)
def test_what_is_open_needs_no_token(api: Api, path: str) -> None:
    assert api("GET", path).status_code == 200
