"""What every request for data passes, in this order: a place, who calls, the caller's share, the condition.

Each of them comes before the body is read.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from adapter.api.access import Access, Remembering, Scope
from adapter.api.answers import response
from adapter.api.places import Limits, Places
from adapter.api.reading import stated_size
from adapter.api.threads import Threads
from adapter.api.watch import Watch
from adapter.domain.condition import Asked
from adapter.domain.message import Answer, Caller
from adapter.domain.problems import Finding, Refused
from adapter.flows.parts import Parts

Endpoint = Callable[[Request], Awaitable[Response]]
Handle = Callable[[Request, Caller], Awaitable[Answer]]


class Gate:
    """One for all doors of a process: together they share its places and threads."""

    def __init__(self, parts: Parts, identity: Remembering, watch: Watch, limits: Limits) -> None:
        self.parts, self.limits = parts, limits
        self.threads = Threads(limits.threads)
        self.places = Places(limits)
        self._access = Access(identity)
        self._watch = watch

    def endpoint(self, scope: Scope, asked: Asked, handle: Handle) -> Endpoint:
        """An endpoint that needs `scope` and does what is `asked`; `handle` answers who comes through."""

        async def endpoint(request: Request) -> Response:
            with self.places.take(stated_size(request, self.parts.max_bytes)) as place:
                caller = await self._access.caller(request, scope)
                place.of(caller.organisation)
                self.require(asked)
                answer = await handle(request, caller)
                if answer.status < 300:  # nothing is done or shown before the database has recorded it
                    self._watch.served()
                return response(answer, self.parts)

        return endpoint

    def require(self, asked: Asked) -> None:
        """Raises Refused with the problem that says why this cannot be done now."""
        if not self.allows(asked):
            raise Refused(Finding(self._watch.condition.refused[asked]))

    def allows(self, asked: Asked) -> bool:
        """Whether this can be done now."""
        return asked not in self._watch.condition.refused
