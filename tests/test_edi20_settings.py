"""What must be set for the message service, and what production refuses; and what people see of its mailbox."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cases import empty_database
from edi20_calls import KEY

from adapter.api.metrics import Metrics
from adapter.api.places import Places
from adapter.app import build, limits, message_service, refuse_unsafe, transport, watch
from adapter.cli.commands import app
from adapter.cli.failed import Failed
from adapter.cli.reaching import message_service_answers
from adapter.domain.mailbox import Notice
from adapter.outside.channels import Channels
from adapter.outside.edi20 import Edi20V2, Edi20V3
from adapter.outside.store import Database, open_store
from adapter.settings import Settings

MESSAGE = "0556bccf-ccf9-4597-9673-14cbd1a96d99"
NOW = datetime(2026, 3, 10, tzinfo=UTC)
REAL = {
    "edi20_url": "https://api.tjener.melding.nhn.no",
    "helseid_issuer": "https://helseid-sts.nhn.no",
    "helseid_token_endpoint": "https://helseid-sts.nhn.no/connect/token",
}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    key = tmp_path / "key.jwk"
    key.write_text(json.dumps(KEY.as_dict(private=True)), "utf-8")
    who = {"helseid_client_id": "us", "helseid_key": key, "edi20_her_ids": "8900091, 8900022"}
    return REAL | who | {"database": f"sqlite:///{tmp_path / 'adapter.db'}"}


@pytest.fixture
def store(settings: dict[str, Any], tmp_path: Path) -> Iterator[Database]:
    empty_database(tmp_path / "adapter.db")
    database = open_store(settings["database"])
    yield database
    database.close()


def test_without_an_address_there_is_no_message_service() -> None:
    assert message_service(Settings()) is None


@pytest.mark.parametrize(("version", "kind"), [("3", Edi20V3), ("2", Edi20V2)])
def test_with_one_letters_have_a_way_by_each_channel(
    settings: dict[str, Any], store: Database, version: str, kind: type[object]
) -> None:
    given = Settings(**settings, edi20_version=version)
    assert given.edi20_her_ids == ("8900091", "8900022")
    connection = message_service(given)
    assert connection
    assert isinstance(connection.service, kind)
    assert isinstance(transport(given, build(given, store), service=connection.service), Channels)


@pytest.mark.parametrize("missing", ["edi20_her_ids", "helseid_client_id", "helseid_key", "helseid_issuer"])
def test_what_is_missing_is_named_at_the_start(
    settings: dict[str, Any], store: Database, missing: str
) -> None:
    del settings[missing]
    with pytest.raises(ValueError, match=f"IP_ADAPTER_{missing.upper()}"):
        build(Settings(**settings), store)


@pytest.mark.parametrize(
    "her_id", ["8900011", "1234567", "here"], ids=["a-hospital's", "nobody's", "no-number"]
)
def test_only_mail_of_addresses_that_are_served_is_fetched(
    settings: dict[str, Any], store: Database, her_id: str
) -> None:
    with pytest.raises(ValueError, match="IP_ADAPTER_EDI20_HER_IDS"):
        build(Settings(**settings | {"edi20_her_ids": her_id}), store)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "address", ["http://api.tjener.melding.nhn.no", "https://127.0.0.1:8105", "https://edi20.example", ""]
)
def test_production_takes_real_addresses_by_https_only(
    settings: dict[str, Any], name: str, address: str
) -> None:
    production = {
        "environment": "production",
        "subject_secret": "s3cret",
        "issuer": "https://helseid-sts.nhn.no",
    }
    refuse_unsafe(Settings(**settings | production))
    if name == "edi20_url" and not address:
        return  # then there is none
    with pytest.raises(ValueError, match=f"IP_ADAPTER_{name.upper()}"):
        refuse_unsafe(Settings(**settings | production | {name: address}))


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "answers (version 3)"), (403, "no configuration"), (400, "refuses (HTTP 400)"), (503, "fails")],
)
@respx.mock
def test_whether_the_service_can_be_reached_is_asked_without_changing_anything(
    settings: dict[str, Any], status: int, said: str
) -> None:
    respx.post(REAL["helseid_token_endpoint"]).respond(
        200, json={"access_token": "t", "token_type": "DPoP", "expires_in": 60}
    )
    answer = httpx.Response(status, json={"notifications": []}, headers={"Retry-After": "9"})
    respx.get(f"{REAL['edi20_url']}/notifications").mock(return_value=answer)
    if status in (200, 403):
        assert said in message_service_answers(Settings(**settings))
    else:
        with pytest.raises(Failed, match=re.escape(said)):
            message_service_answers(Settings(**settings))
    assert {call.request.method for call in respx.calls} == {"POST", "GET"}


@respx.mock
def test_an_issuer_that_gives_no_token_is_named(settings: dict[str, Any]) -> None:
    respx.post(REAL["helseid_token_endpoint"]).respond(400, json={"error": "invalid_client"})
    with pytest.raises(Failed, match=r"connect/token: no-token"):
        message_service_answers(Settings(**settings))


def test_what_waits_in_the_mailbox_is_counted_where_there_is_one(
    settings: dict[str, Any], store: Database
) -> None:
    parked(store)
    seen = {}
    for given in (Settings(**settings), Settings(database=settings["database"])):
        watched = watch(given, store)
        asyncio.run(watched.look())
        text = Metrics(watched, Places(limits(given))).text().decode()
        seen[bool(given.edi20_url)] = [
            line for line in text.splitlines() if line.startswith("ip_adapter_mailbox")
        ]
    assert seen == {
        True: [
            'ip_adapter_mailbox{state="announced"} 0.0',
            'ip_adapter_mailbox{state="answered"} 0.0',
            'ip_adapter_mailbox{state="parked"} 1.0',
        ],
        False: [],
    }


def asked(capsys: pytest.CaptureFixture[str], database: str, *words: str) -> Any:
    """What a command says, as JSON."""
    with pytest.raises(SystemExit) as ended:
        app([*words, "--database", database, "--json"])
    said = capsys.readouterr()
    assert ended.value.code in (0, None), said.err
    return json.loads(said.out)


def parked(store: Database) -> None:
    store.mailbox().note("edi20", [Notice(MESSAGE, "8900091", "message", 7)], 7, NOW)
    begun = store.mailbox().begin(store.mailbox().due(datetime(2200, 1, 1, tzinfo=UTC), 1))
    store.mailbox().write(begun, [replace(one, state="parked", because="not-xml") for one in begun])


def test_a_message_that_could_not_be_taken_is_listed_and_tried_again_or_left_by_a_person(
    settings: dict[str, Any], store: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    url = settings["database"]
    parked(store)
    (listed,) = asked(capsys, url, "parked")
    assert (listed["id"], listed["list"], listed["reason"]) == (MESSAGE, "mailbox", "not-xml")
    assert listed["text"] == "Innholdet er ikke velformet XML."
    assert asked(capsys, url, "requeue", MESSAGE, "--why", "Sent anew")["state"] == "announced"
    assert store.mailbox().counts() == {"announced": 1, "answered": 0, "parked": 0}
    parked(store)
    assert asked(capsys, url, "skip", MESSAGE, "--why", "Told by telephone")["message"] == MESSAGE
    assert asked(capsys, url, "parked") == []
