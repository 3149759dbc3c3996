"""Who calls, and whether the token grants what is asked (RFC 6750)."""

from typing import Literal, Protocol

from starlette.requests import Request

from adapter.api.threads import Threads
from adapter.domain.message import Caller
from adapter.domain.problems import Finding, Refused
from adapter.ports import Identity

CHECKING_THREADS = 4
"""Full checks of tokens run here: who sends unknown ones while the issuer is slow holds up no flow."""

Scope = Literal["ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write"]


class Remembering(Identity, Protocol):
    """An identity that knows a token again, which costs no thread."""

    def known(self, authorization: str | None) -> Caller | None:
        """The caller of a token that was checked before and holds still. Never blocks. Raises Refused(no-token)."""
        ...


class Access:
    """Asks the identity of every caller; keeps nothing between requests."""

    def __init__(self, identity: Remembering) -> None:
        self._identity, self._threads = identity, Threads(CHECKING_THREADS, "token")

    async def caller(self, request: Request, scope: Scope) -> Caller:
        """The caller, whose token has the scope.

        Its organisation number is left in `request.state` for the log line. Raises Refused (no-token,
        token-refused, scope-missing) or IssuerUnreachable.
        """
        authorization = request.headers.get("authorization")
        caller = self._identity.known(authorization)
        if caller is None:
            caller = await self._threads.run(self._identity.caller, authorization)
        request.scope["state"]["organisation"] = caller.organisation
        if scope not in caller.scopes:
            raise Refused(Finding("scope-missing"))
        return caller
