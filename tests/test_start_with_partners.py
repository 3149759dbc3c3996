"""What the partner table may say, seen with the settings: before an adapter starts, and by `check`."""

import json
from pathlib import Path
from typing import Any

import pytest
from edi20_calls import KEY

from adapter.app import known_partners, require_message_service
from adapter.cli.commands import app
from adapter.settings import Settings

REAL = """partners:
- {organisation: "983971709", name: H, kind: hospital, services: {"3": H, "4": S}, served: false, endpoint: "%s"}
- {organisation: "974760673", name: A, kind: adapter, services: {"1": A, "2": B}, served: true}
"""
SAMPLE = """partners:
- organisation: "999900022"
  name: TESTKOMMUNEN KOMMUNE (FIKTIV)
  kind: municipality
  services: {"8900002": TESTKOMMUNEN KOMMUNE (FIKTIV), "8900023": Saksbehandling, "8900022": Enhet, "8900029": Mottak}
  served: true
  channel: edi20
- {organisation: "999900099", name: A, kind: adapter, services: {"8900009": A, "8900091": B}, served: true}
"""


def table(folder: Path, text: str) -> Path:
    file = folder / "partners.yaml"
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def service(tmp_path: Path) -> dict[str, Any]:
    key = tmp_path / "key.jwk"
    key.write_text(json.dumps(KEY.as_dict(private=True)), "utf-8")
    return {
        "edi20_url": "https://api.tjener.melding.nhn.no",
        "helseid_issuer": "https://helseid-sts.nhn.no",
        "helseid_token_endpoint": "https://helseid-sts.nhn.no/connect/token",
        "helseid_client_id": "us",
        "helseid_key": key,
    }


@pytest.mark.parametrize(
    "address", ["http://fhir.sykehuset.no/edi", "https://127.0.0.1/edi", "https://hospital:8101/fhir"]
)
def test_production_posts_health_data_to_real_addresses_by_https_only(tmp_path: Path, address: str) -> None:
    given = {"environment": "production", "partners": table(tmp_path, REAL % address)}
    with pytest.raises(ValueError, match="endpoint of 983971709"):
        known_partners(Settings(**given))


def test_production_takes_a_real_address(tmp_path: Path) -> None:
    real = table(tmp_path, REAL % "https://fhir.sykehuset.no/$process-message")
    assert known_partners(Settings(environment="production", partners=real)).endpoints()


def test_who_is_reached_through_a_message_service_needs_one(tmp_path: Path) -> None:
    given = Settings(partners=table(tmp_path, SAMPLE))
    with pytest.raises(ValueError, match="IP_ADAPTER_EDI20_URL"):
        require_message_service(given, known_partners(given))


@pytest.mark.parametrize(
    ("her_ids", "amiss"),
    [("8900029", "sends the letters"), ("8900091,8900023", "come back"), ("8900091,8900022", "come back")],
    ids=["without our own", "the first service of a partner", "the unit of a partner"],
)
def test_a_mailbox_that_letters_could_not_go_by_is_refused(
    tmp_path: Path, service: dict[str, Any], her_ids: str, amiss: str
) -> None:
    given = Settings(partners=table(tmp_path, SAMPLE), edi20_her_ids=her_ids, **service)
    with pytest.raises(ValueError, match=amiss):
        require_message_service(given, known_partners(given))
    sound = given.model_copy(update={"edi20_her_ids": ("8900091", "8900029")})
    assert require_message_service(sound, known_partners(sound))


def test_check_says_that_the_message_service_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IP_ADAPTER_PARTNERS", str(table(tmp_path, SAMPLE)))
    assert app(["check", "--database", f"sqlite:///{tmp_path / 'a.db'}"], standalone_mode=False) == 1
    assert "FAILS  message service: IP_ADAPTER_EDI20_URL" in capsys.readouterr().out
