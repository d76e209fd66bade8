"""How a witness listens: strictly, with a limit on everything a stranger can keep it waiting with.

Invariants:
1. A connection that brings no request holds nothing up: it is ended after a while, and there are only so many.
2. What is listened on is said once it answers; a signal to stop ends with exit code 0.
3. Nothing of a request is logged by the server.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from crypto.errors import KeyFault

GRACE_SECONDS: Final = 10
"""How long requests under way may take to finish after a signal to stop."""

CONNECTIONS_MAX: Final = 64
"""A witness has a handful of logs, and a few people that look."""

HEADER_SECONDS_MAX: Final = 10.0
"""For the head of a request; who sends more slowly than this is hung up on."""


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


class _Server(uvicorn.Server):
    """A server that says where it listens, and that a signal ends with exit code 0."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say where."""
        await super().startup(sockets)
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            click.echo(f"witness ready on http://{host}:{port}", err=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; unlike the stock one, do not raise the signal again afterwards."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def bound(host: str, port: int) -> socket.socket:
    """Take an address.

    Raises:
        KeyFault: it cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by name: without it asyncio leaves small answers waiting 40 ms for more (TCP_NODELAY stays off).
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(CONNECTIONS_MAX)
    except OSError as error:
        made.close()
        raise KeyFault(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return made


def serve(app: Starlette, at: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        app: what answers.
        at: see `bound`.
    """
    server_for(app).run(sockets=[at])


def server_for(app: Starlette) -> uvicorn.Server:
    """Return a server for this application that keeps the limits of this module."""
    return _Server(
        uvicorn.Config(
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
    )
