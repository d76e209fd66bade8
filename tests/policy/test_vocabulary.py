"""The words everything else is written in."""

import policy
from policy import vocabulary
from policy.vocabulary import Level, Role, Shows, roles_conflict

OFFERED = {
    "CONFLICTING_ROLES",
    "AgeBand",
    "Duty",
    "Level",
    "LifeDomain",
    "Outcome",
    "PurposeCode",
    "Role",
    "Sensitivity",
    "Shows",
    "roles_conflict",
}


def test_the_package_offers_the_vocabulary_and_nothing_that_decides() -> None:
    assert set(policy.__all__) == OFFERED
    assert all(getattr(policy, name) is getattr(vocabulary, name) for name in OFFERED)


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
