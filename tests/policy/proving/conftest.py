"""Small changes to the bundled rules, each loaded as a set of its own."""

from collections.abc import Callable, Mapping

import pytest

from policy.rulesets import RuleSet, load

Changing = Callable[..., RuleSet]

SUCCESSORS = "2027-01-01"


def successor(
    files: Mapping[str, str], name: str, old: str, new: str, starts: str = SUCCESSORS
) -> dict[str, str]:
    """The same files with a next version of one rule, in which one text stands in place of another."""
    key = name.rpartition("/")[2].removesuffix(".cedar")
    text = files[name].replace(old, new)
    assert text != files[name], (name, old)
    day = key[-10:]
    text = text.replace(day, starts).replace("@geldig_van", f'@vervangt("{key}")\n@geldig_van', 1)
    return {**files, name.replace(day, starts): text}


@pytest.fixture(scope="session")
def succeeded(files: Mapping[str, str]) -> Changing:
    """A set with successors: of each named file, with one text in place of another."""

    def make(*changes: tuple[str, ...]) -> RuleSet:
        changed = dict(files)
        for change in changes:
            changed = successor(changed, *change)
        return load(changed)

    return make
