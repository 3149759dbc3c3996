"""The pretend issuer beside a test adapter: it gives a token to anybody, and the adapter checks it as always."""

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from adapter.cli.failed import Failed
from adapter.settings import Settings, carried

_GRACE_SECONDS = 5.0


@contextmanager
def issuer_beside(settings: Settings, port: int | None) -> Iterator[Callable[[], str]]:
    """Gives the address of the issuer, once asked for; it is started here if it is the pretend one and runs nowhere.

    It starts while the caller goes on; who asks for the address waits until it answers there, or raises Failed.

    That is so in environment `test` where IP_ADAPTER_ISSUER is not set. `port` is another port than that of the
    default address, 0 a free one. The child has ended when this returns. Raises Failed.
    """
    own = settings.environment == "test" and "issuer" not in settings.model_fields_set
    if port is not None and not own:
        raise Failed("--issuer-port: only in environment test, and only while IP_ADAPTER_ISSUER is not set")
    asked = int(settings.issuer.rpartition(":")[2]) if own and port is None else port
    if asked is None:
        yield lambda: settings.issuer
        return
    address = f"http://127.0.0.1:{asked}"
    if asked and _answers(address):
        yield lambda: address
        return
    with _child(asked, settings.audience) as said:
        yield said


def _answers(address: str) -> bool:
    asked = http.client.HTTPConnection(address.removeprefix("http://"), timeout=2.0)
    with closing(asked):
        try:
            asked.request("GET", "/.well-known/openid-configuration")
            return bool(json.loads(asked.getresponse().read())["issuer"] == address)
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return False


@contextmanager
def _child(port: int, audience: str) -> Iterator[Callable[[], str]]:
    program = [sys.executable, str(carried("partners") / "issuer.py")]
    options = ["--port", str(port), "--audience", audience]
    # A session of its own: Ctrl-C in a terminal reaches this process, which then ends the child in order.
    with subprocess.Popen(
        [*program, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            yield lambda: _said(child, port)
        finally:
            _end(child)


def _said(child: subprocess.Popen[bytes], port: int) -> str:
    line = child.stdout.readline() if child.stdout else b""
    if not line:
        raise Failed(
            f"the pretend issuer cannot start on port {port}; choose another with --issuer-port,"
            " or set IP_ADAPTER_ISSUER"
        )
    return str(json.loads(line)["url"])


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
