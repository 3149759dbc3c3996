"""Resources over HTTP: read and updated by those who take part, as the CapabilityStatement says and not otherwise."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_client import (
    ADDRESS,
    HOSPITAL,
    MUNICIPALITY,
    OTHER_HOSPITAL,
    Api,
    api_on,
    open_database,
    problems,
    task_of,
    token,
    versions_of,
)
from api_messages import need

from adapter.wire import json
from adapter.wire.fhir import check

STATEMENT = "/fhir/metadata"
METHODS = {
    "read": ("GET", "{type}/{id}"),
    "vread": ("GET", "{type}/{id}/_history/1"),
    "update": ("PUT", "{type}/{id}"),
    "patch": ("PATCH", "{type}/{id}"),
    "delete": ("DELETE", "{type}/{id}"),
    "history-instance": ("GET", "{type}/{id}/_history"),
    "history-type": ("GET", "{type}/_history"),
    "create": ("POST", "{type}"),
    "search-type": ("GET", "{type}"),
    "search-type by POST": ("POST", "{type}/_search"),
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    store = open_database(tmp_path)
    yield api_on(store)
    store.close()


@pytest.fixture
def task(api: Api) -> dict[str, Any]:
    """The Task of a case that has come to the municipality, as the municipality reads it."""
    read: dict[str, Any] = api.read(task_of(api.message(need()))).json()
    return read


def received(task: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in task.items() if k != "businessStatus"} | {"status": "received"}


def test_the_owner_reads_a_task_with_its_version(api: Api, task: dict[str, Any]) -> None:
    answer = api.read(f"Task/{task['id']}")
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"] == f"{ADDRESS}/Task/{task['id']}/_history/1"
    assert answer.headers["cache-control"] == "no-store"
    assert not check(task)


def test_an_update_makes_a_version_and_the_one_before_can_still_be_read(
    api: Api, task: dict[str, Any]
) -> None:
    answer = api.put(received(task), If_Match='W/"1"')
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert answer.headers["location"] == f"{ADDRESS}/Task/{task['id']}/_history/2"
    assert api.read(f"Task/{task['id']}").json()["status"] == "received"
    assert api.read(f"Task/{task['id']}/_history/1").json() == task


def test_an_update_without_if_match_is_428(api: Api, task: dict[str, Any]) -> None:
    answer = api.put(received(task))
    assert (answer.status_code, problems(answer)) == (428, ["if-match-missing"])
    assert answer.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("stale", ['W/"7"', '"0"', "nonsense", "*"])
def test_a_stale_update_is_412_and_tells_the_version_that_stands(
    api: Api, task: dict[str, Any], stale: str
) -> None:
    answer = api.put(received(task), If_Match=stale)
    assert (answer.status_code, problems(answer)) == (412, ["stale-version"])
    assert answer.headers["etag"] == 'W/"1"'
    assert api.read(f"Task/{task['id']}").json() == task


def test_an_update_of_another_resource_than_the_address_names_is_refused(
    api: Api, task: dict[str, Any]
) -> None:
    path, body = f"/fhir/Consent/{task['id']}", json.dumps(task)
    headers = token(MUNICIPALITY) | {"Content-Type": "application/fhir+json", "If-Match": 'W/"1"'}
    answer = api("PUT", path, content=body, headers=headers)
    assert (answer.status_code, problems(answer)) == (400, ["id-mismatch"])


def test_the_hospital_that_reported_the_need_may_read_how_it_goes_and_not_take_the_steps(
    api: Api, task: dict[str, Any]
) -> None:
    assert api.read(f"Task/{task['id']}", HOSPITAL).json() == task
    answer = api.put(received(task), HOSPITAL, If_Match='W/"1"')
    assert (answer.status_code, problems(answer)) == (403, ["actor-not-allowed"])


def test_a_stranger_cannot_tell_a_case_from_none(api: Api, task: dict[str, Any]) -> None:
    one, none = (api.read(f"Task/{id_}", OTHER_HOSPITAL) for id_ in (task["id"], "x"))
    assert (one.status_code, one.content) == (none.status_code, none.content)
    assert one.status_code == 404


def test_a_stranger_cannot_tell_a_case_from_none_by_writing(api: Api, task: dict[str, Any]) -> None:
    one, none = (
        api.put(received(task) | {"id": id_}, OTHER_HOSPITAL, If_Match='W/"1"') for id_ in (task["id"], "x")
    )
    assert (one.status_code, one.content) == (none.status_code, none.content)


@pytest.mark.parametrize(
    "path", ["Observation/1", "Task", "Task/x", "Task/_x", f"Task/{'1' * 65}", "Task/x/_history/0", "a/b/c"]
)
def test_what_is_not_there_is_404_in_fhir(api: Api, path: str) -> None:
    answer = api.read(path)
    assert (answer.status_code, problems(answer)) == (404, ["not-found"])


@pytest.mark.parametrize("version", ["2", "9" * 30, "one", "-1", "%2e%2e"])
def test_a_version_that_is_not_there_is_404(api: Api, task: dict[str, Any], version: str) -> None:
    assert api.read(f"Task/{task['id']}/_history/{version}").status_code == 404


def test_a_locked_database_is_503_for_an_update(api: Api, task: dict[str, Any], tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "adapter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = api.put(received(task), If_Match='W/"1"')
    assert (answer.status_code, problems(answer)) == (503, ["store-busy"])
    assert "retry-after" in answer.headers


def test_the_capability_statement_is_valid_and_needs_no_token(api: Api) -> None:
    statement = api("GET", STATEMENT).json()
    assert not check(statement)
    assert statement["fhirVersion"] == "4.0.1"


def test_the_messages_of_the_statement_are_those_that_are_taken(api: Api) -> None:
    messaging = api("GET", STATEMENT).json()["messaging"][0]
    stated = {m["definition"].rpartition("/")[2] for m in messaging["supportedMessage"]}
    assert "need-notified" in stated
    for number, event in enumerate([*stated, "no-such-event"]):
        letter = f"0d6e6a0e-6a2b-4a3e-9f57-3b1a52f1c01{number}"
        answer = api.message(need(event=event, letter=letter, envelope=letter))
        assert ("unsupported-message-type" in problems(answer)) is (event not in stated)


def test_every_listed_interaction_answers_and_every_other_is_404_or_405(
    api: Api, task: dict[str, Any]
) -> None:
    resources = api("GET", STATEMENT).json()["rest"][0]["resource"]
    listed = {(r["type"], i["code"]) for r in resources for i in r["interaction"]}
    case = {v.type: v for v in versions_of(api, f"Task/{task['id']}")}
    types = {r["type"] for r in resources}
    besides = {
        "Communication",
        "DocumentReference",
    }  # what is said within a case, and what comes along with it
    assert types == set(case) | besides, "the statement names the types a whole case is made of"
    for type_ in (*sorted(case), "Observation", "Bundle", "task"):
        standing = case.get(type_, case["Task"])
        for code, (method, path) in METHODS.items():
            address = "/fhir/" + path.format(type=type_, id=standing.id)
            answer = api(
                method,
                address,
                content=json.dumps(standing.body),
                headers=token(MUNICIPALITY) | {"Content-Type": "application/fhir+json", "If-Match": 'W/"1"'},
            )
            expected = (200,) if (type_, code) in listed else (404, 405)
            assert answer.status_code in expected, (type_, code)
            if answer.status_code == 405:
                assert problems(answer) == ["method-not-allowed"]
                assert method not in answer.headers["allow"]


def test_every_listed_operation_answers_who_may_read_the_resource(api: Api, task: dict[str, Any]) -> None:
    """The service overview of a team: to the unit that has the case, and to nobody who takes no part in it."""
    listed = {
        (r["type"], o["name"])
        for r in api("GET", STATEMENT).json()["rest"][0]["resource"]
        for o in r.get("operation", ())
    }
    assert listed == {("CareTeam", "service-overview")}
    team = next(v for v in versions_of(api, f"Task/{task['id']}") if v.type == "CareTeam")
    address = f"/fhir/CareTeam/{team.id}/$service-overview"
    overview = api("GET", address, headers=token(MUNICIPALITY)).json()
    assert overview["category"][0]["coding"][0]["code"] == "service-overview"
    assert check(overview) == ()
    assert api("GET", address, headers=token(OTHER_HOSPITAL)).status_code == 404
    assert api("PUT", address, headers=token(MUNICIPALITY)).status_code == 405
