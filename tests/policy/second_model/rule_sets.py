"""The rules of this release, and sets made from them in which what they leave still moves.

Emergency access is off, and every rule and legal basis of this release starts on one day and never ends: without these
sets, neither would be compared.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

from policy.rulesets import bundled, load

from .catalogue import read
from .comparing import Comparison
from .deciding import Model
from .grants import GRANTS
from .guards import GUARDS
from .looks import Looks
from .question import Rule

FILE = "catalogue.toml"
STARTS = {"suwi-62": date(2026, 3, 1), "wmo-2015-2-3-3": date(2026, 3, 1)}
ENDS = {"pw-64": date(2026, 9, 1), "wgs-8": date(2027, 1, 1)}
SUCCEEDED = {
    "G07-team": date(2027, 1, 1),
    "T03-schuldhulp-wgs": date(2026, 9, 1),
    "T12-nood-wmo": date(2026, 6, 1),
}

Files = dict[str, str]


def turned_on(files: Mapping[str, str]) -> Files:
    """With emergency access in force."""
    return {**files, FILE: _changed(files[FILE], "\nin_force = false\n", "\nin_force = true\n")}


def moving(files: Mapping[str, str]) -> Files:
    """With emergency access, and with legal bases and rules that start later or end."""
    made = turned_on(files)
    for code, day in STARTS.items():
        old = re.search(rf'code = "{code}"\n(?:.+\n)*?valid_from = .+\n', made[FILE])
        assert old is not None
        made[FILE] = _changed(made[FILE], old[0], re.sub("valid_from = .+", f"valid_from = {day}", old[0]))
    for code, day in ENDS.items():
        old = re.search(rf'code = "{code}"\n(?:.+\n)*?valid_from = .+\n', made[FILE])
        assert old is not None
        made[FILE] = _changed(made[FILE], old[0], f"{old[0]}valid_until = {day}\n")
    for rule_id, day in SUCCEEDED.items():
        folder = "guards" if rule_id.startswith("G") else "grants"
        text = made[f"{folder}/{rule_id}-2026-01-01.cedar"]
        begins = f'@geldig_van("{day}")\n@vervangt("{rule_id}-2026-01-01")'
        made[f"{folder}/{rule_id}-{day}.cedar"] = _changed(text, '@geldig_van("2026-01-01")', begins)
    return made


def _changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


RULE_SETS: Mapping[str, Callable[[Mapping[str, str]], Files]] = {
    "as released": dict,
    "with emergency access": turned_on,
    "that start and end": moving,
}


def succeeded(rules: list[Rule], days: Mapping[str, date]) -> list[Rule]:
    """The model's rules with their successors, which say the same from another day on."""
    ended = [replace(rule, until=days.get(rule.rule_id)) for rule in rules]
    return ended + [replace(rule, since=days[rule.rule_id]) for rule in rules if rule.rule_id in days]


@lru_cache
def comparison(name: str) -> Comparison:
    """The rules of one of these sets against the model, both made from the same files."""
    files = RULE_SETS[name](bundled())
    days = SUCCEEDED if name == "that start and end" else {}
    model = Model(succeeded(GUARDS, days), succeeded(GRANTS, days), read(files[FILE]))
    return Comparison(load(files), model, Looks(model.catalogue, days_of(model)))


def days_of(model: Model) -> set[date]:
    """Every day on which a rule or a legal basis starts or ends."""
    ranges = [(rule.since, rule.until) for rule in (*model.guards, *model.grants)]
    ranges += [(basis.valid_from, basis.valid_until) for basis in model.catalogue.bases.values()]
    return {day for pair in ranges for day in pair if day is not None}
