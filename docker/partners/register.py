"""A pretend address register of NHN, CommunicationParty API v1. SYNTHETIC DATA ONLY.

It knows the addresses of a partner table and a table of coordinating units, all of them in force, and lets in who has
a token of the issuer that is bound to the key of its DPoP proof, and nobody else. Whoever can reach it may tell it what
to do:

    POST /act      {"do": "change", "herId": 8900022, "validTo": "2026-01-01T00:00:00Z"}: an entry is made or changed,
                   and an event tells of it; {"do": "remove", "herId": …}: it is not there any more;
                   {"do": "answer", "status": 503}: everything is answered so, until the status is 0
    POST /faults   {"busy": 0.1, …}: how often each of mishaps.KINDS happens; "seconds": how long a time-out is
    GET  /journal  every request, and what went wrong how often

    python register.py --issuer URL --port 0     prints {"ready": true, "url": "http://127.0.0.1:…"} when it listens
"""

import argparse
import asyncio
import csv
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from access import Access, unauthorized
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from faults import CutResponse
from mishaps import AFTER, BEFORE, KINDS, Mishaps
from partner import Announcing
from proof import NotProven

OPEN = "9999-12-31T23:59:59.9999999"
CERTIFICATE = {"thumbprint": "0" * 40, "validFrom": "2025-01-01T00:00:00Z", "validTo": "2035-01-01T00:00:00Z"}
MOST_EVENTS = 1000
_REFUSAL = {"locked": (423, {}), "busy": (429, {"Retry-After": "1"}), "fails": (500, {})}


class Parties:
    """The entries by HER-id, and what was made or changed, in order."""

    def __init__(self, listed: Iterator[dict[str, Any]]) -> None:
        self.by_her_id = {one["herId"]: one for one in listed}
        self.events: list[dict[str, Any]] = []
        self.status = 0
        self.asked: list[str] = []

    def act(self, order: dict[str, Any]) -> None:
        """Raises KeyError for what it does not know."""
        match order.pop("do"):
            case "answer":
                self.status = order["status"]
            case "remove":
                del self.by_her_id[order["herId"]]
                self._tell(order["herId"], "CommunicationPartyUpdated")
            case "change":
                known = order["herId"] in self.by_her_id
                self.by_her_id[order["herId"]] = self.by_her_id.get(order["herId"], {}) | order
                kind = "CommunicationPartyUpdated" if known else "CommunicationPartyCreated"
                self._tell(order["herId"], kind)
            case other:
                raise KeyError(other)

    def _tell(self, her_id: int, kind: str) -> None:
        number = len(self.events) * 2 + 1  # with gaps, as numbers have that others share
        self.events.append({"sequenceNumber": number, "herId": her_id, "eventType": kind})

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """What a GET of that path says; None where nothing is found."""
        match path.removeprefix("api/v1/").split("/"):
            case ["communicationparty", her_id]:
                return self.by_her_id.get(int(her_id))
            case ["certificate", her_id] if int(her_id) in self.by_her_id:
                return [
                    {
                        "isCurrent": True,
                        "signingCertificate": CERTIFICATE,
                        "encryptionCertificate": CERTIFICATE,
                    }
                ]
            case ["event", "latest"]:
                return self.events[-1] if self.events else None
            case ["event"]:
                first, most = (
                    int(query.get("fromSequenceNumber", 1)),
                    int(query.get("maxEvents", MOST_EVENTS)),
                )
                found = [one for one in self.events if one["sequenceNumber"] >= first][:most]
                return {"results": found, "count": len(found)}
        return None


def listed(partners: Path, units: Path) -> Iterator[dict[str, Any]]:
    """The entries of a partner table (YAML) and a table of units (CSV)."""
    for partner in yaml.safe_load(partners.read_text("utf-8"))["partners"]:
        number, name = partner["organisation"], partner["name"]
        for her_id, called in partner["services"].items():
            yield _entry(int(her_id), called, number, whole=called == name)
    with units.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            yield _entry(int(row["her_id"]), row["name"], row["organisation"], whole=False)


def _entry(her_id: int, name: str, organisation: str, *, whole: bool) -> dict[str, Any]:
    parent = {"parentOrganization": {"herId": 1, "name": "FIKTIV", "organizationNumber": organisation}}
    of = (
        {"organizationDetails": {"organizationNumber": organisation}} if whole else {"serviceDetails": parent}
    )
    return {
        "herId": her_id,
        "name": name,
        "type": "Organization" if whole else "Service",
        **of,
        "currentSigningCertificate": CERTIFICATE,
        "currentEncryptionCertificate": CERTIFICATE,
        "amqpTransportStatus": "Inherited",
        "validFrom": "2018-01-01T00:00:00",
        "validTo": OPEN,
    }


def make_app(parties: Parties, access: Access, mishaps: Mishaps) -> FastAPI:
    """The register, with what goes wrong before its access check and after it."""
    app = FastAPI(title="Pretend address register (synthetic data only)")
    waits = {"time-out": 5.0, "slow": 0.2}
    _take_orders(app, parties, mishaps, waits)

    @app.get("/api/{path:path}")
    async def serve(request: Request, path: str) -> Response:
        parties.asked.append(path)
        mishap = mishaps.draw()
        if mishap in BEFORE:
            return _not_done(mishap, access)
        try:
            access.check(request)
        except NotProven as why:
            return unauthorized(str(why), access)
        if parties.status:
            return Response(status_code=parties.status)
        if mishap in AFTER:
            await asyncio.sleep(waits.get(mishap, 0.0))
        if mishap == "lost-answer":
            return CutResponse(b"half of an answer", status_code=200)
        found = parties.answer(f"api/{path}", dict(request.query_params))
        return Response(status_code=404) if found is None else JSONResponse(found)

    return app


def _take_orders(app: FastAPI, parties: Parties, mishaps: Mishaps, waits: dict[str, float]) -> None:
    @app.get("/journal")
    async def journal() -> dict[str, Any]:
        return {"asked": parties.asked, "happened": mishaps.happened}

    @app.post("/act")
    async def act(order: dict[str, Any]) -> None:
        parties.act(order)

    @app.post("/faults")
    async def faults(shares: dict[str, float]) -> dict[str, float]:
        waits["time-out"] = shares.pop("seconds", waits["time-out"])
        mishaps.shares = {kind: shares[kind] for kind in KINDS if kind in shares}
        return mishaps.shares


def _not_done(mishap: str, access: Access) -> Response:
    if mishap == "cut":
        return CutResponse(b"half of an answer", status_code=200)
    if mishap in _REFUSAL:
        status, headers = _REFUSAL[mishap]
        return Response(status_code=status, headers=headers)
    if mishap == "nonce":
        access.nonce = str(uuid.uuid4())
    return unauthorized("use_dpop_nonce" if mishap == "nonce" else "", access)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretend address register of NHN; synthetic data only.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--issuer", required=True, help="whose tokens let in")
    parser.add_argument("--audience", default="nhn:cp-api")
    parser.add_argument("--url", help="what callers know it by, where that is another name")
    parser.add_argument("--partners", type=Path, required=True, help="partner table whose addresses it knows")
    parser.add_argument("--units", type=Path, required=True, help="table of units whose addresses it knows")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given.host, given.port))
        url = given.url or f"http://{given.host}:{listener.getsockname()[1]}"
        parties = Parties(listed(given.partners, given.units))
        app = make_app(parties, Access(given.issuer, url, given.audience), Mishaps(given.seed))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        with suppress(KeyboardInterrupt):
            Announcing(config, url).run([listener])


if __name__ == "__main__":
    main()
