"""What operators see of the HTTP door: health, figures and log lines, and never a person in any of them."""

import asyncio
import json
import logging
import re
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from api_client import (
    FHIR,
    HOSPITAL,
    MUNICIPALITY,
    NEW_ID,
    NOW,
    XML,
    Api,
    api_on,
    logged,
    open_database,
    problems,
    task_of,
    token,
)
from api_messages import HODEMELDING, PERSON, need
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from adapter.api.logging import redact
from adapter.api.service import fresh_id
from adapter.api.watch import LATE_SECONDS, Measure, Watch
from adapter.domain.condition import MODES, Bounds, Measured
from adapter.outside.store import Database
from adapter.watching import measuring
from adapter.wire.fhir import check

THEIRS = "1b671a64-40d5-491e-99b0-da01ff1f3341"
DOORS = [("/fhir/$process-message", FHIR), ("/edi/messages", XML)]


class Broken:
    """A store with a fault that talks of a person."""

    def transaction(self) -> Any:
        raise RuntimeError(f"row of {PERSON}")

    def backlog(self) -> dict[str, int]:
        raise RuntimeError(PERSON)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def api(store: Database, tmp_path: Path) -> Api:
    return api_on(store, measure=looking_at(store, tmp_path))


@pytest.fixture
def broken() -> Api:
    return api_on(Broken(), measure=looking_at(Broken(), Path()))  # type: ignore[arg-type]


def samples(api: Api) -> dict[tuple[str, ...], float]:
    text = api("GET", "/metrics").text
    return {
        (s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(text) for s in f.samples
    }


def looking_at(store: Any, folder: Path) -> Measure:
    return measuring(store, folder / "adapter.db", lambda: NOW)


def ready(api: Api) -> tuple[int, str, list[str]]:
    """What readiness says right after a look."""
    api.look()
    answer = api("GET", "/health/ready")
    assert ("retry-after" in answer.headers) is (answer.status_code == 503)
    return answer.status_code, answer.json()["mode"], answer.json()["reasons"]


def everywhere(api: Api) -> None:
    """Calls at every door, some of them with a person where nobody should put one."""
    answer = api.message(need())
    api.read(task_of(answer))
    api.edi(HODEMELDING.encode())
    for path in (f"/fhir/Task/{PERSON}", f"/fhir/Patient?identifier={PERSON}", f"/{PERSON}", "/edi/messages"):
        hidden = {"X-Request-ID": f"00000000-0000-4000-8000-0{PERSON}", "User-Agent": PERSON}
        api("GET", path, headers=token() | hidden)
    api("PUT", f"/fhir/Task/{PERSON}", content=PERSON, headers=token() | FHIR | {"If-Match": PERSON})
    api(PERSON, "/fhir/metadata", headers={"Authorization": PERSON})


def test_it_is_live_without_a_database_and_ready_only_with_one(tmp_path: Path) -> None:
    store = open_database(tmp_path)
    api = api_on(store, measure=looking_at(store, tmp_path))
    assert ready(api) == (200, "normal", [])
    with closing(sqlite3.connect(tmp_path / "adapter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ready(api) == (503, "read-only", ["database-read-only"])
        assert api("GET", "/health/live").status_code == 200
    (tmp_path / "adapter.db").unlink()
    assert ready(api) == (503, "degraded", ["database-away"])
    assert api("GET", "/health/live").status_code == 200
    store.close()


def test_a_process_that_ends_says_so_and_ends_every_connection(api: Api) -> None:
    assert "connection" not in api("GET", "/health/live").headers
    api.watch.stop()
    assert ready(api) == (503, "stopping", ["stopping"])
    for path in ("/health/live", "/fhir/metadata", "/fhir/Task/x", "/nowhere"):
        assert api("GET", path).headers["connection"] == "close"
    assert api.message(need()).status_code == 200


def test_a_look_that_does_not_come_back_counts_as_a_database_that_is_away(store: Database) -> None:
    now, released = [0.0], threading.Event()
    watch = Watch(lambda: Measured(writable=released.wait(30)), Bounds(0, 0), seconds=lambda: now[0])

    async def looked() -> list[str]:
        look = asyncio.create_task(watch.look())
        await asyncio.sleep(0)
        seen = [watch.condition.mode]
        now[0] += LATE_SECONDS + 1
        seen.append(watch.condition.mode)
        released.set()
        await look
        return [*seen, watch.condition.mode]

    assert asyncio.run(looked()) == ["normal", "degraded", "normal"]


def test_figures_count_answers_by_door_and_status_and_deliveries_by_place(api: Api) -> None:
    everywhere(api)
    api.look()
    figures = samples(api)
    assert figures["ip_adapter_answers_total", "fhir", "200"] == 2
    assert figures["ip_adapter_answers_total", "edi", "200"] == 1
    assert figures["ip_adapter_answers_total", "edi", "405"] == 1
    assert figures["ip_adapter_deliveries", "head"] == sum(api.parts.store.backlog().values()) > 0
    assert figures["ip_adapter_store_answers",] == 1
    assert figures["ip_adapter_condition", "normal"] == 1
    assert figures["ip_adapter_oldest_delivery_seconds",] == 0
    assert figures["ip_adapter_refused_total", "method-not-allowed"] > 0
    assert figures["process_resident_memory_bytes",] > 1_000_000
    assert figures["ip_adapter_requests_in_hand",] == figures["ip_adapter_bytes_in_hand",] == 0


def test_no_label_of_a_figure_is_the_callers_own_text(api: Api) -> None:
    everywhere(api)
    labels = {label for _, *labels in samples(api) for label in labels}
    places, problems = {"head", "behind", "held"}, set(api.parts.tables.problems.problems)
    assert labels <= {"fhir", "edi", "other", *places, *MODES, *problems, *map(str, range(200, 504))}


def test_two_apps_count_for_themselves(store: Database) -> None:
    first, second = api_on(store), api_on(store)
    first("GET", "/fhir/metadata")
    assert ("ip_adapter_answers_total", "fhir", "200") in samples(first)
    assert ("ip_adapter_answers_total", "fhir", "200") not in samples(second)


def test_a_database_that_cannot_be_read_leaves_the_other_figures(tmp_path: Path) -> None:
    store = open_database(tmp_path)
    (tmp_path / "adapter.db").unlink()
    api = api_on(store, measure=looking_at(store, tmp_path))
    api.look()
    assert samples(api)["ip_adapter_store_answers",] == 0
    store.close()


@pytest.mark.parametrize("given", [THEIRS, THEIRS.upper()])
def test_a_request_id_that_is_a_uuid_comes_back(api: Api, given: str) -> None:
    for path in ("/fhir/metadata", "/health/live", "/nowhere", "/fhir/Task/x"):
        assert api("GET", path, headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x", PERSON, THEIRS + "0", f"{{{THEIRS}}}", THEIRS.replace("-", "")])
def test_any_other_request_id_is_replaced(api: Api, given: str) -> None:
    assert api("GET", "/health/live", headers={"X-Request-ID": given}).headers["x-request-id"] == NEW_ID


@pytest.mark.parametrize(("path", "headers"), DOORS)
def test_a_fault_of_ours_is_answered_in_the_callers_form_and_tells_nothing_of_a_person(
    broken: Api, path: str, headers: dict[str, str]
) -> None:
    content = json.dumps(need()).encode() if "fhir" in path else HODEMELDING.encode()
    with logged() as log:
        answer = broken("POST", path, content=content, headers=token() | headers | {"X-Request-ID": THEIRS})
    assert (answer.status_code, problems(answer)) == (500, ["internal"])
    assert answer.headers["x-request-id"] == THEIRS
    assert THEIRS in answer.text
    assert PERSON not in answer.text + log.getvalue() + str(answer.headers)
    fault, request = (json.loads(line) for line in log.getvalue().splitlines())
    assert (fault["error"], fault["correlation"], request["status"]) == ("RuntimeError", THEIRS, 500)
    assert re.fullmatch(r"adapter/flows/(accept|conversation)\.py:\d+ \w+", fault["at"])


def test_a_fault_answer_on_fhir_is_valid_and_carries_a_fresh_id_if_none_came(broken: Api) -> None:
    outcome = broken.message(need()).json()
    assert not check(outcome)
    assert outcome["id"] == NEW_ID


def test_a_fault_in_measuring_counts_as_a_database_that_is_away_and_tells_no_person(broken: Api) -> None:
    with logged() as log:
        assert ready(broken) == (503, "degraded", ["database-away"])
    assert "RuntimeError" in log.getvalue()
    assert PERSON not in log.getvalue()
    assert samples(broken)["ip_adapter_store_answers",] == 0


def test_every_request_is_one_line_that_names_the_route_and_not_the_path(api: Api) -> None:
    task = task_of(api.message(need()))
    with logged() as log:
        api.read(task)
        api("GET", "/nowhere/at/all")
    read, lost = (json.loads(line) for line in log.getvalue().splitlines())
    assert (read["route"], read["organisation"], read["status"]) == ("/fhir/Task/{id}", MUNICIPALITY, 200)
    assert read["method"] == "GET"
    assert read["ms"] >= 0
    assert read["correlation"] == NEW_ID
    assert (lost["route"], lost["status"]) == ("none", 404)


def test_no_log_line_holds_an_identity_number_or_an_id_of_a_path(api: Api) -> None:
    task = task_of(api.message(need()))
    with logged() as log:
        everywhere(api)
        api.read(task, HOSPITAL)
        logging.getLogger("library").error("could not insert %s", PERSON, exc_info=ValueError(PERSON))
        structlog.get_logger("ours").warning(PERSON, number=int(PERSON), deep={"list": [PERSON]})
    lines = log.getvalue()
    assert len(lines.splitlines()) >= 11
    assert not re.search(r"\d{11}", lines)
    assert task.split("/")[1] not in lines
    assert "ValueError" in lines


def test_a_fresh_correlation_id_is_a_uuid_that_stands_in_the_log_as_it_is() -> None:
    for made in (fresh_id() for _ in range(2_000)):
        assert str(uuid.UUID(made)) == redact(None, "info", {"correlation": made})["correlation"]


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_redaction_leaves_no_eleven_digits_anywhere(value: Any) -> None:
    event = redact(
        None, "info", {"event": PERSON, "value": value, "beside": [value, f"a{PERSON}b", object()]}
    )
    assert not re.search(r"(?<!\\u)\d{11}", json.dumps(event, ensure_ascii=False))
