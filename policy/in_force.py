"""The rules and the catalogue as they hold over one stretch of days.

A value of this kind is immutable and can be pickled. Whoever controls it controls every decision of those
days, so only `policy.rulesets` makes one outside the tests.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from policy.catalogue import Catalogue, PurposeRule
from policy.engine import PRINCIPAL, TYPE_ENTITY, EngineSource
from policy.facts import LookupFacts
from policy.rule_text import Kind, Rule
from policy.vocabulary import Level, Shows

_NO_CATALOGUE = Catalogue(
    types=(), purposes=(), legal_bases=(), life_domains=(), source_kinds=(), unpublished_zrm_2013=()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What counts from `starts` until, not including, `ends`.

    Attributes:
        digest: The digest of the whole rule set, 64 lower-case hex digits.
        ends: None for the last stretch.
        rules: The rules in force, sorted by key.
        catalogue: The catalogue with the legal bases that hold in this stretch.
        source: What the engines are built from; None when no rule is in force.
    """

    digest: str
    starts: date
    ends: date | None
    rules: tuple[Rule, ...]
    catalogue: Catalogue
    source: EngineSource | None

    def covers(self, day: date) -> bool:
        """Tell whether these are the rules of that day."""
        return self.source is not None and self.starts <= day and (self.ends is None or day < self.ends)

    def rule(self, key: str) -> Rule | None:
        """Find a rule by its key."""
        return next((rule for rule in self.rules if rule.key == key), None)

    def attributes_of(self, facts: LookupFacts) -> dict[str, object]:
        """What the engines are told of a look-up: its facts, with the legal bases of its purpose on that day."""
        purpose = self.catalogue.purpose(facts.purpose or "")
        return facts.attributes(purpose.legal_bases if purpose else ())

    def highest(self, purpose: PurposeRule) -> Mapping[str, Level]:
        """The most that the grants for a purpose may open of each type: an upper bound, whatever the facts."""
        found: dict[str, Level] = {}
        for rule in self.rules:
            if rule.kind is not Kind.GRANT or rule.purpose not in {None, purpose.code}:
                continue
            for each in self.catalogue.types:
                if each.code in purpose.types and rule.legal_basis in each.legal_bases:
                    found[each.code] = max(rule.levels[-1], found.get(each.code, Level.PRESENCE))
        return found

    def without(self, key: str) -> "InForce":
        """These rules with one left out, to see what it is for; unchanged if it is not among them."""
        kept = tuple(rule for rule in self.rules if rule.key != key)
        if self.source is None or len(kept) == len(self.rules):
            return self
        return replace(self, rules=kept, source=replace(self.source, policies=_policies(kept)))


def nothing_in_force(digest: str, day: date) -> InForce:
    """Stand in for the rules of a day that has none: it covers no day, so every decision by it is a fault."""
    return InForce(digest=digest, starts=day, ends=None, rules=(), catalogue=_NO_CATALOGUE, source=None)


def build_source(schema: str, rules: Sequence[Rule], catalogue: Catalogue) -> EngineSource:
    """Gather what the engines need to decide by these rules and this catalogue."""
    purposes = sorted(purpose.code for purpose in catalogue.purposes)
    areas_only = sorted(each.code for each in catalogue.purposes if each.shows is Shows.AREAS)
    entities = [
        _entity(PRINCIPAL["type"], PRINCIPAL["id"], {}),
        _entity("Catalogus", "geldend", {"doelen": purposes, "doelen_leefgebieden": areas_only}),
        *(
            _entity(
                TYPE_ENTITY,
                each.code,
                {
                    "leefgebied": each.life_domain.value,
                    "gevoeligheid": each.sensitivity.value,
                    "grondslagen": sorted(each.legal_bases),
                },
            )
            for each in catalogue.types
        ),
    ]
    return EngineSource(
        schema=schema,
        policies=_policies(rules),
        entities=json.dumps(entities, sort_keys=True),
    )


def _policies(rules: Sequence[Rule]) -> str:
    by_key = {rule.key: json.loads(rule.policy) for rule in rules}
    return json.dumps({"staticPolicies": by_key, "templates": {}, "templateLinks": []}, sort_keys=True)


def _entity(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}
