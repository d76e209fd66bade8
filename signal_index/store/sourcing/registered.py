"""What of the register has days of its own: keys of publishers, and contact routes that a source chose itself.

Invariants:
1. A publisher without a row of keys has the one key in its own row, without days.
2. A contact route of a source holds only beside the very line of the register that it was chosen for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from signal_index.model import ContactRoute, Publication
from signal_index.model.sourcing import SigningKey
from signal_index.store import schema
from signal_index.store.sql import upsert

_keys, _publishers = schema.publisher_keys, schema.publishers
_ALL_KEYS = select(*_keys.columns).order_by(_keys.c.publisher, _keys.c.place)
_DROP_KEYS = delete(_keys).where(_keys.c.publisher == bindparam("of_publisher"))
_DROP_ALL_KEYS: Final = delete(_keys)
_PUT_KEYS = insert(_keys)
_NEWEST = update(_publishers).where(_publishers.c.oin == bindparam("of_publisher"))
_ALL_CONTACTS = select(*schema.own_contacts.columns)
_PUT_CONTACT = upsert(schema.own_contacts)
_DROP_CONTACT = delete(schema.own_contacts).where(
    schema.own_contacts.c.source == bindparam("of_source"), schema.own_contacts.c.type == bindparam("of_type")
)


def read_keys(connection: Connection) -> Mapping[str, tuple[SigningKey, ...]]:
    """The keys with days, by publisher, the newest last."""
    found: dict[str, tuple[SigningKey, ...]] = {}
    for row in connection.execute(_ALL_KEYS):
        key = SigningKey(row.verify_key, row.valid_from, row.valid_until)
        found[row.publisher] = (*found.get(row.publisher, ()), key)
    return found


def drop_all_keys(connection: Connection) -> None:
    """Remove every row, before the publishers themselves are replaced."""
    connection.execute(_DROP_ALL_KEYS)


def drop_keys(connection: Connection, oin: str) -> None:
    """Remove the rows of one publisher, before it is removed itself."""
    connection.execute(_DROP_KEYS, {"of_publisher": oin})


def add_keys(connection: Connection, oin: str, keys: Sequence[SigningKey]) -> None:
    """Write the keys of a publisher that has no rows; a single one without days needs none."""
    if list(keys) == [SigningKey(each.verify_key) for each in keys[:1]]:
        return
    connection.execute(
        _PUT_KEYS,
        [
            {
                "publisher": oin,
                "verify_key": each.verify_key,
                "place": place,
                "valid_from": each.valid_from,
                "valid_until": each.valid_until,
            }
            for place, each in enumerate(keys)
        ],
    )


def replace_keys(connection: Connection, oin: str, keys: Sequence[SigningKey]) -> None:
    """Replace the keys of one publisher."""
    drop_keys(connection, oin)
    connection.execute(_NEWEST.values(verify_key=keys[-1].verify_key), {"of_publisher": oin})
    add_keys(connection, oin, keys)


def own_contacts(
    connection: Connection, publications: Mapping[tuple[str, str], Publication]
) -> Mapping[tuple[str, str], Publication]:
    """The publications with the contact routes that the sources chose themselves, where those hold."""
    shown = dict(publications)
    for row in connection.execute(_ALL_CONTACTS):
        entry = publications.get((row.source, row.type))
        stated = (row.publisher, ContactRoute(row.register_name, row.register_phone))
        if entry is not None and (entry.publisher, entry.contact) == stated:
            own = ContactRoute(row.contact_name, row.contact_phone)
            shown[row.source, row.type] = replace(entry, contact=own, contact_changed_on=row.changed_on)
    return shown


def drop_contact(connection: Connection, source: str, type_code: str) -> None:
    """Let the line of the register hold again."""
    connection.execute(_DROP_CONTACT, {"of_source": source, "of_type": type_code})


def drop_stale_contacts(connection: Connection, publications: Mapping[tuple[str, str], Publication]) -> None:
    """Forget the contact routes that hold no more: they must not come back with a line of the register that does."""
    held = own_contacts(connection, publications)
    for row in connection.execute(_ALL_CONTACTS).all():
        entry = held.get((row.source, row.type))
        if entry is None or entry.contact_changed_on is None:
            drop_contact(connection, row.source, row.type)


def put_contact(
    connection: Connection, registered: Publication, contact: ContactRoute, changed_on: date
) -> None:
    """Let the source's own contact route hold.

    Args:
        connection: with the open transaction.
        registered: the line of the register, with the contact route that stands there.
        contact: the source's own.
        changed_on: the Dutch calendar day.
    """
    connection.execute(
        _PUT_CONTACT,
        {
            "source": registered.source,
            "type": registered.type,
            "publisher": registered.publisher,
            "register_name": registered.contact.name,
            "register_phone": registered.contact.phone,
            "contact_name": contact.name,
            "contact_phone": contact.phone,
            "changed_on": changed_on,
        },
    )
