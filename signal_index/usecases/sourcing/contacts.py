"""Whom workers phone about a source's signals: the source itself says so; the rest of the register is not its to say.

Whoever controls this module can lead workers to another phone; each change is on record with what it changed to.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed, NotFound
from signal_index.model import Actor, ContactRoute, Publication, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.sources.checks import contact_faults

from .own import published_by, reading

_FIELDS: Final = {"contact": "naam"}
"""What a field of an entry of the register is called where a source fills it in."""


def own_contacts(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Publication]:
    """The contact route of every source and type of the actor's organisation.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff = reading(tx, actor, "contacts", now)
    return published_by(tx, staff.organisation)


def _own(tx: Transaction, organisation: str, source: str, type_code: str) -> Publication:
    for entry in published_by(tx, organisation):
        if (entry.source, entry.type) == (source, type_code):
            return entry
    raise NotFound("no-source", "Deze bron is niet gevonden bij uw organisatie.")


def change_contact(
    tx: Transaction, actor: Actor, about: tuple[str, str], contact: ContactRoute, now: datetime
) -> Publication:
    """Change whom workers phone; it shows at the next look.

    Args:
        tx: the open transaction.
        actor: a bronbeheerder of the organisation that publishes it.
        about: source and type.
        contact: as she typed it.
        now: aware UTC.

    Returns:
        The publication as it is now.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
        NotFound: `no-source`: her organisation does not publish it, or nobody does.
        Malformed: `contact`: no name, or a number nobody can call; the fields say which.
    """
    staff = require_role(actor, Role.SOURCE_ADMIN)
    before = _own(tx, staff.organisation, *about)
    faults = tuple((_FIELDS.get(field, field), text) for field, text in contact_faults(contact))
    if faults:
        raise Malformed("contact", "Dit contactpunt klopt nog niet.", faults)
    if contact == before.contact:
        return before
    tx.register.put_contact(*about, contact, dutch_day(now))
    record = audit.act(
        "contact.changed",
        now,
        actor,
        source=about[0],
        type=about[1],
        contact_name=contact.name,
        contact_phone=contact.phone,
    )
    tx.audit.append(record)
    return _own(tx, staff.organisation, *about)
