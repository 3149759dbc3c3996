"""What must be set for the address register, what production refuses, and what a person is told and may do."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import respx
from cases import FIXTURES, empty_database
from edi20_calls import KEY

from adapter.app import address_register, build, refuse_unsafe, system_clock
from adapter.cli.commands import app
from adapter.domain.register import Entry
from adapter.outside.store import Database, open_store
from adapter.replay import open_stage, read_case
from adapter.settings import Settings

UNIT = "8900022"
ISSUER = "https://helseid-sts.nhn.no"
REAL = {
    "register_url": "https://register.nhn.no",
    "helseid_issuer": ISSUER,
    "helseid_token_endpoint": f"{ISSUER}/connect/token",
}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    key = tmp_path / "key.jwk"
    key.write_text(json.dumps(KEY.as_dict(private=True)), "utf-8")
    who = {"helseid_client_id": "us", "helseid_key": key}
    return REAL | who | {"database": f"sqlite:///{tmp_path / 'adapter.db'}"}


@pytest.fixture
def store(settings: dict[str, Any], tmp_path: Path) -> Iterator[Database]:
    empty_database(tmp_path / "adapter.db")
    database = open_store(settings["database"])
    yield database
    database.close()


@pytest.fixture
def set_(settings: dict[str, Any], store: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The same as environment variables."""
    for name, value in settings.items():
        monkeypatch.setenv(f"IP_ADAPTER_{name.upper()}", str(value))
    return settings


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code of `ip-adapter register` and what it printed."""
    with pytest.raises(SystemExit) as ended:
        app(["register", *words])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out + told.err


def test_without_an_address_there_is_no_register_and_the_adapter_is_whole(store: Database) -> None:
    assert address_register(Settings()) is None
    assert build(Settings(), store)


@pytest.mark.parametrize(
    "missing", ["helseid_issuer", "helseid_token_endpoint", "helseid_client_id", "helseid_key"]
)
def test_what_is_missing_is_named_at_the_start(
    settings: dict[str, Any], store: Database, missing: str
) -> None:
    del settings[missing]
    with pytest.raises(ValueError, match=f"IP_ADAPTER_REGISTER_URL needs IP_ADAPTER_{missing.upper()}"):
        build(Settings(**settings), store)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "address", ["http://register.nhn.no", "https://127.0.0.1:8103", "https://register.test.nhn.no"]
)
def test_production_takes_real_addresses_by_https_only(
    settings: dict[str, Any], name: str, address: str
) -> None:
    production = {"environment": "production", "subject_secret": "s3cret", "issuer": ISSUER}
    refuse_unsafe(Settings(**settings | production))
    with pytest.raises(ValueError, match=f"IP_ADAPTER_{name.upper()}"):
        refuse_unsafe(Settings(**settings | production | {name: address}))


def test_what_is_kept_is_listed_with_what_nobody_has_looked_at(
    set_: dict[str, Any], store: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys) == (0, "The register was never asked.\n")
    now = system_clock()
    gone = Entry(UNIT, "gone", "999900022", now, now, look_since=now)
    ends = now + timedelta(days=3)
    old = replace(gone, her_id="8900011", state="active", look_since=None, signing_until=ends)
    store.register().keep([gone, replace(old, checked_at=now - timedelta(days=30))])
    code, told = said(capsys)
    lines = told.splitlines()
    assert code == 0
    assert lines[0].strip().startswith("8900011")
    assert "too old to count" in lines[0]
    assert f"certificate for signing ends {ends.date()}" in lines[1]
    assert lines[2].startswith(f"look {UNIT}")
    assert "ended there" in lines[2]
    listed = json.loads(said(capsys, "--json")[1])
    assert [(one["her_id"], one["here"], one["counts"]) for one in listed] == [
        ("8900011", "999900011", False),
        (UNIT, "999900022", True),
    ]


def test_a_letter_that_is_held_for_its_address_is_listed_with_that_reason(
    set_: dict[str, Any], store: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = FIXTURES / "register" / "address-goes-while-the-need-waits"
    stage = open_stage(folder, store)
    for step in read_case(folder).steps[:5]:
        stage.play(step)
    with pytest.raises(SystemExit):
        app(["parked", "--json"])
    (held,) = json.loads(capsys.readouterr().out)
    assert (held["list"], held["reason"], held["to"]) == ("delivery", "address-gone", "999900022")


def test_a_person_takes_an_address_off_the_list_with_a_reason(
    set_: dict[str, Any], store: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    now = system_clock()
    store.register().keep([Entry(UNIT, "gone", "999900022", now, now, look_since=now)])
    assert said(capsys, UNIT, "--why", "Rung up")[0] == 0
    assert not store.register().to_look_at()
    assert said(capsys, "8900099", "--why", "Nobody's")[0] == 1


@pytest.mark.parametrize("what", ["here", "8900022x", "٣", "1" * 11])
def test_what_is_no_her_id_is_not_asked_for(
    set_: dict[str, Any], capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert said(capsys, what) == (1, "ip-adapter: a HER-id is a number\n")


def test_without_a_register_that_is_said(
    set_: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IP_ADAPTER_REGISTER_URL")
    assert said(capsys, "check") == (2, "ip-adapter: IP_ADAPTER_REGISTER_URL is not set\n")


@respx.mock
def test_an_issuer_that_gives_no_token_is_named(
    set_: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    respx.post(REAL["helseid_token_endpoint"]).respond(400, json={"error": "invalid_client"})
    code, told = said(capsys, UNIT)
    assert (code, "connect/token: no-token" in told) == (2, True)


@respx.mock
def test_one_address_is_asked_for_with_its_certificates(
    set_: dict[str, Any], store: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that is not ours; nothing is kept of it."""
    token = {"access_token": "t", "token_type": "DPoP", "expires_in": 60}
    respx.post(REAL["helseid_token_endpoint"]).respond(200, json=token)
    of = {"parentOrganization": {"organizationNumber": "999900022"}}
    party = {"herId": 77, "type": "Service", "serviceDetails": of, "validTo": None}
    respx.get(f"{REAL['register_url']}/api/v1/communicationparty/77").respond(200, json=party)
    pair = {"isCurrent": True, "signingCertificate": {"validFrom": "2026-01-01T00:00:00Z"}}
    respx.get(f"{REAL['register_url']}/api/v1/certificate/77").respond(200, json=[pair])
    code, told = said(capsys, "77")
    assert code == 0
    assert told.splitlines() == [
        "77: Service of organisation 999900022",
        "  signing     2026-01-01 to no end  in use",
    ]
    assert not store.register().entries()
