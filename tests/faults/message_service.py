"""A pretend message service with its issuer, beside a house; what it wrote down is read back from it."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from joserfc.jwk import ECKey
from premises import House, partner
from stories import HOSPITALS, MUNICIPALITIES

HOSPITAL, TOWN = next(iter(HOSPITALS)), next(iter(MUNICIPALITIES))
DOOR = "8900029"
"""HER-id of a service of the municipality whose messages are fetched by the adapter; its unit fetches its own."""
ADAPTER = "8900091"
_CLIENT = {
    "id": "ip-adapter-test",
    "organisation": "999900099",
    "audience": "nhn:edi20",
    "scopes": ["nhn:edi20/api"],
}


@dataclass(frozen=True)
class Journal:
    """What the service wrote down: by its own ids, and by MsgId where a receiver took it."""

    messages: Sequence[Mapping[str, Any]]
    taken: Mapping[str, int]
    happened: Mapping[str, int]

    @property
    def inbound(self) -> list[Mapping[str, Any]]:
        return [m for m in self.messages if m["sender"] == int(HOSPITALS[HOSPITAL][1])]

    @property
    def outbound(self) -> list[Mapping[str, Any]]:
        return [m for m in self.messages if m["sender"] == int(ADAPTER)]


class Service:
    """The running service, and how it is told what to do."""

    def __init__(self, url: str, issuer: str, http: httpx.Client, key_file: Path) -> None:
        self.url, self._issuer, self._http, self._key_file = url, issuer, http, key_file

    def settings(self, version: str = "3") -> dict[str, str]:
        """IP_ADAPTER_… of an adapter that works with it, in a hurry."""
        return {
            "IP_ADAPTER_EDI20_URL": self.url,
            "IP_ADAPTER_EDI20_VERSION": version,
            "IP_ADAPTER_EDI20_HER_IDS": f"{DOOR},{ADAPTER}",
            "IP_ADAPTER_EDI20_LOOK_EVERY": "PT0.2S",
            "IP_ADAPTER_EDI20_LOOK_BACK_EVERY": "PT1S",
            "IP_ADAPTER_EDI20_TIMEOUT": "4",
            "IP_ADAPTER_HELSEID_ISSUER": self._issuer,
            "IP_ADAPTER_HELSEID_TOKEN_ENDPOINT": f"{self._issuer}/token",
            "IP_ADAPTER_HELSEID_CLIENT_ID": _CLIENT["id"],
            "IP_ADAPTER_HELSEID_KEY": str(self._key_file),
            "IP_ADAPTER_HELSEID_SCOPES": " ".join(_CLIENT["scopes"]),
            "IP_ADAPTER_RECEIPT_WAIT": "PT3S",
        }

    def deliver(self, documents: Sequence[bytes], sender: str = HOSPITALS[HOSPITAL][1]) -> list[str]:
        """Messages from elsewhere for the adapter's door; the service's ids."""
        order = {
            "do": "deliver",
            "sender": int(sender),
            "receivers": [int(DOOR)],
            "documents": [base64.b64encode(d).decode() for d in documents],
        }
        return [*self._tell("act", order)]

    def conduct(self, **shares: float) -> None:
        self._tell("act", {"do": "conduct", **shares})

    def go_wrong(self, **shares: float) -> None:
        """How often each kind of mishap happens; `_` stands for `-`."""
        self._tell("faults", {name.replace("_", "-"): share for name, share in shares.items()})

    def downloaded(self) -> int:
        """How many messages are called so."""
        return int(self._http.get(f"{self.url}/progress").raise_for_status().json()["downloaded"])

    def journal(self) -> Journal:
        return Journal(**self._http.get(f"{self.url}/journal").raise_for_status().json())

    def _tell(self, where: str, order: Mapping[str, Any]) -> Any:
        return self._http.post(f"{self.url}/{where}", json=order).raise_for_status().json()


@contextmanager
def message_service(folder: Path, seed: int = 1, lifetime: int = 600) -> Iterator[Service]:
    """Both programs, for as long as the block runs. `lifetime`: seconds that an access token is good for."""
    key = ECKey.generate_key("P-256", {"kid": "test"})
    key_file, client_file = folder / "client.jwk", folder / "client.json"
    key_file.write_text(json.dumps(key.as_dict(private=True)), "utf-8")
    client_file.write_text(json.dumps(_CLIENT | {"jwk": key.as_dict(private=False)}), "utf-8")
    with ExitStack() as stack:
        options = ("--client", str(client_file), "--lifetime", str(lifetime))
        issuer = stack.enter_context(partner(folder, "issuer", *options, name="helseid"))()
        options = ("--issuer", issuer, "--seed", str(seed))
        url = stack.enter_context(partner(folder, "edi20", *options, name="edi20"))()
        http = stack.enter_context(httpx.Client(trust_env=False, timeout=60))
        yield Service(url, issuer, http, key_file)


def reached_through_it(house: House) -> None:
    """The house's municipality takes its letters by the message service, and its door is looked after here."""
    file = house.folder / "partners.yaml"
    rows = yaml.safe_load(file.read_text("utf-8"))["partners"]
    for row in rows:
        if row["organisation"] == TOWN:
            # Letters go to the unit, not to the door: what was sent there would come back.
            row["services"] |= {MUNICIPALITIES[TOWN][1]: "Saksbehandling", DOOR: "Mottak av meldinger"}
            row["channel"] = "edi20"
            row.pop("endpoint", None)
        if row["kind"] == "adapter":
            row["services"][ADAPTER] = "Formidling av behov for individuell plan"
    file.write_text(yaml.safe_dump({"partners": rows}, allow_unicode=True), "utf-8")


def to_the_door(body: bytes) -> bytes:
    """A message for the unit, addressed to the door instead."""
    unit = MUNICIPALITIES[TOWN][1]
    return body.replace(f"<Id>{unit}</Id>".encode(), f"<Id>{DOOR}</Id>".encode())


def counted(each: Sequence[Any], of: Callable[[Any], Any]) -> Counter[Any]:
    return Counter(of(one) for one in each)
