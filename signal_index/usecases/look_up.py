"""Look up which help is running for one client: the main job, and the only road from a flag to a person's screen.

The walk: refuse on what depends on the actor and the request alone; find her relation; let the rules decide; read
exactly that; record; answer. All of it is one transaction, so no answer exists without its record.

Two equalities hold, and a test reads the bytes:
(a) unknown, somebody else's, unconfirmed and ended relations are one answer;
(b) with a live relation, "nothing there" and "nothing you may see" are one answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from crypto.batch import BatchClass
from crypto.encoding import Month
from policy.catalogue import Catalogue, PurposeRule
from policy.in_force import InForce
from policy.rulesets import RuleSet
from policy.vocabulary import Level
from signal_index import audit
from signal_index.enforcement import LOOKING_ROLE, Permit, permit
from signal_index.errors import Malformed, NotFound, NotPermitted, SignalIndexError, Unavailable
from signal_index.model import (
    Actor,
    CareRelation,
    LookupAnswer,
    LookupRequest,
    Publication,
    Receipt,
    Signal,
    SourceStatus,
    StaffMember,
    StoredFlag,
    dutch_day,
)
from signal_index.ports import Transaction

from .authority import require_role
from .delivery.sets import is_complete
from .relations import stands

_Pair = tuple[str, str]  # source, type


@dataclass(frozen=True)
class Answered:
    """A look that was answered, with the receipt of its record and the catalogue that names what is shown."""

    answer: LookupAnswer
    receipt: Receipt
    catalogue: Catalogue


@dataclass(frozen=True)
class Refused:
    """A look that was refused; the refusal is recorded, so it is returned, never raised."""

    error: SignalIndexError


@dataclass(frozen=True)
class _Look:
    """One look under way."""

    tx: Transaction
    actor: Actor
    request: LookupRequest
    now: datetime

    @property
    def today(self) -> date:
        return dutch_day(self.now)


class _Refusal(Exception):
    """What the record says, and what the worker gets."""

    def __init__(self, reason: str, error: SignalIndexError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


def look_up(
    tx: Transaction, rules: RuleSet, actor: Actor, request: LookupRequest, now: datetime
) -> Answered | Refused:
    """Answer one look, or refuse it; either way it is recorded in this transaction.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: as verified at the edge; her roles come from the index's own tables.
        request: which relation, and for which purpose.
        now: aware UTC.

    Returns:
        The outcome, to be sent only after the commit.
    """
    look = _Look(tx, actor, request, now)
    try:
        return _answer(look, rules)
    except _Refusal as refusal:
        return _refused(look, rules, refusal)


def _answer(look: _Look, rules: RuleSet) -> Answered:
    """The walk of one look; every step either goes on or ends it with a refusal."""
    staff = _require_worker(look.actor)
    in_force = _rules_in_force(rules, look.today)
    purpose = _require_purpose(look, in_force.catalogue, staff)
    _require_complete(look.tx)
    relation = _require_relation(look, staff)
    granted = permit(in_force, look.actor, relation, purpose, look.today)
    if granted.faulty:
        raise _Refusal("decision-fault", _undecided())
    answer = _read(look, in_force.catalogue, purpose, relation, granted)
    return Answered(
        answer, _record(look, relation, granted, any_shown=bool(answer.signals)), in_force.catalogue
    )


def _require_worker(actor: Actor) -> StaffMember:
    """Refuse on what depends on the actor alone, before anything else is read."""
    try:
        return require_role(actor, LOOKING_ROLE)
    except NotPermitted as error:
        raise _Refusal(error.code, error) from error


def _rules_in_force(rules: RuleSet, today: date) -> InForce:
    in_force = rules.in_force(today)
    if not in_force.covers(today):
        raise _Refusal("no-rules-in-force", _undecided())
    return in_force


def _undecided() -> Unavailable:
    return Unavailable("decision", "Wij kunnen nu niet bepalen wat u mag zien. Probeer het later nog eens.")


def _require_purpose(look: _Look, catalogue: Catalogue, staff: StaffMember) -> PurposeRule:
    """The purpose, if it exists and a role of this worker may choose it; the same for every case."""
    purpose = catalogue.purpose(look.request.purpose)
    if purpose is None:
        text = f"Kies een doel dat bestaat: {', '.join(sorted(known.code for known in catalogue.purposes))}."
        raise _Refusal("unknown-purpose", Malformed("unknown-purpose", text, (("doel", text),)))
    if not staff.roles & set(purpose.roles):
        text = "Uw rol mag voor dit doel niet kijken. Kies een ander doel."
        raise _Refusal("role-for-purpose", NotPermitted("role-for-purpose", text))
    return purpose


def _require_complete(tx: Transaction) -> None:
    """Without complete relations and restrictions nobody can know what must *not* be shown."""
    for batch_class in (BatchClass.ZORGRELATIE, BatchClass.BEPERKING):
        if not is_complete(tx, batch_class):
            text = "De index wordt opnieuw gevuld. Probeer het later nog eens."
            raise _Refusal(f"incomplete-{batch_class}", Unavailable("filling", text, retry_after_seconds=300))


def _require_relation(look: _Look, staff: StaffMember) -> CareRelation:
    """Her live relation; one answer for every case that is not in her caseload, whatever the reason."""
    relation = look.tx.relations.of_worker(staff.organisation, staff.staff_id, look.request.relation_id)
    if relation is None or not relation.is_live(look.today) or not stands(look.tx, relation):
        reason = "no-relation" if relation is None else "relation-not-live"
        raise _Refusal(reason, NotFound("not-in-caseload", "Deze zaak staat niet in uw caseload."))
    return relation


def _refused(look: _Look, rules: RuleSet, refusal: _Refusal) -> Refused:
    actor, request, now = look.actor, look.request, look.now
    # Only a purpose that exists is recorded: any other is the caller's own text, and could be anything.
    known = rules.in_force(look.today).catalogue.purpose(request.purpose) is not None
    look.tx.audit.append(
        audit.event(
            "lookup.refused",
            now,
            actor=actor.staff_id,
            organisation=actor.staff.organisation if actor.staff is not None else None,
            relation=str(UUID(bytes=request.relation_id)),
            purpose=request.purpose if known else None,
            reason=refusal.reason,
            token=actor.token_id,
        )
    )
    return Refused(refusal.error)


def _read(
    look: _Look, catalogue: Catalogue, purpose: PurposeRule, relation: CareRelation, granted: Permit
) -> LookupAnswer:
    """Read exactly what was permitted, in one query of the same size whatever that is."""
    tx, month = look.tx, Month.of(look.today)
    publications = {(entry.source, entry.type): entry for entry in tx.register.publications()}
    freshness = {
        (series.source, series.type): series.as_of for series in tx.series.all() if series.is_current
    }
    flags = tx.flags.find(relation.person, granted.allowed.keys(), len(catalogue.types), month)
    signals = _signals(flags, granted, publications, freshness)
    participating = [entry for entry in publications.values() if entry.type in purpose.types]
    return LookupAnswer(signals, _sources(catalogue, participating, freshness, look.today))


def _signals(
    flags: Sequence[StoredFlag],
    granted: Permit,
    publications: Mapping[_Pair, Publication],
    freshness: Mapping[_Pair, date | None],
) -> tuple[Signal, ...]:
    """What may be shown of each flag, in an order that depends on what is shown alone."""
    shown = {
        _signal(flag, granted.allowed[flag.type], publications[flag.source, flag.type], freshness)
        for flag in flags
        if (flag.source, flag.type) in publications  # a source that left the register can withdraw nothing
    }
    return tuple(sorted(_first_of_each(shown), key=lambda s: (s.type, s.since, s.source_name or "")))


def _signal(
    flag: StoredFlag, level: Level, publication: Publication, freshness: Mapping[_Pair, date | None]
) -> Signal:
    """One flag, cut down to the disclosure level."""
    if level is Level.PRESENCE:
        return Signal(flag.type, level, flag.since)
    as_of = freshness.get((flag.source, flag.type))
    contact = publication.contact if level is Level.CONTACT else None
    return Signal(flag.type, level, flag.since, publication.source_name, as_of, contact)


def _first_of_each(signals: Collection[Signal]) -> list[Signal]:
    """At presence level two sources of one type are one signal, or their number would tell them apart."""
    earliest: dict[str, Signal] = {}
    rest = []
    for signal in signals:
        if signal.level is not Level.PRESENCE:
            rest.append(signal)
        elif signal.type not in earliest or signal.since < earliest[signal.type].since:
            earliest[signal.type] = signal
    return [*rest, *earliest.values()]


def _sources(
    catalogue: Catalogue,
    participating: Collection[Publication],
    freshness: Mapping[_Pair, date | None],
    today: date,
) -> tuple[SourceStatus, ...]:
    """The sources that take part in this purpose; depends on purpose and day only, never on the person."""
    statuses = []
    for publication in participating:
        kind = catalogue.signal_type(publication.type)
        as_of = freshness.get((publication.source, publication.type))
        current = kind is not None and as_of is not None and (today - as_of).days <= kind.freshness_days
        statuses.append(SourceStatus(publication.source_name, publication.type, as_of, current))
    return tuple(sorted(statuses, key=lambda status: (status.type, status.source_name)))


def _record(look: _Look, relation: CareRelation, granted: Permit, *, any_shown: bool) -> Receipt:
    actor, request, now = look.actor, look.request, look.now
    return look.tx.audit.append(
        audit.event(
            "lookup.answered",
            now,
            subject=relation.person,
            actor=actor.staff_id,
            role=LOOKING_ROLE,
            organisation=relation.organisation,
            relation=str(UUID(bytes=relation.relation_id)),
            purpose=request.purpose,
            rule_set=granted.rule_set,
            rules=list(granted.rules),
            facts=granted.facts,
            allowed=[f"{code}:{level.value}" for code, level in sorted(granted.allowed.items())],
            any_shown=any_shown,
            token=actor.token_id,
        )
    )
