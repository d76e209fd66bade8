"""Apply the rows of a `zorgrelatie` delivery: care relations registered, changed, ended or taken back.

A confirmation by a second person is the index's own record: a feed never carries it, and it is void as soon as the
worker, the person or the start of a self-registered relation changes.
"""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from crypto.chain import Pseudonym
from crypto.sheet import ZorgrelatieOperation, ZorgrelatieRow
from signal_index import audit
from signal_index.model import CareRelation, Publisher

from . import sets
from .rows import RowFault, Work, refuse_faults

_CONTROL = (ZorgrelatieOperation.OPEN_SET, ZorgrelatieOperation.SEAL_SET, ZorgrelatieOperation.FILLER)


def apply(work: Work) -> int:
    """Apply all rows: relations first, control rows last.

    Returns:
        How many relations were registered with somebody who has no flag.

    Raises:
        DeliveryRefused: naming every faulty row that could be found.
    """
    refuse_faults(_faults(work))
    misses = 0
    for _, person, row in work.rows(ZorgrelatieRow):
        if row.operation not in _CONTROL:
            assert person is not None
            _apply_row(work, person, row)
            misses += row.operation is ZorgrelatieOperation.REGISTER and not _is_known(work, person)
    for position, _, row in work.rows(ZorgrelatieRow):
        if row.operation is ZorgrelatieOperation.OPEN_SET:
            sets.open_set(work, position, row.generation)
        elif row.operation is ZorgrelatieOperation.SEAL_SET:
            sets.seal_set(work, position, row.generation, row.count)
            _end_missing(work, row.generation)
    return misses


def _is_known(work: Work, person: Pseudonym) -> bool:
    """Whether any source says anything of the person; only ever counted, never told."""
    return work.tx.flags.knows(person, [kind.code for kind in work.context.catalogue.types])


def _faults(work: Work) -> list[RowFault]:
    seen: set[bytes] = set()
    faults: list[RowFault] = []
    for position, person, row in work.rows(ZorgrelatieRow):
        if person is None:
            continue
        code = "duplicate-row" if row.relation_id in seen else _fault(work, person, row)
        seen.add(row.relation_id)
        if code:
            faults.append((position, code))
    return faults


def _fault(work: Work, person: Pseudonym, row: ZorgrelatieRow) -> str | None:
    if row.organisation not in work.publisher.organisations:
        return "not-registered"
    if not sets.speaks_under(work, row.generation):
        return "generation"
    known = work.tx.relations.get(row.organisation, row.relation_id)
    if known is not None and known.publisher != work.publisher.oin:
        return "not-registered"
    if known is not None and known.person != person:
        return "person-mismatch"
    return None


def _apply_row(work: Work, person: Pseudonym, row: ZorgrelatieRow) -> None:
    known = work.tx.relations.get(row.organisation, row.relation_id)
    after: CareRelation | None = None
    match row.operation:
        case ZorgrelatieOperation.REGISTER | ZorgrelatieOperation.CHANGE:
            after = _register(work, person, row, known)
        case ZorgrelatieOperation.END:
            after = _end(work, known, _first_day_after(row))
        case _:
            _withdraw(work, known)
    delta = _counts(after, row.generation) - _counts(known, row.generation)
    sets.count(work, row.generation, delta)


def _counts(relation: CareRelation | None, generation: int) -> int:
    """1 when the relation counts for the set of this generation."""
    return int(relation is not None and relation.generation == generation and relation.ended_on is None)


def _register(work: Work, person: Pseudonym, row: ZorgrelatieRow, known: CareRelation | None) -> CareRelation:
    stated = _relation(work.publisher, person, row)
    keeps = known is not None and (known.worker, known.valid_from) == (stated.worker, stated.valid_from)
    relation = replace(
        stated,
        confirmed_by=known.confirmed_by if known is not None and keeps else None,
    )
    if relation == known:
        return relation
    work.tx.relations.put(relation)
    if known is None:
        _record(work, "relation.registered", relation, self_registered=relation.self_registered)
    elif replace(known, generation=relation.generation) != relation:
        void = known.confirmed_by is not None and relation.confirmed_by is None
        _record(work, "relation.changed", relation, confirmation_void=void)
    return relation


def _relation(publisher: Publisher, person: Pseudonym, row: ZorgrelatieRow) -> CareRelation:
    assert row.valid_from is not None
    assert row.valid_until is not None
    return CareRelation(
        organisation=row.organisation,
        relation_id=row.relation_id,
        publisher=publisher.oin,
        generation=row.generation,
        person=person,
        team=row.team,
        worker=row.worker,
        case_reference=row.case_reference,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        registered_by=row.registered_by,
        age_band=row.age_band,
        age_band_changes=row.age_band_changes,
        shielded=row.shielded,
        coordinator=row.coordinator,
    )


def _end(work: Work, known: CareRelation | None, ended_on: date) -> CareRelation | None:
    if known is None or (known.ended_on is not None and known.ended_on <= ended_on):
        return known  # ended already, or before it was ever registered: nothing to do, nothing to tell
    ended = replace(known, ended_on=ended_on)
    work.tx.relations.put(ended)
    _record(work, "relation.ended", ended)
    return ended


def _first_day_after(row: ZorgrelatieRow) -> date:
    """The first day an ended relation no longer holds; feeds write 9999-12-31 for "no end"."""
    assert row.valid_until is not None
    return row.valid_until + timedelta(days=1) if row.valid_until < date.max else date.max


def _withdraw(work: Work, known: CareRelation | None) -> None:
    if known is not None:
        work.tx.relations.remove(known.organisation, known.relation_id)
        _record(work, "relation.withdrawn", known)


def _end_missing(work: Work, generation: int) -> None:
    """End what a sealed set did not repeat; outside a sealed set a missing row ends nothing."""
    for relation in work.tx.relations.older_generations(work.publisher.oin, generation):
        if relation.ended_on is None:  # one whose end was announced keeps that end
            _end(work, relation, work.context.today)


def _record(work: Work, name: str, relation: CareRelation, **fields: bool) -> None:
    work.tx.audit.append(
        audit.event(
            name,
            work.context.now,
            subject=relation.person,
            actor=relation.registered_by,
            organisation=relation.organisation,
            relation=str(UUID(bytes=relation.relation_id)),
            publisher=relation.publisher,
            **fields,
        )
    )
