"""The part of the service that listens: one thread that serves the webhook and the figures while the main thread works.

Invariants:
1. An address is bound before the service says it is ready; one that is taken ends the start, with words.
2. A connection that brings no request holds nothing up: it is ended after a while, and there are only so many.
3. The thread shares nothing with the main thread but what it is given: finished texts, and a way to wake it.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from time import monotonic, sleep
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.config import SetupFault

from .settings import address

METRICS_PATH: Final = "/metrics"
ALIVE_PATH: Final = "/v1/levend"
READY_PATH: Final = "/v1/gereed"

GRACE_SECONDS: Final = 10
"""How long deliveries under way may take to finish after a signal to stop."""

START_SECONDS_MAX: Final = 20.0

CONNECTIONS_MAX: Final = 128
"""At one address; each takes a file that the rest of the service may need."""

HEADER_SECONDS_MAX: Final = 10.0
"""For the head of a request; who sends more slowly than this is hung up on."""


class Listening:
    """Applications being served, each on its own address; close it at the end.

    Args:
        apps: each with its `host:port`, opened in this order.

    Raises:
        SetupFault: an address cannot be listened on.
    """

    def __init__(self, apps: Sequence[tuple[str, Starlette]]) -> None:
        self._sockets = [_bound(listen) for listen, _ in apps]
        self._servers = [uvicorn.Server(_config(app)) for _, app in apps]
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.addresses = [_written(each) for each in self._sockets]

    def start(self) -> None:
        """Serve; returns when every address answers."""
        if not self._servers:
            return
        self._thread.start()
        deadline = monotonic() + START_SECONDS_MAX
        while not all(server.started for server in self._servers):
            if not self._thread.is_alive() or monotonic() > deadline:
                raise SetupFault("what listens did not start")
            sleep(0.01)

    @property
    def is_up(self) -> bool:
        """Whether what has to be served is served."""
        return not self._servers or self._thread.is_alive()

    def close(self) -> None:
        """Stop listening; what is being delivered gets a moment to finish."""
        for server in self._servers:
            server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE_SECONDS + 5)
        for each in self._sockets:
            each.close()

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in pairs))


class _Impatient(H11Protocol):
    """One connection, whose other end has to say something and may not bring too many with it.

    The server itself waits for ever for the head of a request, and keeps as many connections as there are files.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server's own
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        self._expect()
        super().data_received(data)
        if self._is_served():
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _expect(self) -> None:
        """Have the head of a request come in by a moment, which what drips in does not put off."""
        if not self._is_served() and self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(HEADER_SECONDS_MAX, self._hang_up)

    def _hang_up(self) -> None:
        self._forget()
        if not self._is_served():
            self.transport.abort()

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_served(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete


def figures_app(
    figures: Callable[[], str], is_alive: Callable[[], bool], ready: Callable[[], str | None]
) -> Starlette:
    """Build the application that tells how the service stands.

    Args:
        figures: Prometheus text.
        is_alive: whether the main thread works.
        ready: None when it takes in and sends as it should, otherwise why not, in one word.
    """

    async def metrics(_: Request) -> Response:
        return Response(figures(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def alive(_: Request) -> Response:
        return _said({"status": "levend"}) if is_alive() else _said({"status": "niet levend"}, 503)

    async def gereed(_: Request) -> Response:
        why = ready()
        return (
            _said({"status": "gereed"})
            if why is None
            else _said({"status": "niet gereed", "reden": why}, 503)
        )

    routes = [Route(METRICS_PATH, metrics), Route(ALIVE_PATH, alive), Route(READY_PATH, gereed)]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


def _said(document: Mapping[str, str], status: int = 200) -> Response:
    return Response(json.dumps(document), status, media_type="application/json")


def _bound(listen: str) -> socket.socket:
    host, port = address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SetupFault(f"cannot listen on {listen}: {error.strerror}") from error


def _written(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
