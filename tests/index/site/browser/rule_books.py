"""Rules other than those of the world: for a municipality that begins small, and for a day without any."""

from dataclasses import replace

from policy.rulesets import RuleSet


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
