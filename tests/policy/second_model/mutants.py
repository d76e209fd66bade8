"""The rules with one word of one rule changed, to see what the comparison with the second model notices.

The product is spared its own trial of the guards, which refuses to load most of these.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import cedarpy

from policy.errors import RuleSetError
from policy.in_force import InForce, build_source
from policy.rule_text import read_rule
from policy.rulesets import SCHEMA_FILE, RuleSet

_OTHER = {"&&": "||", "||": "&&", "==": "!=", "!=": "==", "!": "", ', Action::"toon_contact"]': "]"}
_CHANGED = re.compile(r'&&|\|\||==|!=|!|, Action::"toon_contact"\]')


def changed_texts(files: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every rule with one operator or level of its condition changed: what was done, its file, and its text."""
    for name, text in files.items():
        if not name.startswith(("guards/", "grants/")):
            continue
        begins = re.search(r"^(permit|forbid) ", text, flags=re.MULTILINE)
        assert begins is not None
        for number, found in enumerate(_CHANGED.finditer(text, begins.start()), start=1):
            changed = text[: found.start()] + _OTHER[found[0]] + text[found.end() :]
            yield f"{name} {number}: {found[0]}", name, changed


def with_rule(rule_set: RuleSet, files: Mapping[str, str], name: str, text: str) -> RuleSet | None:
    """The set with another text for one rule; None if that is no rule at all."""
    schema = cedarpy.Schema.from_str(files[SCHEMA_FILE])
    try:
        rule = read_rule(name, text, schema)
    except RuleSetError:
        return None

    def changed(epoch: InForce) -> InForce:
        rules = tuple(rule if each.key == rule.key else each for each in epoch.rules)
        return replace(epoch, rules=rules, source=build_source(files[SCHEMA_FILE], rules, epoch.catalogue))

    return replace(rule_set, epochs=tuple(map(changed, rule_set.epochs)))
