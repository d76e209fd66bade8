"""Faults planted in rules that were loaded whole, behind the back of whoever loads and checks them."""

import json
from dataclasses import replace

import cedarpy

from policy.in_force import InForce

PLANTED = "X99-geplant"
ALLOW_ALL = "permit (principal, action, resource);"
# Overflows at run time, and no validator sees it coming.
OVERFLOW = "9223372036854775807 + 1 > 0"


def with_texts(rules: InForce, **changes: str) -> InForce:
    """The same with another schema, other policies or other entities."""
    assert rules.source is not None
    return replace(rules, source=replace(rules.source, **changes))


def with_rule(rules: InForce, text: str, key: str = PLANTED) -> InForce:
    """The same with one rule more."""
    assert rules.source is not None
    policies = json.loads(rules.source.policies)
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    policies["staticPolicies"][key] = next(iter(parsed.values()))
    return with_texts(rules, policies=json.dumps(policies))


def with_schema(rules: InForce, old: str, new: str) -> InForce:
    """The same with another schema, in which one text stands in the place of another."""
    assert rules.source is not None
    assert old in rules.source.schema
    return with_texts(rules, schema=rules.source.schema.replace(old, new))


def without_entity(rules: InForce, part: str, name: str) -> InForce:
    """The same without the entities of which one part of the uid, `type` or `id`, has this name."""
    assert rules.source is not None
    entities = json.loads(rules.source.entities)
    kept = [each for each in entities if each["uid"][part] != name]
    assert len(kept) < len(entities)
    return with_texts(rules, entities=json.dumps(kept))
