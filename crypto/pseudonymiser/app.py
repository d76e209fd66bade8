"""The HTTP edge of a pseudonymiser: two addresses, and a problem document for everything that goes wrong.

Invariants:
1. A body is never read further than the largest batch a registered publisher may send, nor longer than
   `BODY_SECONDS_MAX`.
2. Every answer that is not the index's own is problem+json from the table in `problems`; the stock answers of
   the framework, of which one quotes its input, do not exist here.
3. The log holds moments, codes, counts and the OIN of a registered publisher, and nothing else of a delivery.
"""

import asyncio
import json
import logging
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import uuid4

import httpx
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from crypto.batch import Batch, apply_hop
from crypto.chain.crew import Crew, WorkLost
from crypto.errors import CryptoError
from crypto.pseudonymiser import onward
from crypto.pseudonymiser.admission import admit, body_bytes_max
from crypto.pseudonymiser.config import Place
from crypto.pseudonymiser.ledger import Ledger
from crypto.pseudonymiser.problems import Refused

DELIVERIES_PATH: Final = onward.PATH
READY_PATH: Final = "/v1/gereed"

BODY_SECONDS_MAX: Final = 30.0
"""A delivery is a few MB at most; who sends slower than this holds a place another could use."""

WAITING_MAX: Final = 64
"""Deliveries held in memory at one moment: at most a few hundred MB in the worst registration."""

log = logging.getLogger("crypto.pseudonymiser")


@dataclass
class Pseudonymiser:
    """One party's walk, with everything it needs in its hands.

    Args:
        place: keys, neighbours, register.
        ledger: the open quota ledger.
        next_hop: address of the next party.
        clock: aware UTC; only the edge reads it.
        crew: who does the multiplying.
        refusals: per code since the start, for whoever watches over the service; of nobody in particular.
    """

    place: Place
    ledger: Ledger
    next_hop: str
    clock: Callable[[], datetime]
    crew: Crew
    refusals: Counter[str] = field(default_factory=Counter, init=False)
    # The library lets go of Python's lock while it multiplies, so threads up to the cores help; more only wait.
    _threads: CapacityLimiter = field(
        default_factory=lambda: CapacityLimiter(os.cpu_count() or 1), init=False
    )
    _waiting: int = field(default=0, init=False)

    async def deliver(self, request: Request, http: httpx.AsyncClient, note: "Note") -> onward.Answer:
        """Check, count, hop and pass on one delivery.

        Raises:
            Refused: as `problems` lists.
        """
        if self._waiting >= WAITING_MAX:
            raise Refused("busy", retry_after_seconds=5)
        self._waiting += 1
        try:
            body = await read_body(request, body_bytes_max(self.place))
            hopped = await to_thread.run_sync(self._check_count_and_hop, body, note, limiter=self._threads)
        except WorkLost as error:
            raise Refused("busy", retry_after_seconds=5) from error
        else:
            return await onward.pass_on(http, self.next_hop, hopped)
        finally:
            self._waiting -= 1

    def _check_count_and_hop(self, body: bytes, note: "Note") -> bytes:
        now = self.clock()
        batch, publisher = admit(body, self.place, now, note.sender, self.crew)
        self.ledger.count(batch.header, publisher.daily_quota[batch.header.batch_class], now)
        return self._hop(batch).encode()

    def _hop(self, batch: Batch) -> Batch:
        try:
            return apply_hop(batch, self.place.secrets, self.place.manifest, self.crew)
        except CryptoError as error:
            # Sums that become the identity by chance do not happen; by intent they are an attack.
            raise Refused("identity") from error


@dataclass
class Note:
    """What the log says of one request; every field is safe to write down."""

    instance: str = field(default_factory=lambda: f"urn:uuid:{uuid4()}")
    publisher: str | None = None
    batch_class: str | None = None
    items: int | None = None
    started: float = field(default_factory=time.monotonic)

    def sender(self, publisher: str, batch_class: str, items: int) -> None:
        """Note a registered publisher whose signature holds."""
        self.publisher, self.batch_class, self.items = publisher, batch_class, items

    def write(self, party: str, status: int, code: str | None) -> None:
        """Write one line; refusals stand out by their level."""
        fields = {
            "event": "delivery",
            "party": party,
            "instance": self.instance,
            "publisher": self.publisher,
            "class": self.batch_class,
            "items": self.items,
            "status": status,
            "code": code,
            "milliseconds": round(1000 * (time.monotonic() - self.started)),
        }
        log.log(logging.WARNING if code else logging.INFO, "delivery", extra={"fields": fields})


async def read_body(request: Request, bytes_max: int) -> bytes:
    """Read a delivery, no further than it may be long.

    Raises:
        Refused: `media-type`, `too-large` or `timeout`.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if media_type != onward.MEDIA_TYPE or "Content-Encoding" in request.headers:
        raise Refused("media-type")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise Refused("too-large")
    except TimeoutError:
        raise Refused("timeout") from None
    return bytes(body)


def create_app(pseudonymiser: Pseudonymiser) -> FastAPI:
    """Build the application around one party's walk."""
    party = pseudonymiser.place.party

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with onward.client(party) as http:
            app.state.http = http
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.post(DELIVERIES_PATH)
    async def deliver(request: Request) -> Response:
        note = Note()
        try:
            answer = await pseudonymiser.deliver(request, app.state.http, note)
        except Refused as refused:
            pseudonymiser.refusals[refused.code] += 1
            note.write(party, refused.kind.status, refused.code)
            return problem(refused, party, note.instance)
        except Exception as error:  # noqa: BLE001 - the outermost edge: whatever it is, it ends here, unnamed
            log.error("fault", extra={"fields": {"event": "fault", "kind": type(error).__name__}})  # noqa: TRY400 - a trace could quote what was being handled
            note.write(party, 500, "internal")
            return problem(Refused("internal"), party, note.instance)
        note.write(party, answer.status, None)
        return Response(answer.body, answer.status, media_type=onward.MEDIA_TYPE)

    @app.get(READY_PATH)
    async def ready() -> Response:
        await to_thread.run_sync(pseudonymiser.ledger.latest_day)
        place = pseudonymiser.place
        state = {
            "status": "gereed",
            "partij": party,
            "regio": place.manifest.scope,
            "epoch": place.manifest.epoch,
            "geweigerd": dict(pseudonymiser.refusals),
        }
        return Response(json.dumps(state).encode(), media_type="application/json")

    _replace_stock_errors(app, party)
    return app


def problem(refused: Refused, party: str, instance: str) -> Response:
    """Build the answer for a refusal."""
    return Response(
        refused.body(party, instance),
        refused.kind.status,
        headers=refused.headers(),
        media_type="application/problem+json",
    )


def _replace_stock_errors(app: FastAPI, party: str) -> None:
    codes = {404: "not-found", 405: "method-not-allowed"}

    async def on_http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = problem(Refused(codes.get(error.status_code, "malformed")), party, Note().instance)
        response.headers.update(error.headers or {})
        return response

    async def on_refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problem(error, party, Note().instance)

    def always(code: str) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answer(_: Request, __: Exception) -> Response:
            return problem(Refused(code), party, Note().instance)

        return answer

    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, always("malformed"))
    app.add_exception_handler(Exception, always("internal"))
