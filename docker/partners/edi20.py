"""A pretend message service of NHN, EDI 2.0 in versions 3 and 2. SYNTHETIC DATA ONLY.

It lets in who has a token of the issuer that is bound to the key of its DPoP proof, and nobody else. Whoever can reach
it may tell it what to do:

    POST /act      {"do": "deliver", "sender": HER-id, "receivers": [HER-id], "documents": [base64]}: from elsewhere
                   {"do": "conduct", "abandoned": 0.1, …}: see office.Conduct
    POST /faults   {"lost-answer": 0.05, …}: how often each of mishaps.KINDS happens; "seconds": how long a time-out is
    GET  /journal  every message with what became of it, and what went wrong how often; /progress: how many are fetched

    python edi20.py --issuer URL --port 0     prints {"ready": true, "url": "http://127.0.0.1:…"} when it listens
"""

import argparse
import asyncio
import socket
import uuid
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import uvicorn
from access import Access, unauthorized
from desk import Asked, Desk, NotServed
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from faults import CutResponse
from mishaps import AFTER, BEFORE, KINDS, Mishaps
from office import Conduct, Office
from partner import Announcing
from proof import NotProven

API = ("messages", "notifications", "mshconfigurations")
_REFUSAL = {"locked": (423, {}), "busy": (429, {"Retry-After": "1"}), "fails": (500, {})}


def make_app(office: Office, access: Access, mishaps: Mishaps) -> FastAPI:
    """The service, with its desk behind the access check, and behind that what goes wrong."""
    app = FastAPI(title="Pretend EDI 2.0 (synthetic data only)")
    desk, waits = Desk(office), {"time-out": 5.0, "slow": 0.2}
    _take_orders(app, office, mishaps, waits)

    @app.api_route("/{path:path}", methods=["GET", "PUT", "POST", "DELETE"])
    async def serve(request: Request, path: str) -> Response:
        mishap = mishaps.draw() if path.lower().split("/")[0] in API else ""
        body = await request.body()
        if mishap in BEFORE:
            return _not_done(mishap, access)
        try:
            access.check(request)
            said = desk.answer(_asked(request, path, body))
        except NotProven as why:
            return unauthorized(str(why), access)
        except (NotServed, KeyError, ValueError, TypeError) as why:
            status = why.status if isinstance(why, NotServed) else 400
            return JSONResponse({"title": "no", "status": status, "requestId": str(uuid.uuid4())}, status)
        if mishap in AFTER:
            await asyncio.sleep(waits.get(mishap, 0.0))
        return _answer(*said, mishaps, cut=mishap == "lost-answer")

    return app


def _take_orders(app: FastAPI, office: Office, mishaps: Mishaps, waits: dict[str, float]) -> None:
    @app.get("/journal")
    async def journal() -> dict[str, Any]:
        messages = [asdict(m) | {"downloaded": dict(m.downloaded)} for m in office.messages.values()]
        return {"messages": messages, "taken": office.taken, "happened": mishaps.happened}

    @app.get("/progress")
    async def progress() -> dict[str, int]:
        return {"downloaded": sum(bool(m.downloaded) for m in office.messages.values())}

    @app.post("/act")
    async def act(order: dict[str, Any]) -> list[str]:
        if order.pop("do") == "conduct":
            office.conduct = Conduct(**order)
            return []
        documents = order["documents"]
        return [office.deliver(order["sender"], order["receivers"], d).id for d in documents]

    @app.post("/faults")
    async def faults(shares: dict[str, float]) -> dict[str, float]:
        waits["time-out"] = shares.pop("seconds", waits["time-out"])
        mishaps.shares = {kind: shares[kind] for kind in KINDS if kind in shares}
        return mishaps.shares


def _asked(request: Request, path: str, body: bytes) -> Asked:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name.lower(), []).append(value)
    return Asked(request.headers.get("api-version", ""), request.method, path, query, body)


def _answer(status: int, said: Any, mishaps: Mishaps, *, cut: bool) -> Response:
    if cut:
        return CutResponse(b"half of an answer", status_code=200)
    return Response(status_code=status) if said is None else JSONResponse(mishaps.listed(said), status)


def _not_done(mishap: str, access: Access) -> Response:
    if mishap == "cut":
        return CutResponse(b"half of an answer", status_code=200)
    if mishap in _REFUSAL:
        status, headers = _REFUSAL[mishap]
        return JSONResponse({"title": mishap, "status": status}, status, headers)
    if mishap == "nonce":
        access.nonce = str(uuid.uuid4())
    return unauthorized("use_dpop_nonce" if mishap == "nonce" else "", access)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretend EDI 2.0 of NHN; synthetic data only.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--issuer", required=True, help="whose tokens let in")
    parser.add_argument("--audience", default="nhn:edi20")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        url = f"http://{given.host}:{listener.getsockname()[1]}"
        access = Access(given.issuer, url, given.audience)
        app = make_app(Office(given.seed), access, Mishaps(given.seed))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        with suppress(KeyboardInterrupt):
            Announcing(config, url).run([listener])


if __name__ == "__main__":
    main()
