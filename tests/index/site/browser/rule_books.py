"""Rules other than those of the world: for a municipality that begins small, for a day without any, and what waits."""

from dataclasses import replace
from typing import Any

from policy.rulesets import RuleSet, bundled
from policy.vocabulary import Role
from signal_index.model.rulebook import HeldRuleSet
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.proposing import propose_rules
from tests.support.rules import another

from .places import TODAY, Place


def one_purpose(rules: RuleSet) -> RuleSet:
    """Rules with a single purpose, as at a municipality that begins small."""
    epochs = tuple(
        replace(each, catalogue=replace(each.catalogue, purposes=each.catalogue.purposes[:1]))
        for each in rules.epochs
    )
    return replace(rules, epochs=epochs)


def no_rules(rules: RuleSet) -> RuleSet:
    """Rules of which none holds today."""
    return replace(rules, epochs=())


def propose(place: Place) -> None:
    """One set waits for both, one for the other of the two, one was refused, and one was changed afterwards."""
    first, second = "f.tweede", "f.beheer"
    old, new = "T03-schuldhulp-wgs", "T98-schuldhulp-erbij"
    name = f"grants/{old}-2026-01-01.cedar"
    more = {**another(2), name.replace(old, new): bundled()[name].replace(old, new)}

    def job(tx: Any) -> None:
        by_first, by_second = (place.acting(tx, each, Role.FUNCTIONAL_ADMIN) for each in (first, second))
        officer = place.acting(tx, "p.tweede", Role.PRIVACY_OFFICER)
        refused = propose_rules(tx, by_second, another(3), TODAY)
        refuse_rules(tx, officer, refused.digest, TODAY)
        agreed = propose_rules(tx, by_first, another(1), TODAY)
        approve_rules(tx, by_second, agreed.digest, TODAY)
        found = {"agreed rules": agreed, "refused rules": refused}
        found["rules to decide"] = propose_rules(tx, by_first, more, TODAY)
        found["changed rules"] = HeldRuleSet(digest="ab" * 32, proposed_by=first, proposed_at=TODAY)
        tx.rulebook.put(found["changed rules"], another(4))
        place.administered |= {name: f"/beheer/regels/{held.digest}" for name, held in found.items()}
        place.overseen |= {name: f"/toezicht/regels/{held.digest}" for name, held in found.items()}

    place.run(job)
