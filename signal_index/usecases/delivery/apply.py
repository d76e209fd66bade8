"""Apply one verified delivery: check it as a whole, store it, acknowledge it, in one transaction.

Invariants:
1. Per publisher, sequences are applied strictly in order; a repeat gets the acknowledgement given the first time.
2. A delivery is applied as a whole or not at all; a refusal changes nothing and consumes no sequence.
3. A publisher speaks only for the (source, type) pairs and organisations it is registered for.
4. An answer never tells whether the index knew a person already.

Whoever controls a publisher can at most publish, withdraw or register within its own registration.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.answers import Acknowledgement, Refusal, sign
from crypto.batch import BatchClass, Header, items_in
from crypto.sheet import SINGLES
from signal_index import audit
from signal_index.errors import Unavailable
from signal_index.ports import Transaction

from . import inquiries, relations, restrictions, signals, trials
from .rows import DeliveryRefused, Work
from .watch import watch

CLOCK_SKEW_MAX = timedelta(
    minutes=5
)  # a batch from further in the future cannot be ordered against expiry months

# Each returns how many rows were about somebody the index knew nothing of.
_APPLY: Mapping[BatchClass, Callable[[Work], int]] = {
    BatchClass.SIGNAAL: signals.apply,
    BatchClass.ZORGRELATIE: relations.apply,
    BatchClass.BEPERKING: restrictions.apply,
    BatchClass.PROEF: trials.apply,
}


@dataclass(frozen=True)
class SignedAnswer:
    """The index's signed word on a delivery, and whether it was accepted."""

    accepted: bool
    wire: bytes


def audience(scope: str) -> str:
    """The audience every batch for this index must name."""
    return f"index:{scope}"


def _reason_to_refuse(work: Work) -> str | None:
    """Why this delivery cannot be applied as a whole, as a refusal code, or None."""
    header, tx = work.delivery.header, work.tx
    if header.incarnation != tx.incarnation:
        return "wrong-incarnation"
    if header.n != items_in(header.batch_class, work.publisher.items_per_batch):
        return "wrong-count"
    if header.composed_at > (work.context.now + CLOCK_SKEW_MAX).timestamp():
        return "clock"
    # A trial is about nobody: every registered publisher may, and must, send it.
    if header.batch_class not in work.publisher.classes | {BatchClass.PROEF}:
        return "class-not-served"
    # A trial stands outside the order: it changes nothing, and may go before a sequence that waits.
    in_order = header.batch_class in SINGLES or header.sequence == tx.deliveries.next_sequence(
        work.publisher.oin
    )
    if not in_order:
        return "wrong-sequence"
    return work.delivery.spoiled


def deliver(work: Work, signing: Ed25519PrivateKey) -> SignedAnswer:
    """Apply a delivery and sign the answer.

    Args:
        work: the delivery, verified at the edge (its signatures, origin, hops, scope, audience and epoch), with the
            registered publisher that signed it and the open transaction.
        signing: the index's answer key.

    Returns:
        A signed acknowledgement or refusal, to be sent only after the commit.

    Raises:
        Unavailable: the register has changed since the delivery was verified.
        DeliveryRefused: some rows cannot be applied; let it undo the transaction, then call `refuse` in a new one.
    """
    header = work.delivery.header
    if work.tx.register.publisher(header.publisher) != work.publisher:
        raise Unavailable(
            "register-changed", "Het register is net gewijzigd. Stuur deze levering opnieuw.", 1
        )
    if header.batch_class is BatchClass.INZAGE:
        return _answer(work, signing)
    stored = given_before(work.tx, header)
    if stored is not None:
        return stored
    reason = _reason_to_refuse(work)
    if reason is not None:
        return refuse(work, signing, DeliveryRefused(reason, ()))
    watch(work, _APPLY[header.batch_class](work))
    return _accept(work, signing)


def given_before(tx: Transaction, header: Header) -> SignedAnswer | None:
    """The acknowledgement given to this sequence before, if any; a repeat costs no arithmetic.

    Args:
        tx: the open transaction.
        header: of a batch whose publisher is verified.
    """
    if header.batch_class in SINGLES or header.incarnation != tx.incarnation:
        return None
    stored = tx.deliveries.acknowledgement(header.publisher, header.sequence)
    return None if stored is None else SignedAnswer(accepted=True, wire=stored)


def _answer(work: Work, signing: Ed25519PrivateKey) -> SignedAnswer:
    """Answer an interactive request, which has no place in any order."""
    if BatchClass.INZAGE not in work.publisher.classes:
        raise DeliveryRefused("class-not-served", ())
    if work.delivery.header.n != items_in(BatchClass.INZAGE, work.publisher.items_per_batch):
        raise DeliveryRefused("wrong-count", ())
    if work.delivery.spoiled is not None:
        raise DeliveryRefused(work.delivery.spoiled, ())
    return SignedAnswer(accepted=True, wire=inquiries.answer(work, signing))


def refuse(work: Work, signing: Ed25519PrivateKey, refused: DeliveryRefused) -> SignedAnswer:
    """Record and sign a refusal; after rows could not be applied, in a fresh transaction."""
    header, tx = work.delivery.header, work.tx
    watch(work, 0)
    _record_refused(tx, header, refused.reason, work.context.now, row_count=len(refused.rows))
    refusal = Refusal(
        incarnation=tx.incarnation,
        scope=tx.scope,
        publisher=header.publisher,
        sequence=header.sequence,
        digest=work.delivery.digest,
        reason=refused.reason,
        rows=refused.rows,
        next_sequence=tx.deliveries.next_sequence(header.publisher),
    )
    return SignedAnswer(accepted=False, wire=sign(refusal, signing))


def record_distrusted(tx: Transaction, header: Header, reason: str, now: datetime) -> None:
    """Record a batch that its publisher signed and that holds a proof that does not; it gets no signed answer.

    Args:
        tx: the open transaction.
        header: of the batch.
        reason: which proof.
        now: aware UTC.
    """
    _record_refused(tx, header, reason, now, row_count=0)


def _record_refused(tx: Transaction, header: Header, reason: str, now: datetime, *, row_count: int) -> None:
    refused = audit.event(
        "delivery.refused",
        now,
        publisher=header.publisher,
        kind=header.batch_class.value,
        sequence=header.sequence,
        reason=reason,
        rows=row_count,
    )
    tx.answers.put(header.publisher, tx.audit.append(refused), now)


def _accept(work: Work, signing: Ed25519PrivateKey) -> SignedAnswer:
    header, tx = work.delivery.header, work.tx
    operations = Counter(row.operation.value for _, row in work.delivery.rows)
    accepted = audit.event(
        "delivery.accepted",
        work.context.now,
        publisher=header.publisher,
        kind=header.batch_class.value,
        sequence=header.sequence,
        items=header.n,
        operations=[f"{name}={count}" for name, count in sorted(operations.items())],
        digest=work.delivery.digest.hex(),
    )
    tx.answers.put(header.publisher, tx.audit.append(accepted), work.context.now)
    acknowledgement = Acknowledgement(
        incarnation=tx.incarnation,
        scope=tx.scope,
        publisher=header.publisher,
        sequence=header.sequence,
        n=header.n,
        digest=work.delivery.digest,
    )
    wire = sign(acknowledgement, signing)
    if header.batch_class not in SINGLES:
        tx.deliveries.accept(header.publisher, header.sequence, wire, work.context.now)
    return SignedAnswer(accepted=True, wire=wire)
