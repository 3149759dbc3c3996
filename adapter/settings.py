"""Everything that can be set, read once from the environment (IP_ADAPTER_…) and frozen."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_PACKAGE = Path(__file__).resolve().parent
SAMPLE_SECRET = "synthetic-persons-only"  # noqa: S105 - no secret: production refuses to start with it
SAMPLE_BASE = "https://ip-adapter.example/fhir"


def carried(folder: str) -> Path:
    """A data folder: inside the package when installed from a wheel, beside it in a checkout."""
    inside = _PACKAGE / "_carried" / folder
    beside = {"partners": "docker/partners"}.get(folder, folder)
    return inside if inside.is_dir() else _PACKAGE.parent / beside


class Settings(BaseSettings):
    """One value per name; nothing here is read again after start."""

    model_config = SettingsConfigDict(env_prefix="IP_ADAPTER_", frozen=True, extra="forbid")

    environment: Literal["test", "production"] = "test"
    database: str = "sqlite:///ip-adapter.db"
    host: str = "127.0.0.1"
    port: int = 8080
    canonical_base: str = SAMPLE_BASE
    public_address: str = ""
    mappings: Path = Field(default_factory=lambda: carried("mappings"))
    partners: Path | None = None
    subject_secret: SecretStr = SecretStr(SAMPLE_SECRET)

    issuer: str = "http://127.0.0.1:8089"
    audience: str = "ip-adapter"

    max_bytes: int = 5_000_000
    max_depth: int = 60
    # Folder of official XML Schemas (*.xsd): where it covers a message, that must fit these too, order included.
    schemas: Path | None = None

    # The XML signature of a Hodemelding. `ignore`: not looked at, for the token of the call or the message service
    # says who sends, and signing is by agreement; `verify`: one that is there must hold; `require`: it must be there.
    # A message whose signature was taken off on the way passes `verify`, so only `require` proves anything.
    signatures: Literal["ignore", "verify", "require"] = "ignore"
    # Folder of certificates: those of authorities, those of partners, and revocation lists (*.crl). Read again
    # whenever a file in it changes. Needed by `verify` and `require`, and refused beside `ignore`: who keeps such a
    # list means to use it.
    trust: Path | None = None
    # Messages can be forged under SHA-1, but some senders still know nothing else.
    sha1_signatures: bool = False
    # What we sign with, PEM: an RSA key without passphrase, and its certificate with those above it.
    signing_key: Path | None = None
    signing_certificate: Path | None = None

    pool: int = Field(default=8, ge=2, le=200)
    # Those that wait for a commit share it: 4 took 150 messages a second, 16 took 170, 32 took 190 (two services).
    threads: int = Field(default=32, ge=1, le=100)
    max_requests: int = Field(default=256, ge=1)
    max_bytes_in_hand: int = Field(default=64_000_000, ge=1)
    max_share: float = Field(default=0.5, gt=0, le=1)
    body_timeout: float = Field(default=30.0, gt=0)
    max_backlog: int = Field(default=500_000, ge=0)
    min_free_disk: int = Field(default=200_000_000, ge=0)
    maintenance: bool = False
    drain: float = Field(default=3.0, ge=0)

    retry_waits: Annotated[tuple[timedelta, ...], NoDecode] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(hours=1),
    )
    park_after: timedelta = timedelta(hours=72)
    # As NHN's message service does with what has no receipt: again after twelve hours, for three days.
    receipt_wait: timedelta = timedelta(hours=12)
    send_timeout: float = 10.0
    look_every: float = 1.0

    edi20_url: str = ""
    edi20_version: Literal["3", "2"] = "3"
    edi20_her_ids: Annotated[tuple[str, ...], NoDecode] = ()
    edi20_source_system: str = "ip-adapter"
    edi20_timeout: float = Field(default=30.0, gt=0)
    edi20_look_every: timedelta = Field(default=timedelta(minutes=1), gt=timedelta())
    edi20_look_back_every: timedelta = Field(default=timedelta(minutes=10), gt=timedelta())
    # NHN's address register (CommunicationParty API). Without an address of it, nobody is asked.
    register_url: str = ""
    register_scopes: str = "nhn:cp-api/access-v2-dpop"
    register_timeout: float = Field(default=10.0, gt=0)
    register_look_every: timedelta = Field(default=timedelta(minutes=10), gt=timedelta())
    # Who we are to the issuer of tokens for NHN's services; the scopes are those of the message service.
    helseid_issuer: str = ""
    helseid_token_endpoint: str = ""
    helseid_client_id: str = ""
    helseid_key: Path | None = None
    helseid_scopes: str = ""

    @field_validator("edi20_her_ids", mode="before")
    @classmethod
    def _her_ids(cls, given: object) -> object:
        """HER-ids stand apart by commas."""
        return [id_.strip() for id_ in given.split(",") if id_.strip()] if isinstance(given, str) else given

    @field_validator("retry_waits", mode="before")
    @classmethod
    def _apart(cls, given: object) -> object:
        """Waits stand apart by commas, as `0:00:05, PT2M`; a JSON list is taken too."""
        if not isinstance(given, str):
            return given
        return json.loads(given) if given.lstrip().startswith("[") else [w.strip() for w in given.split(",")]

    @property
    def address(self) -> str:
        """The address resources are served under: what partners call, or else where this process listens."""
        return self.public_address or f"http://{self.host}:{self.port}/fhir"
