"""Answer a resident who asks who looked: when, which organisation, for which purpose, and whether it was allowed.

Invariants:
1. A request is answered once, within its minute, and on record; the answer is sealed to whoever asked.
2. The answer holds no worker, no flag and no type: what was looked for is not what was found.

Whoever controls a gateway can ask about people who did not log in, within the quotas of A and B; each time it is on
record, and the next answer to that person shows nothing of it, as it tells of looks by workers.

Source: AVG art. 15.
"""

import json
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.answers import Reply, sign
from crypto.errors import MalformedInput
from crypto.inquiry import AHEAD_SECONDS_MAX, LIFE_SECONDS_MAX, seal_answer
from crypto.sheet import InzageRow
from signal_index import audit
from signal_index.model import AuditEntry
from signal_index.model.log import LOOKS
from signal_index.usecases.log import require_witnessed

from .rows import DeliveryRefused, Work

LOOKS_MAX: Final = 2000
"""The newest; about 300 kB, and far more than anybody has had."""


def answer(work: Work, signing: Ed25519PrivateKey) -> bytes:
    """Answer a request.

    Args:
        work: the request, verified and opened.
        signing: the index's answer key.

    Returns:
        The signed reply, to be sent only after the commit.

    Raises:
        DeliveryRefused: it is too old, was answered before, or holds a key that cannot be sealed to.
        Unavailable: `not-witnessed`: the log that would be told from has gone without a witness for too long.
    """
    header, tx = work.delivery.header, work.tx
    _check_fresh(work)
    require_witnessed(tx, work.context.now)
    [(_, person, row)] = work.rows(InzageRow)
    assert person is not None, "opening has made sure of it"
    looks = list(tx.audit.entries(events=LOOKS, subject=person, limit=LOOKS_MAX))
    content = json.dumps([_told(entry) for entry in looks]).encode()
    try:
        sealed = seal_answer(row, work.delivery.digest, content)
    except MalformedInput as error:
        raise DeliveryRefused("malformed-row", ()) from error
    told = audit.event(
        "inzage.answered", work.context.now, subject=person, publisher=header.publisher, looks=len(looks)
    )
    tx.audit.append(told)
    reply = Reply(tx.incarnation, tx.scope, header.publisher, header.sequence, work.delivery.digest, sealed)
    return sign(reply, signing)


def _check_fresh(work: Work) -> None:
    """Refuse a request outside its minute, or one that was used."""
    header, now = work.delivery.header, work.context.now
    if not -AHEAD_SECONDS_MAX <= now.timestamp() - header.composed_at <= LIFE_SECONDS_MAX:
        raise DeliveryRefused("clock", ())
    number = f"inzage:{header.publisher}:{header.sequence}"
    # Longer than a request can live, so that none is forgotten before it is too old anyway.
    if not work.tx.tickets.use(number, now + timedelta(seconds=2 * LIFE_SECONDS_MAX)):
        raise DeliveryRefused("replayed", ())


def _told(entry: AuditEntry) -> dict[str, object]:
    return {
        "moment": entry.at.isoformat(timespec="seconds"),
        "organisatie": entry.fields.get("organisation"),
        "doel": entry.fields.get("purpose"),
        "toegestaan": entry.event == "lookup.answered",
    }
