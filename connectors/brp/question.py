"""What to ask BRP: the fewest fields that tell whether a person lives, where, and whether she is under guardianship.

The numbers go in the body of a POST and nowhere else: an address ends up in the logs of every machine on the way.

Source: BRP API Personen 2.7.0, `POST /personen`, RaadpleegMetBurgerservicenummer.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from crypto.chain import Bsn

PERSONS_MAX: Final = 20
"""In one question; BRP refuses more (schema `RaadpleegMetBurgerservicenummer`, maxItems)."""

FIELDS: Final = (
    "burgerservicenummer",
    "gemeenteVanInschrijving",
    "indicatieCurateleRegister",
    "overlijden.datum",
)
"""Of `opschortingBijhouding`, which tells of death and of emigration, nothing is asked: it comes by itself, and asking
for it is answered with a fault."""


def questions(persons: Iterable[Bsn]) -> Iterator[bytes]:
    """Write the bodies to post, with at most `PERSONS_MAX` persons each.

    Args:
        persons: about whom; a person named twice is asked about once, nobody gives no body at all.

    Yields:
        A JSON document, UTF-8. It holds citizen service numbers: to be sent, not to be kept or logged.
    """
    left = iter(dict.fromkeys(persons))
    while asked := [person.digits for person in islice(left, PERSONS_MAX)]:
        body = {
            "type": "RaadpleegMetBurgerservicenummer",
            "fields": FIELDS,
            "burgerservicenummer": asked,
        }
        yield json.dumps(body).encode()
