"""The words everything else is written in."""

from types import ModuleType

import policy
from policy.vocabulary import Level, Role, Shows, roles_conflict


def test_the_package_itself_offers_nothing_so_nothing_that_decides() -> None:
    offered = {name for name, what in vars(policy).items() if not isinstance(what, ModuleType)}
    assert {name for name in offered if not name.startswith("__")} == set()


def test_levels_are_ordered_by_how_much_they_disclose() -> None:
    assert Level.PRESENCE < Level.SOURCE < Level.CONTACT
    assert Level.PRESENCE <= Level.PRESENCE
    assert max(Level) is Level.CONTACT
    assert [level.value for level in Level] == ["aanwezigheid", "bron", "contact"]


def test_an_answer_is_made_of_signals_or_of_areas_and_of_nothing_else() -> None:
    assert {each.name: each.value for each in Shows} == {"SIGNALS": "signalen", "AREAS": "leefgebieden"}


def test_whoever_administers_or_oversees_may_not_also_look() -> None:
    looking = {Role.TEAM_MEMBER}
    assert roles_conflict({*looking, Role.FUNCTIONAL_ADMIN})
    assert roles_conflict([*looking, Role.PRIVACY_OFFICER, Role.TEAM_LEAD])
    assert not roles_conflict({*looking, Role.TEAM_LEAD})
    assert not roles_conflict({Role.FUNCTIONAL_ADMIN, Role.SOURCE_ADMIN})
    assert not roles_conflict(())
