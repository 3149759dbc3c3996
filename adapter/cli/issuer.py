"""The pretend issuer beside a test adapter: it gives a token to anybody, and the adapter checks it as always."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from adapter.cli.failed import Failed
from adapter.settings import Settings, carried

_GRACE_SECONDS = 5.0


@contextmanager
def issuer_beside(settings: Settings, port: int | None) -> Iterator[str]:
    """The address of the issuer, started here if it is the pretend one and not running already.

    That is so in environment `test` where IP_ADAPTER_ISSUER is not set. `port` is another port than that of the
    default address, 0 a free one. The child has ended when this returns. Raises Failed.
    """
    own = settings.environment == "test" and "issuer" not in settings.model_fields_set
    if port is not None and not own:
        raise Failed("--issuer-port: only in environment test, and only while IP_ADAPTER_ISSUER is not set")
    asked = int(settings.issuer.rpartition(":")[2]) if own and port is None else port
    if asked is None:
        yield settings.issuer
        return
    address = f"http://127.0.0.1:{asked}"
    if asked and _answers(address):
        yield address
        return
    with _child(asked, settings.audience) as url:
        yield url


def _answers(address: str) -> bool:
    import httpx  # noqa: PLC0415 - production never asks, and starts without it

    try:
        told = httpx.get(f"{address}/.well-known/openid-configuration", timeout=2.0, trust_env=False)
        return bool(told.json()["issuer"] == address)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _child(port: int, audience: str) -> Iterator[str]:
    program = [sys.executable, str(carried("partners") / "issuer.py")]
    options = ["--port", str(port), "--audience", audience]
    # A session of its own: Ctrl-C in a terminal reaches this process, which then ends the child in order.
    with subprocess.Popen(
        [*program, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            line = child.stdout.readline() if child.stdout else b""
            if not line:
                raise Failed(
                    f"the pretend issuer cannot start on port {port}; choose another with --issuer-port,"
                    " or set IP_ADAPTER_ISSUER"
                )
            yield str(json.loads(line)["url"])
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
