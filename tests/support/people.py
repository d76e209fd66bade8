"""Two hundred numbers of the public test range that are well formed."""

import itertools

from crypto.chain import Bsn


def _passes(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0


PEOPLE = [
    Bsn(str(n))
    for n in itertools.islice((n for n in range(999_900_006, 999_999_991) if _passes(str(n))), 200)
]
