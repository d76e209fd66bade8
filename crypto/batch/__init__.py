"""The one format in which anything enters the index: header, ciphertexts, sealed sheet, trailer, hops.

Invariants:

1. Header, ciphertexts and sheet are signed together by the publisher; the sheet opens only with this header and
   these ciphertexts, so none of them can be swapped for another batch's.
2. Hops stand in the order A, B, and every hop is signed over the batch it belongs to.
3. A ciphertext is decoded, and with it checked to be canonical and not the identity, whenever it is used.
4. Rows that are about no person ride on the identity element and the others do not, or the batch is refused.
5. What decodes encodes back to the same bytes.

6. A publisher proves that it made its items itself: one that takes an item over from another source is refused.
7. A hop counts only with its signature, which says who made it, and its proof, which says that it was made with the
   keys in the manifest and moved nothing.

Whoever controls A or B can at most stop a batch.
"""

from crypto.batch.form import ITEMS_MAX, PARTIES, Batch, Header, Hop, items_in, max_bytes, random_number
from crypto.batch.steps import (
    Person,
    apply_hop,
    compose,
    open_batch,
    verify_hop,
    verify_origin,
    verify_publisher,
)
from crypto.sheet import BatchClass

__all__ = [
    "ITEMS_MAX",
    "PARTIES",
    "Batch",
    "BatchClass",
    "Header",
    "Hop",
    "Person",
    "apply_hop",
    "compose",
    "items_in",
    "max_bytes",
    "open_batch",
    "random_number",
    "verify_hop",
    "verify_origin",
    "verify_publisher",
]
