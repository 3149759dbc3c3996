"""`ip-adapter send`"""

from pathlib import Path
from typing import Annotated

import httpx
import typer

from adapter.cli.answers import Said, said_by
from adapter.cli.failed import NOT_TRIED, REFUSED, Failed
from adapter.cli.letter import Letter, letter_of
from adapter.cli.options import Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.domain.identifiers import derived

_DOORS = {
    "edi": ("/edi/messages", "application/xml"),
    "fhir": ("/fhir/$process-message", "application/fhir+json"),
}
_NOT_NOW = (429, 502, 503, 504)


def command(
    file: Annotated[Path, typer.Argument(help="A Hodemelding (XML) or a FHIR message Bundle (JSON).")],
    to: Annotated[
        str | None, typer.Option(help="Base address of the adapter.  [default: IP_ADAPTER_HOST and _PORT]")
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option("--as", help="Organisation number to send as.  [default: the message's sender]"),
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="An access token.  [default: one from the issuer]")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="Who gives tokens.  [default: IP_ADAPTER_ISSUER]")
    ] = None,
    json: Json = False,
) -> None:
    """Send one message file to an adapter and tell the answer in words.

    The first character of the file chooses the door. The token is asked for in the name of the organisation that
    the message says it is from (client credentials), which a pretend issuer grants to anybody. Any file may be
    sent, also a broken one, to see how it is refused.

    \b
    Examples:
      ip-adapter send need.xml
      ip-adapter send need.json --to https://ip.example --token "$TOKEN"
    \b
    Exit codes: 0 taken, 1 refused, 2 nobody answered, not now (send it again), or the file is unreadable.
    """
    settings = settings_with(issuer=issuer)
    letter = letter_of(file, settings, sender)
    with httpx.Client(timeout=30.0, trust_env=False) as client:
        granted = token or _token(client, settings.issuer, letter.sender)
        base = (to or f"http://{settings.host}:{settings.port}").rstrip("/")
        said = _posted(client, base, letter, granted)
    _tell(letter, said, json=json)
    if not said.positive:
        raise typer.Exit(NOT_TRIED if said.http in _NOT_NOW else REFUSED)


def _token(client: httpx.Client, issuer: str, sender: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": sender, "scope": "ip-adapter/messages"}
    try:
        known = client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        answer = client.post(known.raise_for_status().json()["token_endpoint"], data=form)
        granted = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Failed(
            f"IP_ADAPTER_ISSUER: the issuer {issuer} does not answer; give --issuer or --token"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise Failed(f"IP_ADAPTER_ISSUER: {issuer} is no issuer of tokens") from None
    if not isinstance(granted, dict) or not isinstance(granted.get("access_token"), str):
        raise Failed(f"the issuer {issuer} gives no token to {sender}", REFUSED)
    return str(granted["access_token"])


def _posted(client: httpx.Client, base: str, letter: Letter, token: str) -> Said:
    path, media_type = _DOORS[letter.door]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    try:
        answer = client.post(base + path, content=letter.raw, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        raise Failed(f"nobody answers at {base}; start one with ip-adapter serve") from None
    return said_by(answer.status_code, answer.content)


def _tell(letter: Letter, said: Said, *, json: bool) -> None:
    case = letter.case if said.positive and said.focus in ("", f"Task/{derived(letter.case, 'task')}") else ""
    if json:
        tell_json(
            {
                "taken": said.positive,
                "http": said.http,
                "status": said.status,
                "remarks": list(said.remarks),
                "message": letter.message_id,
                "case": case,
            }
        )
        return
    tell(f"{'Taken' if said.positive else 'Refused'}: {said.status} (HTTP {said.http})")
    for remark in said.remarks:
        tell(f"  {remark.code}  {remark.text}{f'  at {remark.place}' if remark.place else ''}")
    if letter.message_id:
        tell(f"Message {letter.message_id}")
    if case:
        tell(f"Case {case}; see ip-adapter explain {case}")
