"""The e-mail that says how many looks wait for a judgement: a number and nothing else, once a day at most."""

from datetime import datetime, timedelta
from hashlib import sha256

from crypto.encoding import encode
from signal_index import audit
from signal_index.model import dutch_day
from signal_index.model.days import day_start
from signal_index.ports import Transaction

from .worklist import Waiting, waiting


def claim_alert(tx: Transaction, now: datetime) -> Waiting | None:
    """Take today's e-mail up, before it is sent; None when nothing waits, or when it was taken up before.

    A run that stops half-way can be run again: an e-mail that may have been sent is not sent twice.
    """
    found = waiting(tx, now)
    today = dutch_day(now)
    if not found.open:
        return None
    claim = sha256(encode("review-alert", today.isoformat())).hexdigest()
    return found if tx.tickets.use(claim, day_start(today + timedelta(days=1))) else None


def record_mailed(tx: Transaction, now: datetime) -> None:
    """Record that the e-mail of this day was handed over."""
    tx.audit.append(audit.event("review.mailed", now, day=dutch_day(now).isoformat(), messages=1))
