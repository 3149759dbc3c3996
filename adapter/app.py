"""The only place where parts are put together: settings in, everything that works out."""

import importlib.metadata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.api.places import Limits
from adapter.api.watch import Watch
from adapter.domain.condition import Bounds
from adapter.domain.exchange import Schedule
from adapter.domain.partners import Partners
from adapter.domain.routing import Directory
from adapter.flows.parts import Parts
from adapter.mapping import partner_kinds, partners, retention, routes, tables
from adapter.outside.identity import acceptable_issuer
from adapter.outside.store import Database
from adapter.outside.store.engine import file_of, read_url
from adapter.ports import Clock, Store
from adapter.service_ports import MessageService
from adapter.settings import SAMPLE_BASE, SAMPLE_SECRET, Settings
from adapter.watching import looking_for_what_stands_still, measuring
from adapter.wire.apprec import read_receipt
from adapter.wire.message import read_response

if TYPE_CHECKING:
    from adapter.outside.channels import Channels
    from adapter.outside.edi20.connection import Connection
    from adapter.outside.helseid import Client
    from adapter.outside.register.connection import Connection as AddressRegister
    from adapter.outside.transport import HttpTransport
    from adapter.wire.signature import Signatures


def system_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def build(settings: Settings, store: Store, clock: Clock = system_clock) -> Parts:
    """Everything the flows work with. Raises ValueError for settings or tables that cannot be right."""
    refuse_unsafe(settings)
    known = known_partners(settings)
    if settings.edi20_url:
        _require_mailbox(settings, known)
    if settings.register_url:
        _helseid_client(settings, "register_url", settings.register_scopes)
    home = next(p.organisation for p in known.by_organisation.values() if p.kind == "adapter")
    read = _tables(settings.mappings, settings.canonical_base, settings.schemas)
    partner_kinds.require_health_personnel(read.partner_kinds, known, read.categories)
    return Parts(
        store=store,
        tables=read,
        partners=known,
        directory=_directory(settings.mappings / "routes"),
        clock=clock,
        schedule=Schedule(settings.retry_waits, settings.park_after, settings.receipt_wait),
        environment=settings.environment,
        base=settings.canonical_base,
        address=settings.address,
        home=home,
        secret=settings.subject_secret.get_secret_value().encode(),
        max_bytes=settings.max_bytes,
        max_depth=settings.max_depth,
        version=_version(),
        judge_signature=_signatures(settings),
        sign=_signing(settings, home),
    )


def _signatures(settings: Settings) -> "Signatures | None":
    """How signatures are judged; None where they are not. Raises ValueError or OSError."""
    if (settings.signatures == "ignore") != (settings.trust is None):
        raise ValueError("IP_ADAPTER_TRUST and IP_ADAPTER_SIGNATURES (verify or require) go together")
    if settings.trust is None:
        return None
    # A process that neither judges nor signs starts 0.03 s sooner without signxml.
    from adapter.outside.signing import TrustFolder  # noqa: PLC0415
    from adapter.wire.signature import Signatures  # noqa: PLC0415

    return Signatures(
        trust=TrustFolder(settings.trust),
        required=settings.signatures == "require",
        sha1=settings.sha1_signatures,
        max_bytes=settings.max_bytes,
        max_depth=settings.max_depth,
    )


def _signing(settings: Settings, home: str) -> Callable[[bytes], bytes] | None:
    """What signs a Hodemelding of `home`; None where nothing is signed. Raises ValueError or OSError."""
    if (settings.signing_key is None) != (settings.signing_certificate is None):
        raise ValueError("IP_ADAPTER_SIGNING_KEY and IP_ADAPTER_SIGNING_CERTIFICATE go together")
    if settings.signing_key is None or settings.signing_certificate is None:
        return None
    from adapter.outside.signing import read_signing_key  # noqa: PLC0415
    from adapter.wire.signature import sign  # noqa: PLC0415

    return partial(sign, key=read_signing_key(settings.signing_key, settings.signing_certificate, home))


@cache
def _version() -> str:
    return importlib.metadata.version("ip-adapter")


@cache
def _tables(folder: Path, base: str, official: Path | None) -> tables.Tables:
    """Read once in a process: tables do not change while it runs. It starts on none that `tidy` would refuse."""
    read = tables.load(folder, base, official)
    retention.load(folder, read.lifecycles)
    return read


@cache
def _partners(path: Path, environment: str) -> Partners:
    return partners.load(path, synthetic=environment == "test")


@cache
def _directory(folder: Path) -> Directory:
    return routes.load(folder)


def known_partners(settings: Settings) -> Partners:
    """The partner table. Raises ValueError for one that cannot be right, and in production for an address that health
    data must not be posted to.
    """
    known = _partners(settings.partners or settings.mappings / "partners.yaml", settings.environment)
    for partner in known.by_organisation.values():
        if partner.endpoint and not acceptable_issuer(partner.endpoint, settings.environment):
            raise ValueError(
                f"IP_ADAPTER_PARTNERS: the endpoint of {partner.organisation} must be a real address by https"
            )
    return known


def require_message_service(settings: Settings, known: Partners) -> str:
    """How many partners are reached through the message service. Raises ValueError if there are some and no message
    service, or one that is configured wrong: their letters would all come back.
    """
    through = sum(partner.channel == "edi20" for partner in known.by_organisation.values())
    if settings.edi20_url:
        _require_mailbox(settings, known)
    elif through:
        raise ValueError("IP_ADAPTER_EDI20_URL: the partner table has partners of channel edi20")
    return f"{through} partners through it, mail of {len(settings.edi20_her_ids)} HER-ids fetched"


def refuse_unsafe(settings: Settings) -> None:
    """Production does not start with what is made for tests. Raises ValueError."""
    if settings.environment == "test":
        return
    if settings.subject_secret.get_secret_value() == SAMPLE_SECRET:
        raise ValueError("IP_ADAPTER_SUBJECT_SECRET must be set in production")
    if not acceptable_issuer(settings.issuer, settings.environment):
        raise ValueError("IP_ADAPTER_ISSUER must be a real issuer in production")
    used = [name for name in ("edi20_url", "register_url") if getattr(settings, name)]
    if used:
        for name in (*used, "helseid_issuer", "helseid_token_endpoint"):
            if not acceptable_issuer(getattr(settings, name), settings.environment):
                raise ValueError(f"IP_ADAPTER_{name.upper()} must be a real service by https in production")


def samples_left(settings: Settings) -> tuple[str, ...]:
    """The variables that are still those of the sample, where production should have its own."""
    if settings.environment == "production" and settings.canonical_base == SAMPLE_BASE:
        return ("IP_ADAPTER_CANONICAL_BASE",)
    return ()


def transport(
    settings: Settings,
    parts: Parts,
    clock: Callable[[], datetime] = system_clock,
    service: MessageService | None = None,
) -> "HttpTransport | Channels":
    """The way out: only to addresses of the partner table, and to the message service where there is one."""
    # A process that sends nothing starts a quarter of a second sooner and is 20 MB smaller without aiohttp.
    from adapter.outside.reading import Readers  # noqa: PLC0415
    from adapter.outside.transport import HttpTransport  # noqa: PLC0415

    readers = Readers(read_response, read_receipt)
    http = HttpTransport(parts.partners.endpoints(), readers, clock, timeout=settings.send_timeout)
    if service is None:
        return http
    from adapter.outside.channels import Channels  # noqa: PLC0415 - as above
    from adapter.outside.edi20.way_out import Edi20Transport  # noqa: PLC0415 - as above

    carried = Edi20Transport(service, settings.edi20_timeout)
    return Channels({"fhir": http, "edi": http, "edi20": carried}, http.aclose)


def message_service(settings: Settings, clock: Clock = system_clock) -> "Connection | None":
    """NHN's message service, if one is configured. Nothing is connected yet."""
    if not settings.edi20_url:
        return None
    from adapter.outside.edi20.connection import Connection  # noqa: PLC0415 - only where it is used

    return Connection(
        settings.edi20_url,
        settings.edi20_version,
        settings.edi20_her_ids,
        settings.edi20_source_system,
        ("ip-adapter", _version()),
        _helseid_client(settings, "edi20_url", settings.helseid_scopes),
        clock,
        seconds=settings.edi20_timeout,
        most=settings.max_bytes,
    )


def address_register(settings: Settings, clock: Clock = system_clock) -> "AddressRegister | None":
    """NHN's address register, if one is configured. Nothing is connected yet."""
    if not settings.register_url:
        return None
    from adapter.outside.register.connection import Connection  # noqa: PLC0415 - only where it is used

    return Connection(
        settings.register_url,
        settings.edi20_source_system,
        _helseid_client(settings, "register_url", settings.register_scopes),
        clock,
        seconds=settings.register_timeout,
    )


def _helseid_client(settings: Settings, of: str, scopes: str) -> "Client":
    """`of`: the setting with the address of the service that the tokens are for."""
    from adapter.outside.helseid import Client, read_key  # noqa: PLC0415 - only where it is used

    needed = ["helseid_issuer", "helseid_token_endpoint", "helseid_client_id", "helseid_key"]
    if of == "edi20_url":
        needed.insert(0, "edi20_her_ids")
    missing = [f"IP_ADAPTER_{name.upper()}" for name in needed if not getattr(settings, name)]
    if missing or settings.helseid_key is None:
        raise ValueError(f"IP_ADAPTER_{of.upper()} needs {', '.join(missing)}")
    key = read_key(settings.helseid_key)
    issuer, endpoint = settings.helseid_issuer, settings.helseid_token_endpoint
    return Client(issuer, endpoint, settings.helseid_client_id, key, scopes)


def _require_mailbox(settings: Settings, known: Partners) -> None:
    """Raises ValueError for a message service that cannot work as it is configured."""
    _helseid_client(settings, "edi20_url", settings.helseid_scopes)
    units = {unit.her_id for unit in _directory(settings.mappings / "routes").units}
    for her_id in settings.edi20_her_ids:
        partner = known.by_her_id.get(her_id)
        if partner is None or not partner.served:
            raise ValueError(
                "IP_ADAPTER_EDI20_HER_IDS: only addresses that are served, as the partner table says"
            )
        if partner.channel == "edi20" and her_id in (partner.service_her_ids[0], *units):
            raise ValueError(
                "IP_ADAPTER_EDI20_HER_IDS: letters to a partner of channel edi20 would come back"
            )
    home = next(p for p in known.by_organisation.values() if p.kind == "adapter")
    if not set(home.service_her_ids[:1]) & set(settings.edi20_her_ids):
        raise ValueError(
            "IP_ADAPTER_EDI20_HER_IDS: the adapter's own service, which sends the letters, is missing"
        )


def watch(
    settings: Settings, store: Database, clock: Clock = system_clock, parts: Parts | None = None
) -> Watch:
    """What looks after the database and the disk, and says what is refused meanwhile; with `parts`, also after what
    stands still."""
    file = file_of(read_url(settings.database))
    bounds = Bounds(settings.min_free_disk, settings.max_backlog)
    still = looking_for_what_stands_still(parts, clock) if parts else None
    measure = measuring(store, file, clock, mailbox=bool(settings.edi20_url), still=still)
    return Watch(measure, bounds, maintenance=settings.maintenance)


def limits(settings: Settings) -> Limits:
    """How much a process takes on at once."""
    return Limits(
        settings.max_requests,
        settings.max_bytes_in_hand,
        settings.max_share,
        settings.body_timeout,
        settings.threads,
    )
