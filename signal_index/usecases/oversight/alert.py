"""The e-mail that says how many looks wait for a judgement: two numbers, to an organisation once a day at most."""

from datetime import datetime, timedelta
from hashlib import sha256

from crypto.encoding import encode
from signal_index import audit
from signal_index.model import dutch_day
from signal_index.model.days import day_start
from signal_index.ports import Transaction

from .worklist import Waiting, waiting


def claim_alert(tx: Transaction, organisation: str, now: datetime) -> Waiting | None:
    """Take today's e-mail to an organisation up, before it is sent; None when nothing waits, or it was taken up before.

    A run that stops half-way can be run again: an e-mail that may have been sent is not sent twice.
    """
    found = waiting(tx, organisation, now)
    today = dutch_day(now)
    if not found.open:
        return None
    claim = sha256(encode("review-alert", organisation, today.isoformat())).hexdigest()
    return found if tx.tickets.use(claim, day_start(today + timedelta(days=1))) else None


def record_mailed(tx: Transaction, now: datetime) -> None:
    """Record that an e-mail of this day was handed over."""
    tx.audit.append(audit.event("review.mailed", now, day=dutch_day(now).isoformat(), messages=1))
