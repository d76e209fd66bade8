"""What each field of an entry of the register must hold, whoever fills it in; a fault says what to do about it."""

import re
from collections.abc import Iterator

from crypto.sheet.fields import OIN, TEXT
from signal_index.model import ContactRoute, Publication, Publisher
from signal_index.model.workplace import Entrance

NAME_CHARACTERS_MAX = 100
SOURCE_CHARACTERS_MAX = 40
ISSUER_CHARACTERS_MAX = 200
ITEMS_MAX = 1024

CONTACT_CHARACTERS_MAX = 80

# A number of nine digits is refused in every spelling: it could be somebody's BSN, typed into the wrong field.
_PHONE = re.compile(r"0\d{9}|0[89]00\d{4}(?:\d{3})?|14\d{3,4}|\+31\d{9}", re.ASCII)
_SEPARATORS = re.compile(r"[ -]")
_DIGITS = re.compile(r"\d(?:[ .-]?\d){5}")

Fault = tuple[str, str]
"""A field, and what is wrong with it."""


def publication_faults(publication: Publication, *, taken: bool = False) -> Iterator[Fault]:
    """What to mend in a (source, type) pair.

    Args:
        publication: as it was filled in.
        taken: whether the pair is registered already, and should not be.
    """
    source = publication.source
    if len(source) > SOURCE_CHARACTERS_MAX or TEXT.fullmatch(source) is None:
        yield "bron", "Vul de code van de bron in, bijvoorbeeld kvk:00000001."
    if not publication.type:
        yield "soort", "Kies een soort signaal."
    elif taken:
        yield "soort", "Deze bron levert deze soort al. Kies een andere soort."
    if not _is_name(publication.source_name):
        yield "naam", "Vul een naam in van hoogstens 100 tekens."
    if not publication.publisher:
        yield "leverancier", "Kies een leverancier."
    yield from contact_faults(publication.contact)


def contact_faults(contact: ContactRoute) -> Iterator[Fault]:
    """What to mend in whom to phone, under the fields `contact` and `telefoon`."""
    if not contact.name.strip():
        yield "contact", "Vul in wie of welke afdeling men belt."
    elif len(contact.name) > CONTACT_CHARACTERS_MAX:
        yield "contact", "Maak de naam korter: hoogstens 80 tekens."
    elif not contact.name.isprintable() or _DIGITS.search(contact.name):
        yield "contact", "Gebruik in de naam alleen woorden. Het nummer hoort in het andere veld."
    if not _PHONE.fullmatch(_SEPARATORS.sub("", contact.phone)):
        yield "telefoon", "Vul een telefoonnummer in van 10 cijfers, zoals 085 000 0000."


def publisher_faults(publisher: Publisher, *, taken: bool = False) -> Iterator[Fault]:
    """What to mend in a publisher.

    Args:
        publisher: as it was filled in.
        taken: whether it is registered already, and should not be.
    """
    if taken:
        yield "sleutel", "Deze leverancier staat al in het register. Kies daar Wijzigen."
    if not _is_name(publisher.name):
        yield "naam", "Vul een naam in van hoogstens 100 tekens."
    if not 1 <= publisher.items_per_batch <= ITEMS_MAX:
        yield "aantal", "Vul een aantal in van 1 tot en met 1024."
    if not publisher.classes:
        yield "levert", "Kies ten minste één soort levering."
    if not all(OIN.fullmatch(oin) for oin in publisher.organisations):
        yield "organisaties", "Schrijf elk OIN met 20 cijfers op een eigen regel."


def entrance_faults(entrance: Entrance, *, taken: bool = False) -> Iterator[Fault]:
    """What to mend in an entrance.

    Args:
        entrance: as it was pasted.
        taken: whether it is registered already, and should not be.
    """
    if taken:
        yield "toegang", "Dit systeem staat al in het register. Kies daar Wijzigen."
    if not (_is_issuer(entrance.issuer) and _is_name(entrance.name)):
        yield "toegang", "Vul achter issuer het adres van het systeem in, en achter name de naam."
    if OIN.fullmatch(entrance.organisation) is None:
        yield "toegang", "Vul achter organisation het OIN van 20 cijfers in."


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable() and text == text.strip()


def _is_issuer(text: str) -> bool:
    return 0 < len(text) <= ISSUER_CHARACTERS_MAX and text.isprintable() and " " not in text
