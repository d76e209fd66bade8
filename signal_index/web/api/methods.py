"""Which methods an address answers: HEAD wherever GET is answered, and `Allow` names them all.

Source: RFC 9110 §9.3.2 and §10.2.1.
"""

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Methods:
    """The methods of every address, also where several routes share one.

    Args:
        routes: as the application holds them.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._known = [
            (route.path_regex, frozenset(route.methods or ()))
            for route in routes
            if isinstance(route, APIRoute)
        ]

    def at(self, path: str) -> frozenset[str]:
        """What this path answers; nothing for a path that is not there."""
        found = frozenset[str]().union(*(methods for regex, methods in self._known if regex.match(path)))
        return found | {"HEAD"} if "GET" in found else found


class HeadLikeGet:
    """Lets the application see GET, and drops the body of its answer.

    Args:
        app: the application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _bodiless(send))
        else:
            await self._app(scope, receive, send)


def _bodiless(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending
