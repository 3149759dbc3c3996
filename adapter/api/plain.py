"""A plain route of the application, without FastAPI's way to an endpoint."""

from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class PlainRoute(Route):
    """Tells the outer door which route it is, also one that refuses the method; FastAPI says so of its own only."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await super().handle(scope, receive, send)
