"""docker/ fits the program: no container engine runs in these tests, so what it would meet is checked by reading."""

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from adapter.cli.commands import COMMANDS
from adapter.domain.partners import Partner
from adapter.mapping import partners, routes
from adapter.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
DOCKER = PROJECT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
SETTINGS = {f"IP_ADAPTER_{name.upper()}" for name in Settings.model_fields}

ADAPTERS = [name for name, s in SERVICES.items() if s["image"] == "ip-adapter" and "entrypoint" not in s]
PROGRAMS = [name for name, s in SERVICES.items() if s.get("entrypoint") == ["python"]]


def table() -> dict[str, Partner]:
    found = partners.load(DOCKER / "partners" / "partners.compose.yaml", synthetic=True)
    return dict(found.by_organisation)


def ports_of(service: str) -> set[str]:
    command = SERVICES[service]["command"]
    return {command[command.index("--port") + 1]} if "--port" in command else {"8080"}


def addresses_in(service: str) -> Iterator[str]:
    texts = [*SERVICES[service].get("environment", {}).values(), *SERVICES[service].get("command", ())]
    yield from (text for text in texts if re.match(r"https?://", text))


def test_there_are_two_of_what_must_not_stop() -> None:
    """Two nodes of each kind on one database, and the tables are there before any of them starts."""
    commands = [SERVICES[name]["command"][0] for name in ADAPTERS]
    assert sorted(commands) == ["migrate", "serve", "serve", "work", "work"]
    for name in ADAPTERS:
        waits = SERVICES[name]["depends_on"]
        after = "postgres" if name == "migrate" else "migrate"
        assert waits[after]["condition"] == (
            "service_healthy" if after == "postgres" else "service_completed_successfully"
        )
    assert len({SERVICES[name]["environment"]["IP_ADAPTER_DATABASE"] for name in ADAPTERS}) == 1


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_only_for_services_that_can_become_what_it_waits_for(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if wait["condition"] == "service_healthy":
            assert "test" in SERVICES[other].get("healthcheck", {}) or other in ("adapter-1", "adapter-2")


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_command_and_every_setting_exists(name: str) -> None:
    command = SERVICES[name]["command"]
    assert command[0] in COMMANDS
    assert set(SERVICES[name]["environment"]) <= SETTINGS
    shown = subprocess.run(
        [sys.executable, "-m", "adapter", command[0], "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    ).stdout
    assert all(option in shown for option in command[1:] if option.startswith("--"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_pretend_partner_is_started_as_its_program_takes_it(name: str) -> None:
    program, *arguments = SERVICES[name]["command"]
    file = DOCKER / "partners" / Path(program).name
    shown = subprocess.run(
        [sys.executable, str(file), "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert all(option in shown for option in arguments if option.startswith("--"))
    assert program == f"/opt/partners/{file.name}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_address_is_that_of_a_service_and_its_port(name: str) -> None:
    for address in addresses_in(name):
        place = urlsplit(address)
        assert place.hostname in SERVICES
        assert str(place.port) in ports_of(str(place.hostname))


def test_the_partner_table_names_the_containers_and_the_unit_of_the_story() -> None:
    named = table()
    for partner in named.values():
        if partner.endpoint:
            place = urlsplit(partner.endpoint)
            assert partner.organisation in SERVICES[str(place.hostname)]["command"]
            assert str(place.port) in ports_of(str(place.hostname))
    units = routes.load(PROJECT / "mappings" / "routes").units
    assert {u.organisation for u in units} & set(named)


def test_the_image_is_built_from_what_is_there_and_runs_as_nobody_special() -> None:
    sources = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    assert all((PROJECT / source).exists() for line in sources for source in line)
    assert re.search(r"^USER ip-adapter$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE
    assert set(re.findall(r"IP_ADAPTER_[A-Z_]+", DOCKERFILE)) <= SETTINGS
    assert 'CMD ["serve"]' in DOCKERFILE


def test_published_ports_are_each_of_one_service() -> None:
    outside = [port.split(":")[0] for s in SERVICES.values() for port in s.get("ports", ())]
    assert len(outside) == len(set(outside))


def test_the_adapter_is_the_client_that_the_issuer_knows_with_the_scope_it_asks_for() -> None:
    """Whose key is made at the first start, in a folder that both see."""
    made = runpy.run_path(str(DOCKER / "partners" / "make_client.py"))["CLIENT"]
    environment = SERVICES["adapter-1"]["environment"]
    assert environment["IP_ADAPTER_HELSEID_CLIENT_ID"] == made["id"]
    assert Settings.model_fields["register_scopes"].default in made["scopes"]
    folders = {tuple(SERVICES[name]["volumes"]) for name in (*ADAPTERS, "client", "issuer")}
    assert folders == {("client:/var/lib/ip-adapter",)}
