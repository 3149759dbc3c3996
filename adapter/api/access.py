"""Who calls, and whether the token grants what is asked (RFC 6750)."""

from typing import Literal

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from adapter.domain.message import Caller
from adapter.domain.problems import Finding, Refused
from adapter.ports import Identity

Scope = Literal["ip-adapter/messages", "ip-adapter/cases.read", "ip-adapter/cases.write"]


class Access:
    """Asks the identity of every caller; keeps nothing between requests."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def caller(self, request: Request, scope: Scope) -> Caller:
        """The caller, whose token has the scope.

        Its organisation number is left in `request.state` for the log line. Raises Refused (no-token,
        token-refused, scope-missing) or IssuerUnreachable.
        """
        authorization = request.headers.get("authorization")
        caller = await run_in_threadpool(self._identity.caller, authorization)
        request.state.organisation = caller.organisation
        if scope not in caller.scopes:
            raise Refused(Finding("scope-missing"))
        return caller
