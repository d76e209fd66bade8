"""Keep the log whole: put records into its tree, have witnesses cosign it, and prove that a record is in it.

None of these shows what a record says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crypto import records
from crypto.log import merkle
from crypto.log.notes import add_signatures, note_text
from crypto.log.proof import LogProof
from signal_index import audit
from signal_index.errors import NotFound, Unavailable
from signal_index.model import Actor, Receipt
from signal_index.model.log import Cosigned, Entry, Growth, Refusal, TreeHead
from signal_index.ports import Transaction

from .authority import require_staff

AT_ONCE: Final = 4_096
"""Records per round of the integrator: some tens of milliseconds in which no look is answered."""


@dataclass(frozen=True)
class Submission:
    """What a witness gets to see.

    Args:
        head: the tree to be cosigned.
        old_size: of the tree the witness knows.
        proof: that the one grew out of the other, 32 bytes each.
    """

    head: TreeHead
    old_size: int
    proof: tuple[bytes, ...]


def integrate(tx: Transaction, now: datetime) -> Growth | None:
    """Put what is waiting into the tree; None when another process does that."""
    return tx.log.integrate(now, AT_ONCE)


def submission(tx: Transaction, old_size: int) -> Submission | None:
    """What to send to a witness that knows a tree of this size; None when ours is smaller, or not there yet."""
    head = tx.log.head()
    if head is None or old_size > head.size:
        return None
    return Submission(head, old_size, merkle.consistency_proof(old_size, head.size, tx.log.hashes(head.size)))


def keep_cosignature(tx: Transaction, cosigned: Cosigned, now: datetime) -> None:
    """Keep what a witness signed, and record it if that witness refused before."""
    if cosigned.witness in {refusal.witness for refusal in tx.witnesses.refusals()}:
        tx.audit.append(audit.event("witness.resumed", now, witness=cosigned.witness, size=cosigned.size))
    tx.witnesses.put_cosigned(cosigned)


def keep_refusal(tx: Transaction, refusal: Refusal) -> bool:
    """Keep and record why a witness does not sign; True when that is news."""
    if (refusal.witness, refusal.reason) in {(each.witness, each.reason) for each in tx.witnesses.refusals()}:
        return False
    tx.witnesses.put_refusal(refusal)
    tx.audit.append(
        audit.event("witness.refused", refusal.since, witness=refusal.witness, reason=refusal.reason)
    )
    return True


def require_witnessed(tx: Transaction, now: datetime) -> None:
    """Refuse to show anything while nobody outside has seen the log for too long.

    Raises:
        Unavailable: `not-witnessed`.
    """
    if not tx.witnesses.is_witnessed(now):
        raise unwitnessed()


def unwitnessed() -> Unavailable:
    """What whoever asks gets then."""
    text = "Wij kunnen nu niet aantonen dat het logboek klopt. Probeer het over een paar minuten nog eens."
    return Unavailable("not-witnessed", text, retry_after_seconds=60)


def redeem(tx: Transaction, actor: Actor, receipt: Receipt, now: datetime) -> bytes:
    """The proof behind a receipt: that its record is in the log, under a checkpoint that was cosigned.

    Whoever has the receipt may have the proof: it tells nothing that the receipt does not.

    Args:
        tx: the open transaction.
        actor: who asks.
        receipt: as she got it.
        now: aware UTC.

    Returns:
        The proof as text (C2SP tlog-proof), UTF-8.

    Raises:
        NotPermitted: the actor is no active member of staff.
        NotFound: `no-record`: there is no such record, or its hash is another one.
        Unavailable: `not-in-tree`: it will be in a moment.
    """
    require_staff(actor)
    tx.audit.append(
        audit.act("receipt.redeemed", now, actor, writer=receipt.writer.hex(), number=receipt.number)
    )
    entry = tx.log.find(receipt.writer, receipt.number)
    if entry is None:
        raise _not_yet(tx, receipt)
    if records.leaf(entry.writer, entry.number, entry.commitment) != receipt.leaf:
        raise _no_record()
    checkpoint = newest_checkpoint(tx, holding=entry.position)
    if checkpoint is None:
        raise _not_in_tree()
    return _proof(tx, entry, *checkpoint).text


def _not_yet(tx: Transaction, receipt: Receipt) -> NotFound | Unavailable:
    """Whether the record is there but not in the tree, or not there at all."""
    return _not_in_tree() if tx.audit.has(receipt) else _no_record()


def _no_record() -> NotFound:
    return NotFound(
        "no-record",
        "Bij dit ontvangstbewijs hoort geen regel in het logboek. Meld dit aan de privacy officer.",
    )


def _not_in_tree() -> Unavailable:
    return Unavailable(
        "not-in-tree", "Het bewijs is zo klaar. Probeer het over een paar seconden nog eens.", 5
    )


def _proof(tx: Transaction, entry: Entry, checkpoint: bytes, size: int) -> LogProof:
    hashes = merkle.inclusion_proof(entry.position, size, tx.log.hashes(size))
    content = records.entry(entry.writer, entry.number, entry.commitment)
    return LogProof(content, entry.position, hashes, checkpoint)


def newest_checkpoint(tx: Transaction, *, holding: int = -1) -> tuple[bytes, int] | None:
    """The newest checkpoint with cosignatures beneath it, or the newest at all for an index without witnesses.

    Args:
        tx: the open transaction.
        holding: position of an entry that must be in its tree.

    Returns:
        The note and the size of its tree; None when there is none that holds the entry.
    """
    head, cosigned = tx.log.head(), tx.witnesses.cosigned()
    if head is None:
        return None
    note, size = _merged(cosigned) if cosigned else (head.checkpoint, head.size)
    return (note, size) if size > holding else None


def _merged(cosigned: Sequence[Cosigned]) -> tuple[bytes, int]:
    """The newest of several notes, with the lines of all witnesses that signed the same text."""
    newest = max(cosigned, key=lambda each: each.size)
    note = newest.checkpoint
    for other in cosigned:
        if note_text(other.checkpoint) == note_text(note):
            fresh = [line for line in _signatures(other.checkpoint) if line not in _signatures(note)]
            note = add_signatures(note, "".join(fresh)) if fresh else note
    return note, newest.size


def _signatures(note: bytes) -> list[str]:
    return note.decode().rpartition("\n\n")[2].splitlines(keepends=True)
