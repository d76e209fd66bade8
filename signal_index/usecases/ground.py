"""What an answer to a worker stands on: who she is, for what, her relation, and what the rules then allow.

The walk: refuse on what depends on the actor and the request alone; find her relation; let the rules decide. It reads
no flag and records nothing: who walks it records it, in the same transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime

from crypto.chain import Pseudonym
from policy.catalogue import Catalogue, PurposeRule
from policy.in_force import InForce
from policy.rulesets import RuleSet
from signal_index.enforcement import LOOKING_ROLE, Permit, Standing, permit
from signal_index.errors import Malformed, NotPermitted, SignalIndexError, Unavailable
from signal_index.model import Actor, LookupRequest, dutch_day
from signal_index.ports import Transaction

from .authority import require_role
from .readiness import hindered
from .relations import NotStanding, find_standing
from .rulebook.in_use import require_in_force


@dataclass(frozen=True)
class Ground:
    """What an answer stands on, once every check has passed.

    Args:
        types: codes the look is about, allowed or not; the same for every case.
    """

    in_force: InForce
    purpose: PurposeRule
    types: tuple[str, ...]
    standing: Standing
    permit: Permit

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that names what is shown."""
        return self.in_force.catalogue


@dataclass(frozen=True)
class Look:
    """One question under way."""

    tx: Transaction
    actor: Actor
    request: LookupRequest
    now: datetime

    @property
    def today(self) -> date:
        """The Dutch day it is asked on."""
        return dutch_day(self.now)


class Refusal(Exception):
    """What the record says, about whom if her data was worked with, and what the worker gets.

    Args:
        undecided: what the rules were asked, when they came to no decision.
    """

    def __init__(
        self,
        reason: str,
        error: SignalIndexError,
        person: Pseudonym | None = None,
        undecided: Permit | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.error, self.person, self.undecided = reason, error, person, undecided


def find_ground(look: Look, rules: RuleSet) -> Ground:
    """The walk up to the decision; every step either goes on or ends it with a refusal.

    Args:
        look: what is asked, by whom.
        rules: the rule sets.

    Raises:
        Refusal: there is nothing to stand on; nothing has been recorded yet.
    """
    _require_worker(look.actor)
    in_force = _rules_in_force(rules, look.today)
    purpose = _require_purpose(look, in_force.catalogue)
    types = _narrow_types(look, in_force.catalogue, purpose)
    _require_ready(look)
    standing = _require_standing(look)
    relation = standing.relation
    stops = look.tx.impediments.about(relation.organisation, relation.person)
    granted = permit(in_force, look.actor, standing, purpose, types, impediments=stops, now=look.now)
    if granted.faulty:
        raise Refusal("decision-fault", _undecided(), relation.person, granted)
    return Ground(in_force, purpose, types, standing, granted)


def _require_worker(actor: Actor) -> None:
    """Refuse on what depends on the actor alone, before anything else is read."""
    try:
        require_role(actor, LOOKING_ROLE)
    except NotPermitted as error:
        raise Refusal(error.code, error) from error


def _rules_in_force(rules: RuleSet, today: date) -> InForce:
    try:
        return require_in_force(rules, today)
    except Unavailable as error:
        raise Refusal("no-rules-in-force", error) from error


def _undecided() -> Unavailable:
    return Unavailable("decision", "Wij kunnen nu niet bepalen wat u mag zien. Probeer het later nog eens.")


def _require_purpose(look: Look, catalogue: Catalogue) -> PurposeRule:
    """The purpose, if it exists and the role she acts in may choose it; the same for every case."""
    purpose = catalogue.purpose(look.request.purpose)
    if purpose is None:
        text = f"Kies een doel dat bestaat: {', '.join(sorted(known.code for known in catalogue.purposes))}."
        raise Refusal("unknown-purpose", Malformed("unknown-purpose", text, (("doel", text),)))
    if not look.actor.roles & set(purpose.roles):
        text = "Uw rol mag voor dit doel niet kijken. Kies een ander doel."
        raise Refusal("role-for-purpose", NotPermitted("role-for-purpose", text))
    return purpose


def _narrow_types(look: Look, catalogue: Catalogue, purpose: PurposeRule) -> tuple[str, ...]:
    """The purpose's types within the areas of life she asked for; the same for every case."""
    wanted = look.request.domains
    types = catalogue.types_within(purpose, wanted)
    if wanted and (not types or not wanted <= {domain.code for domain in catalogue.life_domains}):
        text = "Bij dit doel horen deze leefgebieden niet. Kies andere, of kies er geen om alles te zien."
        raise Refusal("domains", Malformed("domains", text, (("leefgebieden", text),)))
    return types


def _require_ready(look: Look) -> None:
    hindrance = hindered(look.tx, look.now)
    if hindrance is not None:
        raise Refusal(*hindrance)


def _require_standing(look: Look) -> Standing:
    found = find_standing(look.tx, look.actor, look.request.relation_id, look.today)
    if isinstance(found, NotStanding):
        raise Refusal(found.reason, found.error)
    return found
