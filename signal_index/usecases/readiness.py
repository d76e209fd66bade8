"""Whether anybody can look at all now; about nobody, and the same for everybody."""

from datetime import datetime

from crypto.batch import BatchClass
from signal_index.errors import Unavailable
from signal_index.ports import Transaction

from .delivery.sets import is_complete
from .log import unwitnessed


def hindered(tx: Transaction, now: datetime) -> tuple[str, Unavailable] | None:
    """Why nobody can look now, whoever she is: a code, and what she is told; None when nothing is in the way.

    Without complete sets nobody can know what must *not* be shown; unseen, nobody could answer for it.
    """
    if not tx.witnesses.is_witnessed(now):
        return "not-witnessed", unwitnessed()
    for batch_class in (BatchClass.ZORGRELATIE, BatchClass.BEPERKING):
        if not is_complete(tx, batch_class):
            text = "De index wordt opnieuw gevuld. Probeer het later nog eens."
            return f"incomplete-{batch_class}", Unavailable("filling", text, retry_after_seconds=300)
    return None
