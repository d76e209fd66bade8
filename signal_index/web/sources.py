"""Deliveries: the surface for sources takes them and gives signed answers; nothing here can be read with a batch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from crypto.answers import Refusal, verify
from crypto.batch import Batch
from crypto.chain import close
from crypto.chain.crew import WorkLost
from crypto.errors import CryptoError
from signal_index.errors import Malformed, NotPermitted, Unavailable
from signal_index.model import Delivery, dutch_day
from signal_index.usecases.delivery.apply import (
    SignedAnswer,
    deliver,
    given_before,
    record_distrusted,
    refuse,
)
from signal_index.usecases.delivery.rows import Context, DeliveryRefused, Work
from signal_index.usecases.delivery.unseal import authenticate, open_delivery
from signal_index.usecases.rulebook.in_use import require_in_force

from .api.accept import quality
from .api.document import PREFIX
from .desk import Desk
from .problems import CONFLICT, PROBLEM_JSON, problem
from .strict import routes_below

# What A and B must have let pass, or made, against the protocol: somebody has to explain it.
DISTRUSTED = frozenset({"hop-proof", "origin-proof"})
DELIVERIES_AT_ONCE = 2
DELIVERIES_WAITING_MAX = 16
"""Each holds its whole batch in memory; the last one waits some tens of seconds, and hops wait little longer."""
BUSY_SECONDS = 5
OCTETS = "application/octet-stream"
BATCH_BYTES_MAX = 4 * 1024 * 1024  # 4,096 items of 3 x 64 bytes and rows of 256 bytes, twice over

_NOT_APPLIED = (
    "Deze levering is niet verwerkt. Alleen het ondertekende antwoord, application/octet-stream, bewijst dat."
)
_BYTES = {OCTETS: {"schema": {"type": "string", "format": "binary"}}}
_DELIVERY = {
    "requestBody": {
        "required": True,
        "description": "Een ondertekende levering, zoals docs/protocol.md die beschrijft.",
        "content": _BYTES,
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Verwerkt: een ondertekende bevestiging of, voor inzage, een verzegeld antwoord.",
        "content": _BYTES,
    },
    409: {
        "description": "Niet verwerkt: een ondertekende weigering; wie in Accept liever problem+json heeft, krijgt "
        "dezelfde redenen leesbaar en zonder handtekening.",
        "content": _BYTES,
    },
}


@dataclass
class Turns:
    """Who may be taken in hand now; whoever finds a full queue comes again, and has lost nothing.

    Opening a delivery keeps the processors busy; more at once would only keep each other, and look-ups, waiting.
    """

    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DELIVERIES_AT_ONCE))
    _here: int = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        Raises:
            Unavailable: `busy`: too many wait already.
        """
        if self._here >= DELIVERIES_AT_ONCE + DELIVERIES_WAITING_MAX:
            raise Unavailable(
                "busy", "Er wachten te veel leveringen. Stuur deze levering zo opnieuw.", BUSY_SECONDS
            )
        self._here += 1
        try:
            async with self._free:
                yield
        finally:
            self._here -= 1


class Octets(Response):
    """An answer in the index's own signed form."""

    media_type = OCTETS


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = routes_below(PREFIX)
    turns = Turns()

    @routes.post(
        "/leveringen",
        name="leveringen",
        summary="Lever aan de index",
        response_class=Octets,
        responses=_ANSWERS,
        openapi_extra=_DELIVERY,
    )
    async def leveren(request: Request) -> Response:
        """Neem een levering aan die door beide pseudonimiseerders is gegaan."""
        if request.headers.get("content-type") != OCTETS:
            raise HTTPException(415)
        body = await request.body()
        async with turns.taken():
            signed = await _deliver(desk, await asyncio.to_thread(_decode, body))
        if signed.accepted:
            return Octets(signed.wire)
        accepts = request.headers.getlist("accept")
        if quality(accepts, PROBLEM_JSON) > quality(accepts, OCTETS):
            return _readable(signed.wire, desk)
        return Octets(signed.wire, status_code=409)

    return routes


def _readable(wire: bytes, desk: Desk) -> Response:
    """A signed refusal as a problem, for whoever asks for that; it proves nothing to a publisher."""
    refusal = verify(wire, desk.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    rows = tuple((f"rij {position}", reason) for position, reason in refusal.rows)
    return problem(CONFLICT, refusal.reason, _NOT_APPLIED, rows)


def _decode(body: bytes) -> Batch:
    try:
        return Batch.decode(body, BATCH_BYTES_MAX)
    except CryptoError as error:
        raise Malformed("malformed", "Deze levering heeft niet de vorm die wij kennen.") from error


async def _deliver(desk: Desk, batch: Batch) -> SignedAnswer:
    publisher = await desk.run(lambda tx: tx.register.publisher(batch.header.publisher))
    if publisher is None:
        raise NotPermitted("unknown-publisher", "Deze afzender staat niet in het register.")
    await asyncio.to_thread(authenticate, batch, publisher, desk.secrets, dutch_day(desk.now()))
    repeated = await desk.run(lambda tx: given_before(tx, batch.header))
    if repeated is not None:
        return repeated
    try:
        delivery = await _open(desk, batch)
    except Malformed as fault:
        if fault.code in DISTRUSTED:
            code = fault.code
            await desk.run(lambda tx: record_distrusted(tx, batch.header, code, desk.now()))
        raise
    context = _context(desk)
    signing = desk.secrets.signing
    try:
        return await desk.run(lambda tx: deliver(Work(tx, context, delivery, publisher), signing))
    except DeliveryRefused as refused:
        # What the delivery did is undone by now; the refusal is recorded in a transaction of its own.
        refusal = refused
    return await desk.run(lambda tx: refuse(Work(tx, context, delivery, publisher), signing, refusal))


async def _open(desk: Desk, batch: Batch) -> Delivery:
    # Group arithmetic for the whole batch, in a thread and, when it is large, in worker processes: look-ups go on.
    try:
        return await asyncio.to_thread(open_delivery, batch, desk.secrets, desk.manifest, desk.crew)
    except WorkLost as error:
        raise Unavailable(
            "busy", "Er viel een hulpproces weg. Stuur deze levering opnieuw.", BUSY_SECONDS
        ) from error


def _context(desk: Desk) -> Context:
    now = desk.now()
    today = dutch_day(now)
    # Without a catalogue every code would look unknown, and a refusal would make publishers set rows aside.
    in_force = require_in_force(desk.rules, today)
    return Context(now, today, in_force.catalogue, close(desk.secrets.opening, desk.manifest.canary))
