"""Verify a batch and open it: everything cryptographic, before any transaction begins.

Invariant: nothing of a batch is used before the publisher's signature and its proof of origin have been verified, and
of both hops the signature and the proof that every item is in its place and went through the registered keys.

Whoever controls one pseudonymiser can at most stop traffic.
"""

from collections.abc import Sequence
from datetime import date

from crypto.batch import PARTIES, Batch, open_batch, verify_hop, verify_origin, verify_publisher
from crypto.chain import Pseudonym
from crypto.chain.crew import Crew
from crypto.errors import BatchRefused, CryptoError
from crypto.keyfiles import IndexSecrets, Manifest
from crypto.sheet import Row, decode_row
from crypto.sheet.fields import MalformedRow
from crypto.verify_keys import decode_verify_key
from signal_index.errors import Malformed
from signal_index.model import Delivery, Publisher
from signal_index.model.sourcing import SigningKey

from .apply import audience

Items = Sequence[tuple[Pseudonym | None, bytes]]


def authenticate(batch: Batch, publisher: Publisher, secrets: IndexSecrets, today: date) -> None:
    """Check that a batch is for this index and that its publisher signed it; cheap, so before anything else.

    Args:
        batch: as it came in.
        publisher: whom it says it is from, as registered.
        secrets: the index's keys.
        today: the Dutch calendar day; only keys in force on it count, however long ago the batch was composed.

    Raises:
        Malformed: it is not, or did not.
    """
    _check_address(batch, secrets)
    if not any(_signed_under(batch, key) for key in publisher.keys_in_force(today)):
        raise Malformed("signature", "Een handtekening onder deze levering klopt niet.")


def _signed_under(batch: Batch, key: SigningKey) -> bool:
    try:
        verify_publisher(batch, decode_verify_key(key.verify_key))
    except CryptoError:
        return False
    return True


def open_delivery(batch: Batch, secrets: IndexSecrets, manifest: Manifest, crew: Crew) -> Delivery:
    """Verify and open a batch; costs a few hundred microseconds per item, so run it beside the event loop.

    Args:
        batch: whose publisher was authenticated.
        secrets: the index's keys.
        manifest: the pinned keys of the chain.
        crew: who does the multiplying.

    Returns:
        The delivery; one whose rows cannot be used is `spoiled`, and gets a signed refusal that names no rows. No
        publisher composes such a batch, so a hop has damaged it, and naming rows would let a hop choose what a
        publisher sets aside.

    Raises:
        Malformed: it is not for this index, or a signature or proof does not verify. Anybody could have sent it, so the
            answer is not signed and no publisher may skip anything on the strength of it.
    """
    try:
        verify_origin(batch, crew)
    except CryptoError as error:
        raise Malformed(
            "origin-proof", "De afzender toont niet aan dat die elke regel zelf heeft versleuteld."
        ) from error
    try:
        for position in range(len(PARTIES)):
            verify_hop(batch, position, manifest, crew)
    except CryptoError as error:
        raise Malformed(
            "hop-proof", "Een pseudonimiseerder toont niet aan dat die de levering goed heeft bewerkt."
        ) from error
    try:
        items = open_batch(batch, secrets, crew)
        return Delivery(batch.header, batch.digest, _rows(batch, items))
    except BatchRefused as error:
        return Delivery(batch.header, batch.digest, (), spoiled=error.reason)
    except MalformedRow as error:
        return Delivery(batch.header, batch.digest, (), spoiled=error.code)
    except CryptoError as error:
        raise Malformed("unreadable", "Deze levering kan niet worden geopend met onze sleutels.") from error


def _check_address(batch: Batch, secrets: IndexSecrets) -> None:
    header = batch.header
    if header.scope != secrets.scope or header.audience != audience(secrets.scope):
        raise Malformed("wrong-scope", "Deze levering is voor een andere index.")
    if header.key_epoch != secrets.epoch:
        raise Malformed("epoch-retired", "Deze levering gebruikt oude sleutels. Haal het nieuwe manifest op.")


def _rows(batch: Batch, items: Items) -> tuple[tuple[Pseudonym | None, Row], ...]:
    return tuple((person, decode_row(batch.header.batch_class, encoded)) for person, encoded in items)
