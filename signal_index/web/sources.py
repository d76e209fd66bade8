"""The surface for sources: it takes deliveries and gives signed answers; there is nothing to read here."""

import asyncio

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from crypto.batch import Batch
from crypto.errors import CryptoError
from signal_index.errors import Malformed, NotPermitted, Unavailable
from signal_index.model import dutch_day
from signal_index.usecases.delivery.apply import SignedAnswer, deliver, refuse
from signal_index.usecases.delivery.rows import Context, DeliveryRefused, Work
from signal_index.usecases.delivery.unseal import open_delivery

from .desk import Desk

OCTETS = "application/octet-stream"
BATCH_BYTES_MAX = 4 * 1024 * 1024  # 4,096 items of 3 x 64 bytes and rows of 256 bytes, twice over


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = APIRouter()

    @routes.post("/leveringen", name="leveringen", response_class=Response)
    async def leveren(request: Request) -> Response:
        """Neem een levering aan die door beide pseudonimiseerders is gegaan."""
        if request.headers.get("content-type") != OCTETS:
            raise HTTPException(415)
        batch = _decode(await request.body())
        signed = await _deliver(desk, batch)
        return Response(signed.wire, status_code=200 if signed.accepted else 409, media_type=OCTETS)

    return routes


def _decode(body: bytes) -> Batch:
    try:
        return Batch.decode(body, BATCH_BYTES_MAX)
    except CryptoError as error:
        raise Malformed("malformed", "Deze levering heeft niet de vorm die wij kennen.") from error


async def _deliver(desk: Desk, batch: Batch) -> SignedAnswer:
    publisher = await desk.run(lambda tx: tx.register.publisher(batch.header.publisher))
    if publisher is None:
        raise NotPermitted("unknown-publisher", "Deze afzender staat niet in het register.")
    # Group arithmetic for the whole batch; libsodium releases the interpreter lock, so look-ups go on.
    delivery = await asyncio.to_thread(open_delivery, batch, publisher, desk.secrets, desk.manifest)
    context = _context(desk)
    signing = desk.secrets.signing
    try:
        return await desk.run(lambda tx: deliver(Work(tx, context, delivery, publisher), signing))
    except DeliveryRefused as refused:
        # What the delivery did is undone by now; the refusal is recorded in a transaction of its own.
        refusal = refused
    return await desk.run(lambda tx: refuse(Work(tx, context, delivery, publisher), signing, refusal))


def _context(desk: Desk) -> Context:
    now = desk.now()
    today = dutch_day(now)
    in_force = desk.rules.in_force(today)
    if not in_force.covers(today):
        # Without a catalogue every code would look unknown, and a refusal would make publishers set rows aside.
        raise Unavailable("no-rules", "Er zijn nu geen regels van kracht. Probeer het later nog eens.")
    return Context(now, today, in_force.catalogue)
