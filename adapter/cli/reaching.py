"""Whether the services of NHN can be reached, for `ip-adapter check --reach`."""

import asyncio

from adapter.app import address_register, message_service
from adapter.cli.failed import Failed
from adapter.ports import ServiceAway, ServiceRefuses
from adapter.settings import Settings

_BEHIND_ALL = 2**31 - 1


def message_service_answers(settings: Settings) -> str:
    """What it said to a question that changes nothing, asked with a token of the issuer. Raises Failed, ValueError."""
    try:
        asyncio.run(_ask(settings))
    except ServiceRefuses as refuses:
        if refuses.http != 403:
            raise Failed(f"{settings.edi20_url} refuses (HTTP {refuses.http})") from None
        return f"{settings.edi20_url} answers, and has no configuration of these HER-ids yet; the worker makes it"
    except ServiceAway as away:
        where = settings.helseid_token_endpoint if away.because == "no-token" else settings.edi20_url
        raise Failed(f"{where}: {away.because}") from None
    return f"{settings.edi20_url} answers (version {settings.edi20_version})"


async def _ask(settings: Settings) -> None:
    connection = message_service(settings)
    if connection is None:
        raise ValueError("IP_ADAPTER_EDI20_URL is not set")
    try:
        await connection.service.notices(_BEHIND_ALL)
    finally:
        await connection.aclose()


def address_register_answers(settings: Settings) -> str:
    """What it said when asked how far its events have come, with a token of the issuer. Raises Failed, ValueError."""
    try:
        asyncio.run(_ask_register(settings))
    except ServiceRefuses as refuses:
        raise Failed(f"{settings.register_url} refuses (HTTP {refuses.http})") from None
    except ServiceAway as away:
        where = settings.helseid_token_endpoint if away.because == "no-token" else settings.register_url
        raise Failed(f"{where}: {away.because}") from None
    return f"{settings.register_url} answers"


async def _ask_register(settings: Settings) -> None:
    connection = address_register(settings)
    if connection is None:
        raise ValueError("IP_ADAPTER_REGISTER_URL is not set")
    try:
        await connection.service.latest()
    finally:
        await connection.aclose()
