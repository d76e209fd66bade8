"""The HTTP edge of a witness: one address to cosign, and three to look.

Invariants:
1. A body is never read further than a checkpoint with its proof can be, nor longer than `BODY_SECONDS_MAX`.
2. Every answer but the protocol's own is problem+json from the table in `problems`.
3. No address holds anything but fixed words and a hash; no log line tells who asked.

Source: C2SP tlog-witness.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.log.witnessing import REQUEST_BYTES_MAX
from crypto.witness.problems import Refused
from crypto.witness.state import figures
from crypto.witness.walk import Witness

ADD_PATH: Final = "/add-checkpoint"
CHECKPOINT_PATH: Final = "/checkpoint/{tag}"
READY_PATH: Final = "/v1/gereed"
METRICS_PATH: Final = "/metrics"

BODY_SECONDS_MAX: Final = 10.0
"""A request is a few kB; who sends slower than this holds a place another could use."""

WAITING_MAX: Final = 16
"""Requests in hand at one moment. They are settled one by one, each in milliseconds."""

log = logging.getLogger("crypto.witness")

Answering = Callable[[Request], Awaitable[Response]]


class Edge:
    """Answers requests with one witness's walk.

    Args:
        witness: at work.
        quiet_after_seconds: a log that shows nothing for longer is quiet.
    """

    def __init__(self, witness: Witness, quiet_after_seconds: int) -> None:
        self._witness = witness
        self._quiet_after_seconds = quiet_after_seconds
        # One at a time goes to the memory; a second thread lets people look while the disk is slow.
        self._threads = CapacityLimiter(2)
        self._waiting = 0

    async def add_checkpoint(self, request: Request) -> Response:
        """Cosign one checkpoint, or say why not."""
        if self._waiting >= WAITING_MAX:
            raise Refused("busy", retry_after_seconds=5)
        self._waiting += 1
        try:
            body = await read_body(request)
            line = await to_thread.run_sync(self._witness.add_checkpoint, body, limiter=self._threads)
        finally:
            self._waiting -= 1
        self._witness.answers["cosigned"] += 1
        return Response(line, media_type="text/plain; charset=utf-8")

    async def checkpoint(self, request: Request) -> Response:
        """Show the last cosigned checkpoint of a log."""
        wanted = request.path_params["tag"]
        note = await to_thread.run_sync(self._witness.last_cosigned, wanted, limiter=self._threads)
        return Response(note, media_type="text/plain; charset=utf-8")

    async def ready(self, _: Request) -> Response:
        """Say that the memory answers."""
        await to_thread.run_sync(self._witness.memory.latest, limiter=self._threads)
        state = {"status": "gereed", "getuige": self._witness.place.own.name}
        return Response(json.dumps(state), media_type="application/json")

    async def metrics(self, _: Request) -> Response:
        """Show the figures, for whoever watches over the service."""
        text = await to_thread.run_sync(
            figures, self._witness, self._quiet_after_seconds, limiter=self._threads
        )
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    def guarded(self, answering: Answering) -> Answering:
        """Turn everything that goes wrong into a problem document."""

        async def answer(request: Request) -> Response:
            try:
                return await answering(request)
            except Refused as refused:
                self._witness.answers[refused.code] += 1
                return _problem(refused)
            except Exception as error:  # noqa: BLE001 - the outermost edge: whatever it is, it ends here, unnamed
                fields = {"event": "fault", "kind": type(error).__name__}
                log.error("fault", extra={"fields": fields})  # noqa: TRY400 - a trace could quote what was being handled
                self._witness.answers["internal"] += 1
                return _problem(Refused("internal"))

        return answer


def create_app(witness: Witness, quiet_after_seconds: int) -> Starlette:
    """Build the application around one witness's walk."""
    edge = Edge(witness, quiet_after_seconds)
    routes = [
        Route(ADD_PATH, edge.guarded(edge.add_checkpoint), methods=["POST"]),
        Route(CHECKPOINT_PATH, edge.guarded(edge.checkpoint), methods=["GET"]),
        Route(READY_PATH, edge.guarded(edge.ready), methods=["GET"]),
        Route(METRICS_PATH, edge.guarded(edge.metrics), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _on_http_error})
    app.router.redirect_slashes = False
    return app


async def read_body(request: Request) -> bytes:
    """Read a request, no further than it may be long.

    Raises:
        Refused: `malformed`, `too-large` or `timeout`.
    """
    if "Content-Encoding" in request.headers:
        raise Refused("malformed")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > REQUEST_BYTES_MAX:
                    raise Refused("too-large")
    except TimeoutError:
        raise Refused("timeout") from None
    return bytes(body)


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not-found", 405: "method-not-allowed"}
    response = _problem(Refused(codes.get(error.status_code, "malformed")))
    response.headers.update(error.headers or {})
    return response


def _problem(refused: Refused) -> Response:
    # As a header: of a media type that is text the framework would say the charset as well.
    headers = refused.headers() | {"Content-Type": refused.media_type}
    return Response(refused.body(f"urn:uuid:{uuid4()}"), refused.kind.status, headers=headers)
