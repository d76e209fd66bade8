"""The checks a delivery passes before it is counted, in the order they are made.

Invariants:
1. Nothing of a delivery is believed before its publisher's signature holds, except the name that chooses the key;
   and that name must be registered.
2. Nothing reaches a key that is not a canonical group element other than the identity.

Pure: bytes in, a checked batch out; the clock is handed in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto.batch import (
    Batch,
    BatchClass,
    Header,
    items_in,
    max_bytes,
    verify_hop,
    verify_origin,
    verify_publisher,
)
from crypto.chain import CIPHERTEXT_BYTES, Ciphertext
from crypto.chain.crew import Crew
from crypto.errors import MalformedInput, VerificationFailed
from crypto.inquiry import AHEAD_SECONDS_MAX, LIFE_SECONDS_MAX
from crypto.pseudonymiser.config import Place, Publisher
from crypto.pseudonymiser.problems import Refused

CLOCK_AHEAD_MAX: Final = timedelta(minutes=5)
"""How far a publisher's clock may run ahead of ours."""

AGE_MAX: Final = timedelta(days=7)
"""A batch is composed right before it is sent; an older one is a recording."""


def body_bytes_max(place: Place) -> int:
    """Return the size of the largest delivery anybody registered here may send."""
    return max_bytes(place.items_max)


def admit(
    body: bytes, place: Place, now: datetime, note: Callable[[str, str, int], None], crew: Crew
) -> tuple[Batch, Publisher]:
    """Check a delivery.

    Args:
        body: as it was received.
        place: this party's keys and register.
        now: aware UTC.
        note: told publisher, class and number of items once the signature holds.
        crew: who does the multiplying.

    Returns:
        The batch, and the registered publisher that signed it.

    Raises:
        Refused: with the code of the first check that fails.
        WorkLost: see `crypto.chain.crew`.
    """
    batch = _read(body, place)
    publisher = _check_publisher(batch, place)
    note(publisher.oin, batch.header.batch_class.value, batch.header.n)
    _check_destination(batch.header, place)
    if batch.header.batch_class not in publisher.daily_quota:
        raise Refused("class-not-granted")
    if batch.header.n != items_in(batch.header.batch_class, publisher.items_per_batch):
        raise Refused("wrong-count")
    _check_items(batch)
    _check_clock(batch.header, now)
    _check_origin(batch, crew)
    _check_hop_before(batch, place, crew)
    return batch, publisher


def _read(body: bytes, place: Place) -> Batch:
    if len(body) > body_bytes_max(place):
        raise Refused("too-large")
    try:
        batch = Batch.decode(body, body_bytes_max(place))
    except MalformedInput as error:
        raise Refused("malformed") from error
    if len(batch.hops) != place.position:
        raise Refused("malformed")
    return batch


def _check_publisher(batch: Batch, place: Place) -> Publisher:
    publisher = place.publishers.get(batch.header.publisher)
    if publisher is None:
        raise Refused("unknown-publisher")
    if not any(_is_signed(batch, key) for key in publisher.verify_keys):
        raise Refused("signature")
    return publisher


def _is_signed(batch: Batch, key: Ed25519PublicKey) -> bool:
    try:
        verify_publisher(batch, key)
    except VerificationFailed:
        return False
    return True


def _check_origin(batch: Batch, crew: Crew) -> None:
    """The publisher made its items itself: one taken over from another source would be an oracle."""
    try:
        verify_origin(batch, crew)
    except VerificationFailed as error:
        raise Refused("origin-proof") from error


def _check_hop_before(batch: Batch, place: Place, crew: Crew) -> None:
    """At B, last of all as it costs most: A signed its hop, and moved and swapped nothing."""
    for position in range(place.position):
        try:
            verify_hop(batch, position, place.manifest, crew)
        except VerificationFailed as error:
            raise Refused("hop-proof") from error


def _check_destination(header: Header, place: Place) -> None:
    if header.audience != f"index:{place.manifest.scope}":
        raise Refused("wrong-audience")
    if header.scope != place.manifest.scope:
        raise Refused("wrong-scope")
    if header.key_epoch != place.manifest.epoch:
        raise Refused("epoch-retired")


def _check_items(batch: Batch) -> None:
    """Decode what will be multiplied, and at B what A multiplied too: neither may hold the identity."""
    try:
        for items in (batch.c0, *(hop.items for hop in batch.hops)):
            for start in range(0, len(items), CIPHERTEXT_BYTES):
                Ciphertext.decode(items[start : start + CIPHERTEXT_BYTES])
    except MalformedInput as error:
        raise Refused("identity") from error


def _check_clock(header: Header, now: datetime) -> None:
    # Compared as numbers: a time from outside may lie beyond what a datetime holds.
    at = now.timestamp()
    age, ahead = AGE_MAX.total_seconds(), CLOCK_AHEAD_MAX.total_seconds()
    if header.batch_class is BatchClass.INZAGE:
        age, ahead = LIFE_SECONDS_MAX, AHEAD_SECONDS_MAX
    if not at - age <= header.composed_at <= at + ahead:
        raise Refused("clock")
