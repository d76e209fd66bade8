"""The register: small tables in the clear, about organisations, not residents.

Each is read as a whole and kept until something may have changed it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, bindparam, delete, insert, select

from crypto.batch import BatchClass
from signal_index import ports
from signal_index.model import ContactRoute, Publication, Publisher, Register
from signal_index.model.sourcing import SigningKey
from signal_index.model.workplace import Entrance

from . import schema
from .sourcing import registered
from .sql import AnyRow, upsert

_PUBLISHERS = select(*schema.publishers.columns).order_by(schema.publishers.c.oin)
_PUBLICATIONS = select(*schema.publications.columns).order_by(
    schema.publications.c.source_name, schema.publications.c.type, schema.publications.c.source
)
_ENTRANCES = select(*schema.entrances.columns).order_by(schema.entrances.c.issuer)
_PUT_PUBLISHER = upsert(schema.publishers)
_PUT_PUBLICATION = upsert(schema.publications)
_PUT_ENTRANCE = upsert(schema.entrances)
_REMOVE_PUBLISHER = delete(schema.publishers).where(schema.publishers.c.oin == bindparam("id"))
_REMOVE_PUBLICATION = delete(schema.publications).where(
    schema.publications.c.source == bindparam("id"), schema.publications.c.type == bindparam("code")
)
_REMOVE_ENTRANCE = delete(schema.entrances).where(schema.entrances.c.issuer == bindparam("id"))


class SqlRegister:
    """The register of publishers, publications and entrances, see `signal_index.ports.RegisterTable`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._publishers: dict[str, Publisher] | None = None
        self._publications: Mapping[tuple[str, str], Publication] | None = None
        self._entrances: list[Entrance] | None = None

    def forget(self) -> None:
        """Read the tables anew next time."""
        self._publishers = None
        self._publications = None
        self._entrances = None

    def replace(self, register: Register) -> None:
        """Replace the register as a whole; the database refuses one that contradicts itself."""
        registered.drop_all_keys(self._connection)
        self._connection.execute(delete(schema.publications))
        self._connection.execute(delete(schema.publishers))
        self._connection.execute(delete(schema.entrances))
        if register.publishers:
            self._connection.execute(
                insert(schema.publishers), [_publisher_row(publisher) for publisher in register.publishers]
            )
        for publisher in register.publishers:
            registered.add_keys(self._connection, publisher.oin, publisher.keys)
        if register.publications:
            self._connection.execute(
                insert(schema.publications), [_publication_row(entry) for entry in register.publications]
            )
        if register.entrances:
            self._connection.execute(
                insert(schema.entrances), [_entrance_row(entrance) for entrance in register.entrances]
            )
        registered.drop_stale_contacts(self._connection, self._in_register())
        self.forget()

    def publisher(self, oin: str) -> Publisher | None:
        """One publisher."""
        return self._all_publishers().get(oin)

    def publishers(self) -> Sequence[Publisher]:
        """All publishers, by OIN."""
        return list(self._all_publishers().values())

    def publications(self) -> Sequence[Publication]:
        """All (source, type) pairs, by source name and type."""
        return list(self._all_publications().values())

    def publication(self, source: str, type_code: str) -> Publication | None:
        """One (source, type) pair."""
        return self._all_publications().get((source, type_code))

    def entrances(self) -> Sequence[Entrance]:
        """Systems that may open a case here, by issuer."""
        if self._entrances is None:
            rows = self._connection.execute(_ENTRANCES)
            self._entrances = [
                Entrance(row.issuer, row.name, row.organisation, row.verify_key) for row in rows
            ]
        return list(self._entrances)

    def put_publisher(self, publisher: Publisher) -> None:
        """Insert or replace one publisher with its keys; what it publishes is left as it is."""
        self._connection.execute(_PUT_PUBLISHER, _publisher_row(publisher))
        self.put_keys(publisher.oin, publisher.keys)

    def put_publication(self, publication: Publication) -> None:
        """Insert or replace one (source, type) pair; the database refuses one without its publisher."""
        key = (publication.source, publication.type)
        before, shown = self._in_register().get(key), self.publication(*key)
        if before is not None and shown is not None and _is_own(publication, shown):
            publication = replace(publication, contact=before.contact)
        else:
            registered.drop_contact(self._connection, *key)
        self._connection.execute(_PUT_PUBLICATION, _publication_row(publication))
        self.forget()

    def put_entrance(self, entrance: Entrance) -> None:
        """Insert or replace one entrance."""
        self._connection.execute(_PUT_ENTRANCE, _entrance_row(entrance))
        self.forget()

    def remove_publisher(self, oin: str) -> None:
        """Remove a publisher; the database refuses it while it publishes something."""
        registered.drop_keys(self._connection, oin)
        self._connection.execute(_REMOVE_PUBLISHER, {"id": oin})
        self.forget()

    def remove_publication(self, source: str, type_code: str) -> None:
        """Remove one (source, type) pair."""
        registered.drop_contact(self._connection, source, type_code)
        self._connection.execute(_REMOVE_PUBLICATION, {"id": source, "code": type_code})
        self.forget()

    def remove_entrance(self, issuer: str) -> None:
        """Remove one entrance."""
        self._connection.execute(_REMOVE_ENTRANCE, {"id": issuer})
        self.forget()

    def put_keys(self, oin: str, keys: Sequence[SigningKey]) -> None:
        """Replace the keys of one publisher, the newest last."""
        registered.replace_keys(self._connection, oin, keys)
        self.forget()

    def put_contact(self, source: str, type_code: str, contact: ContactRoute, changed_on: date) -> None:
        """Let the source's own contact route hold, until the register says something else than it says now."""
        registered.put_contact(self._connection, self._in_register()[source, type_code], contact, changed_on)
        self.forget()

    def _all_publishers(self) -> dict[str, Publisher]:
        if self._publishers is None:
            dated = registered.read_keys(self._connection)
            rows = self._connection.execute(_PUBLISHERS)
            self._publishers = {row.oin: _publisher(row, dated.get(row.oin)) for row in rows}
        return self._publishers

    def _all_publications(self) -> Mapping[tuple[str, str], Publication]:
        if self._publications is None:
            self._publications = registered.own_contacts(self._connection, self._in_register())
        return self._publications

    def _in_register(self) -> Mapping[tuple[str, str], Publication]:
        """As the functioneel beheerder imported them."""
        rows = self._connection.execute(_PUBLICATIONS)
        return {(row.source, row.type): _publication(row) for row in rows}


def _publisher_row(publisher: Publisher) -> dict[str, object]:
    return {
        "oin": publisher.oin,
        "name": publisher.name,
        "verify_key": publisher.keys[-1].verify_key,
        "items_per_batch": publisher.items_per_batch,
        "classes": " ".join(sorted(publisher.classes)),
        "organisations": " ".join(sorted(publisher.organisations)),
    }


def _publisher(row: AnyRow, dated: tuple[SigningKey, ...] | None) -> Publisher:
    return Publisher(
        oin=row.oin,
        name=row.name,
        keys=dated or (SigningKey(row.verify_key),),
        items_per_batch=row.items_per_batch,
        classes=frozenset(map(BatchClass, row.classes.split())),
        organisations=frozenset(row.organisations.split()),
    )


def _is_own(stated: Publication, shown: Publication) -> bool:
    """Whether an entry leaves the contact route that the source chose itself as it is shown."""
    return shown.contact_changed_on is not None and (stated.publisher, stated.contact) == (
        shown.publisher,
        shown.contact,
    )


def _publication_row(entry: Publication) -> dict[str, object]:
    return {
        "source": entry.source,
        "type": entry.type,
        "source_name": entry.source_name,
        "publisher": entry.publisher,
        "contact_name": entry.contact.name,
        "contact_phone": entry.contact.phone,
    }


def _publication(row: AnyRow) -> Publication:
    return Publication(
        source=row.source,
        source_name=row.source_name,
        type=row.type,
        publisher=row.publisher,
        contact=ContactRoute(row.contact_name, row.contact_phone),
    )


def _entrance_row(entrance: Entrance) -> dict[str, object]:
    return {
        "issuer": entrance.issuer,
        "name": entrance.name,
        "organisation": entrance.organisation,
        "verify_key": entrance.verify_key,
    }


_: type[ports.RegisterTable] = SqlRegister
