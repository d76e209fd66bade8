"""Apply the rows of a `proef` delivery: does the chain still make the canary's pseudonym as the manifest promises it?

Nothing is stored but the record. A publisher sends nothing about a person before its trial was accepted, so a connector
with another manifest, another hash or another key is found out before it files help under people it is not about.
"""

import hmac

from crypto.sheet import ProefRow

from .rows import DeliveryRefused, Work


def apply(work: Work) -> int:
    """Compare the canary with the pseudonym it must have.

    Returns:
        0: a trial misses nobody.

    Raises:
        DeliveryRefused: it has another; the whole chain is in question, so no row is named.
    """
    [(_, person, _)] = work.rows(ProefRow)
    assert person is not None, "opening has made sure of it"
    if not hmac.compare_digest(person.encoded, work.context.canary.encoded):
        raise DeliveryRefused("canary-mismatch", ())
    return 0
