"""Where the story is played: four processes, a partner table with their real addresses, an empty database."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from adapter.demo.partner import Partner
from adapter.demo.processes import held_port, running
from adapter.outside.store import Database, open_store
from adapter.settings import carried

HOSPITAL, MUNICIPALITY = "999900011", "999900022"
SERVE = (sys.executable, "-m", "adapter", "serve", "--json")


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the story needs. `environment`: the settings (IP_ADAPTER_…) the adapter was started with."""

    adapter: str
    issuer: str
    hospital: Partner
    municipality: Partner
    store: Database
    environment: Mapping[str, str]
    folder: Path
    patience: float

    def last_logged(self, lines: int = 5) -> list[str]:
        """The last lines of the adapter's log."""
        return (self.folder / "adapter.log").read_text("utf-8").splitlines()[-lines:]


@contextmanager
def staged(patience: float, moved: Mapping[str, str]) -> Iterator[Stage]:
    """Start everything and yield it; end every process and remove the folder afterwards.

    `patience`: seconds for a process to be ready, and for a message to arrive. `moved`: addresses that the partner
    table gives for an organisation number instead of the right ones. Raises NotStarted.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ip-adapter-demo-")))
        port = stack.enter_context(held_port())
        http = stack.enter_context(httpx.Client(trust_env=False, timeout=30.0))
        begin = _Beginning(stack, folder, patience, http)
        issuer = begin.program("issuer")
        adapter = f"http://127.0.0.1:{port}"
        known = ("--adapter", adapter, "--issuer", issuer, "--story", str(carried("fixtures") / "story"))
        hospital = begin.partner("hospital", HOSPITAL, *known)
        municipality = begin.partner("municipality", MUNICIPALITY, *known)
        addresses = {
            p: f"{a}/fhir/$process-message"
            for p, a in ((HOSPITAL, hospital.url), (MUNICIPALITY, municipality.url))
        }
        environment = _environment(folder, port, issuer, {**addresses, **moved})
        begin.process("adapter", SERVE, environment)
        store = open_store(environment["IP_ADAPTER_DATABASE"])
        stack.callback(store.close)
        yield Stage(adapter, issuer, hospital, municipality, store, environment, folder, patience)


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Starts processes that end with the stack."""

    stack: ExitStack
    folder: Path
    patience: float
    http: httpx.Client

    def process(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> str:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(running(name, command, {**ours, **environment}, log, self.patience))

    def program(self, name: str, *arguments: str) -> str:
        """One of the pretend partners' programs, on a free port."""
        file = carried("partners") / f"{name}.py"
        return self.process(name, (sys.executable, str(file), "--port", "0", *arguments), {})

    def partner(self, name: str, organisation: str, *known: str) -> Partner:
        url = self.program(name, "--organisation", organisation, *known)
        return Partner(name, url, self.http, self.patience)


def _environment(folder: Path, port: int, issuer: str, addresses: Mapping[str, str]) -> dict[str, str]:
    table = folder / "partners.yaml"
    table.write_text(yaml.safe_dump({"partners": _partners(addresses)}, allow_unicode=True), "utf-8")
    return {
        "IP_ADAPTER_DATABASE": f"sqlite:///{folder / 'ip-adapter.db'}",
        "IP_ADAPTER_HOST": "127.0.0.1",
        "IP_ADAPTER_PORT": str(port),
        "IP_ADAPTER_ISSUER": issuer,
        "IP_ADAPTER_PARTNERS": str(table),
    }


def _partners(addresses: Mapping[str, str]) -> list[dict[str, object]]:
    """The sample partner table with the addresses of this run; who has none takes no messages."""
    rows = yaml.safe_load((carried("mappings") / "partners.yaml").read_text("utf-8"))["partners"]
    bare = [{k: v for k, v in row.items() if k != "endpoint"} for row in rows]
    return [
        {**row, "endpoint": addresses[row["organisation"]]} if row["organisation"] in addresses else row
        for row in bare
    ]
