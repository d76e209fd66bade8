"""Look up which help is running for one client: the main job, and the only road from a flag to a person's screen.

The walk: find the ground to stand on, `signal_index.usecases.ground`; read what it allows; record; answer. All of it
is one transaction, so no answer exists without its record.

Two equalities hold, and a test reads the bytes:
(a) unknown, somebody else's, unconfirmed and ended relations, and covers that are over, are one answer;
(b) with a live relation, "nothing there" and "nothing you may see" are one answer.

A page that stays open walks again at each showing (`look_again`), without a second record: it shows at most what the
recorded look was allowed, and nothing at all when that look showed nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from crypto.chain import Pseudonym
from policy.rulesets import RuleSet
from policy.vocabulary import Level, Shows
from signal_index import audit
from signal_index.enforcement import LOOKING_ROLE
from signal_index.errors import SignalIndexError
from signal_index.model import Actor, LookupAnswer, LookupRequest, Receipt
from signal_index.ports import Transaction

from .ground import Ground, Look, Refusal, find_ground
from .reading import Permitted, read
from .relations import NotStanding


@dataclass(frozen=True)
class Answered:
    """A look that was answered, with the receipt of its record and what it stands on."""

    answer: LookupAnswer
    receipt: Receipt
    ground: Ground


@dataclass(frozen=True)
class Again:
    """A further showing of a look that was recorded before."""

    answer: LookupAnswer
    ground: Ground


@dataclass(frozen=True)
class Refused:
    """A look that was refused; the refusal is recorded, so it is returned, never raised."""

    error: SignalIndexError


@dataclass(frozen=True)
class Before:
    """What the record of a look says: about whom it was, what was allowed, and whether anything was shown."""

    person: Pseudonym
    allowed: Mapping[str, Level]
    any_shown: bool


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
    look = Look(tx, actor, request, now)
    try:
        return _answer(look, rules)
    except Refusal as refusal:
        return _refused(look, rules, refusal)


def look_again(
    tx: Transaction, rules: RuleSet, actor: Actor, request: LookupRequest, now: datetime, *, before: Before
) -> Again | Refused:
    """Show a recorded look once more; only a refusal is recorded.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: as verified at the edge, now.
        request: the same question as then.
        now: aware UTC.
        before: what the record of that look says.

    Returns:
        What may be shown now of what was allowed then, or the refusal.
    """
    look = Look(tx, actor, request, now)
    try:
        ground = _narrowed(_same_person(find_ground(look, rules), before), before)
        answer = _read(look, ground)
    except Refusal as refusal:
        return _refused(look, rules, refusal)
    return Again(answer if before.any_shown else answer.without_signals(), ground)


def _same_person(ground: Ground, before: Before) -> Ground:
    """A relation withdrawn by mistake may come back for somebody else; her flags are not what was recorded."""
    if ground.standing.relation.person != before.person:
        raise Refusal("other-person", NotStanding("other-person").error, ground.standing.relation.person)
    return ground


def _narrowed(ground: Ground, before: Before) -> Ground:
    """No type and no level beyond the ones on record."""
    allowed = {
        code: min(level, before.allowed[code])
        for code, level in ground.permit.allowed.items()
        if code in before.allowed
    }
    return replace(ground, permit=replace(ground.permit, allowed=allowed))


def _answer(look: Look, rules: RuleSet) -> Answered:
    ground = find_ground(look, rules)
    answer = _read(look, ground)
    return Answered(answer, _record(look, ground, any_shown=answer.shows_something), ground)


def _refused(look: Look, rules: RuleSet, refusal: Refusal) -> Refused:
    actor, request, now = look.actor, look.request, look.now
    # Only a purpose that exists is recorded: any other is the caller's own text, and could be anything.
    known = rules.in_force(look.today).catalogue.purpose(request.purpose) is not None
    undecided = refusal.undecided
    asked = {"domains": sorted(request.domains), **undecided.recorded()} if undecided is not None else {}
    look.tx.audit.append(
        audit.act(
            "lookup.refused",
            now,
            actor,
            subject=refusal.person,
            relation=str(UUID(bytes=request.relation_id)),
            purpose=request.purpose if known else None,
            reason=refusal.reason,
            **asked,
        )
    )
    return Refused(refusal.error)


def _read(look: Look, ground: Ground) -> LookupAnswer:
    person, allowed = ground.standing.relation.person, ground.permit.allowed
    areas_only = ground.purpose.shows is Shows.AREAS
    permitted = Permitted(person, allowed, ground.types, areas_only=areas_only)
    return read(look.tx, ground.catalogue, permitted, look.today)


def _record(look: Look, ground: Ground, *, any_shown: bool) -> Receipt:
    actor, request, now = look.actor, look.request, look.now
    relation, cover, granted = ground.standing.relation, ground.standing.cover, ground.permit
    return look.tx.audit.append(
        audit.act(
            "lookup.answered",
            now,
            actor,
            subject=relation.person,
            role=LOOKING_ROLE,
            relation=str(UUID(bytes=relation.relation_id)),
            purpose=request.purpose,
            allowed=[f"{code}:{level.value}" for code, level in sorted(granted.allowed.items())],
            any_shown=any_shown,
            domains=sorted(request.domains),
            **granted.recorded(),
            informed=request.informed,
            cover=str(UUID(bytes=cover.cover_id)) if cover is not None else None,
        )
    )
