"""The policy enforcement point: the only caller of the decision point, and the only maker of a `Permit`.

Invariants:
1. Facts come from the index's own tables and the verified token, never from the request; unknown stays unknown.
2. What may be read is decided before the index is read, per signal type and disclosure level.
3. A fault, or anything but a clean Allow, gives an empty permit.

Whoever controls this module can show every flag of a relation the worker has; nothing else in the product can.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from policy.catalogue import PurposeRule
from policy.facts import LookupFacts, Register, read_at
from policy.in_force import InForce
from policy.pdp import Decision, decide
from policy.vocabulary import AgeBand, Duty, Level, Outcome, PurposeCode, Role

from .model import Actor, CareRelation, FieldValue, dutch_day
from .model.impediments import Impediment, ImpedimentKind, stopping
from .model.workplace import Cover

LOOKING_ROLE = Role.TEAM_MEMBER

# Duties the look-up is able to perform. A decision that comes with any other is no permission at all.
_PERFORMABLE = frozenset({Duty.RECORD})
# What a record says has to fit, whoever is stopped by how much.
_SHORT_ID, _SHORT_DIGEST, _NAMED_AT_MOST = 8, 16, 4


@dataclass(frozen=True)
class Permit:
    """The sealed list of what one look may read, and where it came from.

    Args:
        allowed: disclosure level per type; a type that is absent may not be read.
        rule_set: digest of the rule set that decided, hex.
        rules: ids of the rules that determined the outcome, sorted.
        facts: canonical JSON of what the rules were told.
        faulty: the decision could not be made; nothing is allowed and the look must fail.
        duties: what has to be done before anything is shown; all of them can be performed here.
        refused_by: keys of the guards that refused, per type that a guard refused.
    """

    allowed: Mapping[str, Level]
    rule_set: str
    rules: tuple[str, ...]
    facts: str
    faulty: bool
    duties: tuple[Duty, ...]
    refused_by: Mapping[str, tuple[str, ...]]

    def recorded(self) -> dict[str, FieldValue]:
        """What a record says of it: by which rules was decided, and on which facts, so that it can be done again."""
        return {"rule_set": self.rule_set, "rules": list(self.rules), "facts": self.facts}


@dataclass(frozen=True)
class Standing:
    """Why the actor may ask about a case at all: it is hers, or she covers for the worker whose it is.

    Args:
        relation: the care relation the look is about.
        cover: the arrangement under which she looks for a colleague; None for her own case.
    """

    relation: CareRelation
    cover: Cover | None = None

    def carries(self, actor: Actor, on: date) -> bool:
        """Whether relation and cover together carry a look by this actor on this day.

        A cover carries none on a relation that rests on the delegate: two people stand behind a look, not one twice.
        The case is of the team she works in; one that stayed behind in another team is nobody's to look at from here.
        """
        if actor.staff is None or self.relation.team != actor.staff.team:
            return False
        if self.cover is None:
            return self.relation.is_live(on) and self.relation.worker == actor.staff_id
        covered = self.cover.delegate == actor.staff_id and self.cover.absentee == self.relation.worker
        own_word = self.relation.rests_on(actor.staff_id)
        return covered and not own_word and self.cover.runs(on) and self.relation.is_live(on)


def permit(
    rules: InForce,
    actor: Actor,
    standing: Standing,
    purpose: PurposeRule,
    types: Collection[str],
    *,
    impediments: Collection[Impediment],
    now: datetime,
) -> Permit:
    """Decide what this actor may see for this relation and purpose today.

    Args:
        rules: the rule set in force today.
        actor: as verified at the edge.
        standing: the care relation the look is about, and why it is this actor's to ask about.
        purpose: from the catalogue of these rules.
        types: codes she asks for, each one of the purpose's.
        impediments: all that stand in the relation's organisation about its resident.
        now: aware UTC; every fact has been read in the transaction of this moment.

    Returns:
        A permit; empty and `faulty` when no decision could be made.
    """
    stops = stopping(impediments, actor.staff_id, dutch_day(now))
    facts = _facts(rules, actor, standing, purpose, stops=stops, now=now)
    return _permit(decide(rules, facts, tuple(types)), facts)


def decide_again(rules: InForce, recorded: LookupFacts, types: Collection[str]) -> Decision:
    """Decide once more what was decided before, to explain a record or to check it.

    What comes back opens nothing: a look needs a `Permit`, and only `permit` makes one.

    Args:
        rules: of the day of the record, out of the set that the record names.
        recorded: the facts of the record, or those with one changed to say what would have been.
        types: codes that were asked for.
    """
    return decide(rules, recorded, tuple(types))


def is_faulty(decision: Decision) -> bool:
    """Whether a decision is no permission at all, whatever it allows: undecided, or with a duty nobody performs."""
    return decision.status is Outcome.FAULT or not _PERFORMABLE.issuperset(decision.duties)


def _facts(
    rules: InForce,
    actor: Actor,
    standing: Standing,
    purpose: PurposeRule,
    *,
    stops: tuple[Impediment, ...],
    now: datetime,
) -> LookupFacts:
    staff, relation, on = actor.staff, standing.relation, dutch_day(now)
    kinds = {each.kind for each in stops}
    return LookupFacts(
        role=LOOKING_ROLE if LOOKING_ROLE in actor.roles else None,
        account_active=staff.active if staff is not None else None,
        second_factor=actor.second_factor,
        purpose=PurposeCode(purpose.code),
        relation_live=standing.carries(actor, on),
        relation_confirmed=relation.is_confirmed,
        relation_organisation=relation.organisation,
        relation_team=relation.team,
        age_band=AgeBand(relation.age_band_on(on).value),
        shielded=relation.shielded,
        coordinator=relation.coordinator,
        organisation=staff.organisation if staff is not None else None,
        team=staff.team if staff is not None else None,
        objection=ImpedimentKind.OBJECTION in kinds,
        involved=ImpedimentKind.INVOLVED in kinds,
        emergency=False,  # nothing lets a worker declare one yet
        on=on,
        asked_at=now,
        origins=read_at(now, _versions(rules, actor, relation, stops)),
    )


def _versions(
    rules: InForce, actor: Actor, relation: CareRelation, stops: tuple[Impediment, ...]
) -> dict[Register, str]:
    """As what each register was read; a stopped look names what stops it, so that it can be found back."""
    confirmed = actor.staff.confirmed_on if actor.staff is not None else None
    named = [each.impediment_id.hex()[:_SHORT_ID] for each in stops[:_NAMED_AT_MOST]]
    return {
        Register.STAFF: confirmed.isoformat() if confirmed is not None else "onbevestigd",
        Register.SESSION: "dit-verzoek",
        Register.RELATIONS: f"{relation.publisher}/{relation.generation}",
        Register.IMPEDIMENTS: " ".join(named) or "geen",
        Register.CHOICE: rules.digest[:_SHORT_DIGEST],
        Register.CLOCK: "Europe/Amsterdam",
    }


def _permit(decision: Decision, facts: LookupFacts) -> Permit:
    faulty = is_faulty(decision)
    return Permit(
        allowed={} if faulty else dict(decision.allowed),
        rule_set=decision.digest,
        rules=decision.reasons,
        facts=facts.canonical().decode(),
        faulty=faulty,
        duties=decision.duties,
        refused_by={each.code: each.reasons for each in decision.outcomes if each.outcome is Outcome.REFUSED},
    )
