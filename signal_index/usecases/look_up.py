"""Look up which help is running for one client: the main job, and the only road from a flag to a person's screen.

The walk: refuse on what depends on the actor and the request alone; find her relation; let the rules decide; read
that; record; answer. All of it is one transaction, so no answer exists without its record.

Two equalities hold, and a test reads the bytes:
(a) unknown, somebody else's, unconfirmed and ended relations, and covers that are over, are one answer;
(b) with a live relation, "nothing there" and "nothing you may see" are one answer.

A page that stays open walks again at each showing (`look_again`), without a second record: it shows at most what the
recorded look was allowed, and nothing at all when that look showed nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from crypto.chain import Pseudonym
from policy.catalogue import Catalogue, PurposeRule
from policy.in_force import InForce
from policy.rulesets import RuleSet
from policy.vocabulary import Level, Shows
from signal_index import audit
from signal_index.enforcement import LOOKING_ROLE, Permit, Standing, permit
from signal_index.errors import Malformed, NotPermitted, SignalIndexError, Unavailable
from signal_index.model import Actor, LookupAnswer, LookupRequest, Receipt, dutch_day
from signal_index.ports import Transaction

from .authority import require_role
from .readiness import hindered
from .reading import Permitted, read
from .relations import NotStanding, find_standing
from .rulebook.in_use import require_in_force


@dataclass(frozen=True)
class Ground:
    """What an answer stands on, once every check has passed."""

    in_force: InForce
    purpose: PurposeRule
    standing: Standing
    permit: Permit

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that names what is shown."""
        return self.in_force.catalogue


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


@dataclass(eq=False)
class _Refusal(Exception):
    """What the record says, about whom if her data was worked with, and what the worker gets.

    Args:
        undecided: what the rules were asked, when they came to no decision.
    """

    reason: str
    error: SignalIndexError
    person: Pseudonym | None = None
    undecided: Permit | None = None


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
    look = _Look(tx, actor, request, now)
    try:
        ground = _narrowed(_same_person(_ground(look, rules), before), before)
        answer = _read(look, ground)
    except _Refusal as refusal:
        return _refused(look, rules, refusal)
    return Again(answer if before.any_shown else answer.without_signals(), ground)


def _same_person(ground: Ground, before: Before) -> Ground:
    """A relation withdrawn by mistake may come back for somebody else; her flags are not what was recorded."""
    if ground.standing.relation.person != before.person:
        raise _Refusal("other-person", NotStanding("other-person").error, ground.standing.relation.person)
    return ground


def _narrowed(ground: Ground, before: Before) -> Ground:
    """No type and no level beyond the ones on record."""
    allowed = {
        code: min(level, before.allowed[code])
        for code, level in ground.permit.allowed.items()
        if code in before.allowed
    }
    return replace(ground, permit=replace(ground.permit, allowed=allowed))


def _answer(look: _Look, rules: RuleSet) -> Answered:
    ground = _ground(look, rules)
    answer = _read(look, ground)
    return Answered(answer, _record(look, ground, any_shown=answer.shows_something), ground)


def _ground(look: _Look, rules: RuleSet) -> Ground:
    """The walk up to the decision; every step either goes on or ends it with a refusal."""
    _require_worker(look.actor)
    in_force = _rules_in_force(rules, look.today)
    purpose = _require_purpose(look, in_force.catalogue)
    types = _narrow_types(look, in_force.catalogue, purpose)
    _require_ready(look)
    standing = _require_standing(look)
    granted = permit(in_force, look.actor, standing, purpose, types, on=look.today)
    if granted.faulty:
        raise _Refusal("decision-fault", _undecided(), standing.relation.person, granted)
    return Ground(in_force, purpose, standing, granted)


def _require_worker(actor: Actor) -> None:
    """Refuse on what depends on the actor alone, before anything else is read."""
    try:
        require_role(actor, LOOKING_ROLE)
    except NotPermitted as error:
        raise _Refusal(error.code, error) from error


def _rules_in_force(rules: RuleSet, today: date) -> InForce:
    try:
        return require_in_force(rules, today)
    except Unavailable as error:
        raise _Refusal("no-rules-in-force", error) from error


def _undecided() -> Unavailable:
    return Unavailable("decision", "Wij kunnen nu niet bepalen wat u mag zien. Probeer het later nog eens.")


def _require_purpose(look: _Look, catalogue: Catalogue) -> PurposeRule:
    """The purpose, if it exists and the role she acts in may choose it; the same for every case."""
    purpose = catalogue.purpose(look.request.purpose)
    if purpose is None:
        text = f"Kies een doel dat bestaat: {', '.join(sorted(known.code for known in catalogue.purposes))}."
        raise _Refusal("unknown-purpose", Malformed("unknown-purpose", text, (("doel", text),)))
    if not look.actor.roles & set(purpose.roles):
        text = "Uw rol mag voor dit doel niet kijken. Kies een ander doel."
        raise _Refusal("role-for-purpose", NotPermitted("role-for-purpose", text))
    return purpose


def _narrow_types(look: _Look, catalogue: Catalogue, purpose: PurposeRule) -> tuple[str, ...]:
    """The purpose's types within the areas of life she asked for; the same for every case."""
    wanted = look.request.domains
    types = catalogue.types_within(purpose, wanted)
    if wanted and (not types or not wanted <= {domain.code for domain in catalogue.life_domains}):
        text = "Bij dit doel horen deze leefgebieden niet. Kies andere, of kies er geen om alles te zien."
        raise _Refusal("domains", Malformed("domains", text, (("leefgebieden", text),)))
    return types


def _require_ready(look: _Look) -> None:
    hindrance = hindered(look.tx, look.now)
    if hindrance is not None:
        raise _Refusal(*hindrance)


def _require_standing(look: _Look) -> Standing:
    found = find_standing(look.tx, look.actor, look.request.relation_id, look.today)
    if isinstance(found, NotStanding):
        raise _Refusal(found.reason, found.error)
    return found


def _refused(look: _Look, rules: RuleSet, refusal: _Refusal) -> Refused:
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


def _read(look: _Look, ground: Ground) -> LookupAnswer:
    types = _narrow_types(look, ground.catalogue, ground.purpose)
    person, allowed = ground.standing.relation.person, ground.permit.allowed
    areas_only = ground.purpose.shows is Shows.AREAS
    permitted = Permitted(person, allowed, types, areas_only=areas_only)
    return read(look.tx, ground.catalogue, permitted, look.today)


def _record(look: _Look, ground: Ground, *, any_shown: bool) -> Receipt:
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
