"""How the floor programs are served: uvicorn with uvloop and httptools on a free port, announced in one JSON line."""

import json
import socket
import sys
from typing import Any

import uvicorn


class Announcing(uvicorn.Server):
    """Prints its address as soon as it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps({"ready": True, "url": self._url}) + "\n")
        sys.stdout.flush()


def serve(app: Any, port: int = 0, *, lifespan: bool = False) -> None:
    """Until it is ended."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="on" if lifespan else "off",
            server_header=False,
        )
        Announcing(config, url).run([listener])


async def body_of(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def answered(send: Any, status: int, body: bytes, media_type: bytes = b"application/json") -> None:
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
