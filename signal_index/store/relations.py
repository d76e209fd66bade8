"""Care relations and restrictions; who cares for whom stands sealed, found by tags.

Invariants:
1. A relation is opened only if every column that stands outside its seal agrees with what is inside.
2. A worker's relation is found by one key over organisation, worker and relation, so that somebody else's and an
   unknown one are the same miss in the same index.

Whoever takes the tables sees how many relations each organisation has and when they end; no worker, no case, no
person.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select

from crypto.chain import Pseudonym
from crypto.encoding import Month, decode, encode
from crypto.errors import MalformedInput
from crypto.sealing import RowKeys
from crypto.sheet import AgeBand
from signal_index import ports
from signal_index.model import CareRelation

from . import schema
from .cells import Cells, damaged
from .flags.setwise import Presence
from .queries import Query
from .sql import upsert

BODY_BYTES: Final = 640  # a sheet row of 256 bytes, the confirming person and what the encoding adds
DECEASED: Final = "overleden"

_BODY_FIELDS: Final = 14
_AGE_BANDS: Final = {band.value: band for band in AgeBand}
_relation = schema.care_relations.c
_restriction = schema.restrictions.c
_THIS = (_relation.organisation == bindparam("org"), _relation.relation_id == bindparam("id"))


def _relations(*where: ColumnElement[bool]) -> Query:
    query = select(
        _relation.organisation,
        _relation.relation_id,
        _relation.publisher,
        _relation.generation,
        _relation.valid_until,
        _relation.ended_on,
        _relation.sealed_person,
        _relation.sealed_body,
    )
    return Query(query.where(*where))


_GET = _relations(*_THIS)
_OF_WORKER = _relations(_relation.worker_tag == bindparam("worker"), _relation.relation_id == bindparam("id"))
_CASELOAD = _relations(_relation.worker_tag == bindparam("worker"))
_ALL_OF = _relations(_relation.organisation == bindparam("org"))
_OLDER = _relations(
    _relation.publisher == bindparam("publisher"), _relation.generation < bindparam("generation")
)
_PUT = upsert(schema.care_relations)
_REMOVE = delete(schema.care_relations).where(*_THIS)

_IS_RESTRICTED = Query(select(_restriction.kind).where(_restriction.person_tag == bindparam("person")))
_RESTRICTED = Presence(_restriction.person_tag)
_STATED_UNDER = select(_restriction.generation).where(
    _restriction.person_tag == bindparam("person"), _restriction.publisher == bindparam("publisher")
)
_RESTRICT = upsert(schema.restrictions)
_LIFT = delete(schema.restrictions).where(
    _restriction.person_tag == bindparam("person"), _restriction.publisher == bindparam("publisher")
)
_LIFT_OLDER = delete(schema.restrictions).where(
    _restriction.publisher == bindparam("publisher"), _restriction.generation < bindparam("generation")
)


class SqlRelations:
    """The table of care relations, see `signal_index.ports.Relations`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "care_relations")

    def get(self, organisation: str, relation_id: bytes) -> CareRelation | None:
        """One relation, whoever's it is."""
        return self._one(_GET, {"org": organisation, "id": relation_id})

    def of_worker(self, organisation: str, worker: str, relation_id: bytes) -> CareRelation | None:
        """One relation if it is this worker's."""
        return self._one(_OF_WORKER, {"worker": self._worker_tag(organisation, worker), "id": relation_id})

    def caseload(self, organisation: str, worker: str) -> Sequence[CareRelation]:
        """All relations of one worker, in order of case reference."""
        return _by_reference(self._many(_CASELOAD, {"worker": self._worker_tag(organisation, worker)}))

    def all_of(self, organisation: str) -> Sequence[CareRelation]:
        """All relations of one organisation, in order of case reference."""
        return _by_reference(self._many(_ALL_OF, {"org": organisation}))

    def older_generations(self, publisher: str, generation: int) -> Sequence[CareRelation]:
        """The publisher's relations registered under an earlier generation."""
        return self._many(_OLDER, {"publisher": publisher, "generation": generation})

    def put(self, relation: CareRelation) -> None:
        """Insert or replace a relation as a whole, its confirmation included."""
        row = _row(relation.organisation, relation.relation_id)
        self._connection.execute(
            _PUT,
            {
                "organisation": relation.organisation,
                "relation_id": relation.relation_id,
                "publisher": relation.publisher,
                "generation": relation.generation,
                "ref_tag": self._cells.tag("ref_tag", relation.organisation, relation.case_reference),
                "worker_tag": self._worker_tag(relation.organisation, relation.worker),
                "person_tag": self._person_tag(relation.person),
                "valid_until": relation.valid_until,
                "ended_on": relation.ended_on,
                "sealed_person": self._cells.seal("sealed_person", row, relation.person.encoded),
                "sealed_body": self._cells.seal("sealed_body", row, _encode_body(relation), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def remove(self, organisation: str, relation_id: bytes) -> None:
        """Remove a relation that should never have been there."""
        self._connection.execute(_REMOVE, {"org": organisation, "id": relation_id})

    def _worker_tag(self, organisation: str, worker: str) -> bytes:
        return self._cells.tag("worker_tag", organisation, worker)

    def _person_tag(self, person: Pseudonym) -> bytes:
        return self._cells.tag("person_tag", person.encoded)

    def _one(self, query: Query, parameters: Mapping[str, object]) -> CareRelation | None:
        found = self._many(query, parameters)
        return found[0] if found else None

    def _many(self, query: Query, parameters: Mapping[str, object]) -> list[CareRelation]:
        return [self._from_row(row) for row in query.rows(self._connection, parameters)]

    def _from_row(self, row: Sequence[Any]) -> CareRelation:
        (
            organisation,
            relation_id,
            publisher,
            generation,
            valid_until,
            ended_on,
            sealed_person,
            sealed_body,
        ) = row
        key = _row(organisation, relation_id)
        person = Pseudonym(self._cells.unseal("sealed_person", key, sealed_person))
        try:
            body = self._cells.unseal("sealed_body", key, sealed_body, BODY_BYTES)
            relation = _decode_body(body, organisation, relation_id, person)
        except (MalformedInput, ValueError, KeyError) as error:
            raise damaged("care_relations") from error
        inside = (relation.publisher, relation.generation, str(relation.valid_until), str(relation.ended_on))
        if inside != (publisher, generation, str(valid_until), str(ended_on)):
            raise damaged("care_relations")
        return relation


def _by_reference(relations: Iterable[CareRelation]) -> list[CareRelation]:
    return sorted(relations, key=lambda relation: (relation.case_reference, relation.relation_id))


def _row(organisation: str, relation_id: bytes) -> bytes:
    return encode("care_relations", organisation, relation_id)


def _encode_body(relation: CareRelation) -> bytes:
    return encode(
        "care-relation",
        relation.publisher,
        str(relation.generation),
        relation.team,
        relation.worker,
        relation.case_reference,
        relation.valid_from.isoformat(),
        relation.valid_until.isoformat(),
        relation.registered_by,
        relation.age_band.value,
        "" if relation.age_band_changes is None else str(relation.age_band_changes),
        str(int(relation.shielded)),
        str(int(relation.coordinator)),
        "" if relation.ended_on is None else relation.ended_on.isoformat(),
        relation.confirmed_by or "",
    )


def _decode_body(body: bytes, organisation: str, relation_id: bytes, person: Pseudonym) -> CareRelation:
    texts = (field.decode() for field in decode("care-relation", body, _BODY_FIELDS))
    publisher, generation, team, worker, reference, begins, ends, registrar, *rest = texts
    band, changes, shielded, coordinator, ended, confirmer = rest
    return CareRelation(
        organisation=organisation,
        relation_id=relation_id,
        publisher=publisher,
        generation=int(generation),
        person=person,
        team=team,
        worker=worker,
        case_reference=reference,
        valid_from=date.fromisoformat(begins),
        valid_until=date.fromisoformat(ends),
        registered_by=registrar,
        age_band=_AGE_BANDS[band],
        age_band_changes=Month.parse(changes) if changes else None,
        shielded=shielded == "1",
        coordinator=coordinator == "1",
        ended_on=date.fromisoformat(ended) if ended else None,
        confirmed_by=confirmer or None,
    )


class SqlRestrictions:
    """The table of restrictions, see `signal_index.ports.Restrictions`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "restrictions")

    def is_deceased(self, person: Pseudonym) -> bool:
        """Whether the person is known to have died."""
        return bool(_IS_RESTRICTED.rows(self._connection, {"person": self._tag(person)}))

    def deceased(self, people: Sequence[Pseudonym]) -> frozenset[Pseudonym]:
        """Those of these people who are known to have died."""
        tags = self._cells.tags_of_each("person_tag", [each.encoded for each in people])
        known = _RESTRICTED.among(self._connection, tags)
        return frozenset(person for person, tag in zip(people, tags, strict=True) if tag in known)

    def put(self, person: Pseudonym, publisher: str, generation: int) -> bool:
        """Store the restriction; True when it is new to this generation."""
        tag = self._tag(person)
        known = self._connection.execute(_STATED_UNDER, {"person": tag, "publisher": publisher}).scalar()
        if known is not None and known >= generation:
            return False
        row = encode("restrictions", tag, publisher)
        self._connection.execute(
            _RESTRICT,
            {
                "person_tag": tag,
                "publisher": publisher,
                "kind": DECEASED,
                "generation": generation,
                "sealed_person": self._cells.seal("sealed_person", row, person.encoded),
                "key_epoch": self._cells.keys.epoch,
            },
        )
        return True

    def remove(self, person: Pseudonym, publisher: str) -> int | None:
        """Revoke what this publisher said; the generation it stood under, None when it said nothing."""
        stated = {"person": self._tag(person), "publisher": publisher}
        generation: int | None = self._connection.execute(_STATED_UNDER, stated).scalar()
        self._connection.execute(_LIFT, stated)
        return generation

    def remove_older(self, publisher: str, generation: int) -> int:
        """Remove the publisher's restrictions of earlier generations."""
        older = {"publisher": publisher, "generation": generation}
        return self._connection.execute(_LIFT_OLDER, older).rowcount

    def _tag(self, person: Pseudonym) -> bytes:
        return self._cells.tag("person_tag", person.encoded)


_relations_conform: type[ports.Relations] = SqlRelations
_restrictions_conform: type[ports.Restrictions] = SqlRestrictions
