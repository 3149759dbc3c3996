"""Where the story is played: four processes, a partner table with their real addresses, an empty database."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
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
        issuer, adapter, hospital, municipality = (
            f"http://127.0.0.1:{stack.enter_context(held_port())}" for _ in range(4)
        )
        addresses = {
            number: f"{url}/fhir/$process-message"
            for number, url in ((HOSPITAL, hospital), (MUNICIPALITY, municipality))
        }
        environment = _environment(folder, adapter, issuer, {**addresses, **moved})
        known = ("--adapter", adapter, "--issuer", issuer, "--story", str(carried("fixtures") / "story"))
        begin = _Beginning(stack, folder, patience)
        # All at once: none needs another before it is called.
        ready = [
            begin.program("issuer", issuer),
            begin.program("hospital", hospital, "--organisation", HOSPITAL, *known),
            begin.program("municipality", municipality, "--organisation", MUNICIPALITY, *known),
            begin.process("adapter", SERVE, environment),
        ]
        for wait in ready:
            wait()
        http = stack.enter_context(httpx.Client(trust_env=False, timeout=30.0))
        store = open_store(environment["IP_ADAPTER_DATABASE"])
        stack.callback(store.close)
        yield Stage(
            adapter=adapter,
            issuer=issuer,
            hospital=Partner("hospital", hospital, http, patience),
            municipality=Partner("municipality", municipality, http, patience),
            store=store,
            environment=environment,
            folder=folder,
            patience=patience,
        )


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Starts processes that end with the stack; what it returns waits until the process is ready."""

    stack: ExitStack
    folder: Path
    patience: float

    def process(
        self, name: str, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> Callable[[], str]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(running(name, command, {**ours, **environment}, log, self.patience))

    def program(self, name: str, url: str, *arguments: str) -> Callable[[], str]:
        """One of the pretend partners' programs, at an address."""
        file = str(carried("partners") / f"{name}.py")
        return self.process(name, (sys.executable, file, "--port", _port(url), *arguments), {})


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _environment(folder: Path, adapter: str, issuer: str, addresses: Mapping[str, str]) -> dict[str, str]:
    table = folder / "partners.yaml"
    table.write_text(yaml.safe_dump({"partners": _partners(addresses)}, allow_unicode=True), "utf-8")
    return {
        "IP_ADAPTER_DATABASE": f"sqlite:///{folder / 'ip-adapter.db'}",
        "IP_ADAPTER_HOST": "127.0.0.1",
        "IP_ADAPTER_PORT": _port(adapter),
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
