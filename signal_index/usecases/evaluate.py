"""Decide for a worker's system what she may see, without showing anything: the walk of a look up to its decision.

Invariants:
1. An answer is what a look for the same case and purpose, by the same worker at the same moment, would be allowed to
   disclose. Nothing of it comes from the caller but the case, the purpose, and which types and levels she asks about.
2. No flag is read.
3. One record per request, in the same transaction, whatever the outcome; it holds no text of the caller's.

What an answer can betray: that the rules close a type for this case though not for this purpose in general, so that one
of them is about the resident. A look hides even that. Which rule it was is only told where it is not about her.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crypto.chain import Pseudonym
from policy.in_force import InForce
from policy.rulesets import RuleSet
from policy.telling.worker import refusal_texts
from policy.vocabulary import Shows
from signal_index import audit
from signal_index.enforcement import LOOKING_ROLE
from signal_index.errors import SignalIndexError, Unavailable
from signal_index.model import Actor, FieldValue, dutch_day
from signal_index.model.evaluations import Evaluation, Evaluations, Semantic, Verdict
from signal_index.ports import Transaction

from .authority import require_role
from .ground import Ground, Look, Refusal, find_ground


@dataclass(frozen=True)
class Undecided:
    """No decision could be made; that is recorded, so it is returned, never raised."""

    error: SignalIndexError


@dataclass(frozen=True)
class _Request:
    """One request under way, and the rules of its day."""

    tx: Transaction
    actor: Actor
    asked: Evaluations
    now: datetime
    in_force: InForce


_Found = Ground | Refusal | None  # nothing readable was asked, so nothing was walked
_UNREADABLE = Verdict(allowed=False, known=False)


def evaluate(
    tx: Transaction, rules: RuleSet, actor: Actor, asked: Evaluations, now: datetime
) -> Sequence[Verdict] | Undecided:
    """Answer what a worker's system asks about her, in order; it is recorded in this transaction.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: as verified at the edge; her roles come from the index's own tables.
        asked: about which case and purpose, and what.
        now: aware UTC.

    Returns:
        One verdict per evaluation, up to the one that ends it; to be sent only after the commit.

    Raises:
        NotPermitted: she acts in no role that looks, so her system has nothing to ask.
    """
    require_role(actor, LOOKING_ROLE)
    request = _Request(tx, actor, asked, now, rules.in_force(dutch_day(now)))
    found = _walked(Look(tx, actor, asked.look, now), rules) if asked.look is not None else None
    semantic = asked.semantic or Semantic.ALL
    verdicts = semantic.answered(_verdicts(request, found), lambda each: each.allowed)
    _record(request, found, verdicts)
    if isinstance(found, Refusal) and isinstance(found.error, Unavailable):
        return Undecided(found.error)
    return verdicts


def _walked(look: Look, rules: RuleSet) -> Ground | Refusal:
    try:
        return find_ground(look, rules)
    except Refusal as refusal:
        return refusal


def _verdicts(request: _Request, found: _Found) -> Iterator[Verdict]:
    known = {each.code for each in request.in_force.catalogue.types}
    for wanted in request.asked.wanted:
        if wanted is None or found is None or wanted.type_code not in known:
            yield _UNREADABLE
        elif isinstance(found, Refusal):
            yield Verdict(allowed=False, texts=(found.error.detail,))
        else:
            yield _verdict(found, wanted)


def _verdict(ground: Ground, wanted: Evaluation) -> Verdict:
    granted = ground.permit
    level = granted.allowed.get(wanted.type_code)
    if level is None or level < wanted.level:
        return Verdict(allowed=False, texts=_worker_texts(ground, wanted.type_code))
    areas_only = ground.purpose.shows is Shows.AREAS
    return Verdict(allowed=True, duties=granted.duties, areas_only=areas_only)


def _worker_texts(ground: Ground, type_code: str) -> tuple[str, ...]:
    """What the guards that refused say to a worker; those about the resident have nothing to say to her."""
    rules = (ground.in_force.rule(key) for key in ground.permit.refused_by.get(type_code, ()))
    return refusal_texts((rule for rule in rules if rule is not None), "nl")


def _record(request: _Request, found: _Found, verdicts: Sequence[Verdict]) -> None:
    semantic = request.asked.semantic
    answered = [
        (_named(wanted, verdict), verdict)
        for wanted, verdict in zip(request.asked.wanted, verdicts, strict=False)
    ]
    request.tx.audit.append(
        audit.act(
            "access.evaluated",
            request.now,
            request.actor,
            subject=_person(found),
            role=LOOKING_ROLE,
            asked=[name for name, _ in answered],
            allowed=[name for name, verdict in answered if verdict.allowed],
            semantic=None if semantic is None else semantic.value,
            **_about(request),
            **_on(found),
        )
    )


def _named(wanted: Evaluation | None, verdict: Verdict) -> str:
    if wanted is None or not verdict.known:
        return audit.UNREADABLE
    return f"{wanted.type_code}:{wanted.level.value}"


def _person(found: _Found) -> Pseudonym | None:
    if isinstance(found, Ground):
        return found.standing.relation.person
    return None if found is None else found.person


def _about(request: _Request) -> dict[str, FieldValue]:
    """The case and purpose that were asked about; a purpose only if it exists, for it is the caller's own text."""
    asked = request.asked.look
    if asked is None:
        return {}
    known = request.in_force.catalogue.purpose(asked.purpose) is not None
    return {
        "relation": str(UUID(bytes=asked.relation_id)),
        "purpose": asked.purpose if known else None,
    }


def _on(found: _Found) -> dict[str, FieldValue]:
    """What was decided on, or why there was nothing to decide on."""
    if not isinstance(found, Ground):
        return {"reason": found.reason if found is not None else audit.UNREADABLE}
    granted, cover = found.permit, found.standing.cover
    return {
        "rule_set": granted.rule_set,
        "rules": list(granted.rules),
        "facts": granted.facts,
        "cover": str(UUID(bytes=cover.cover_id)) if cover is not None else None,
    }
