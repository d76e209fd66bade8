"""No one person gets to see more, to hold a sensitive role, or to end oversight, whatever she does in whatever order.

Every set of roles one person may hold is walked, six acts deep; and faults are planted that the walk must find.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from policy.vocabulary import Role, roles_conflict
from signal_index.model import CareRelation
from signal_index.usecases.administration import proposals, teams
from signal_index.usecases.administration import staff as staffing
from tests.index.conftest import World
from tests.support.privileges import COLLEAGUE, Cast, Violation, allowed_sets, walk


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The world every walk begins in, with a feed that has been heard; no walk leaves anything in it."""
    world: Any = World(tmp_path_factory.mktemp("walk"))
    row = world.relation(worker=COLLEAGUE)
    world.register_relations((world.PEOPLE[0], row))
    world.person = world.database.run(lambda tx: tx.relations.get(world.GEMEENTE, row.relation_id)).person
    yield world
    world.database.close()


def _needs_patience(roles: frozenset[Role]) -> bool:
    """A bronbeheerder can do nothing here, so with her role the two big walks are taken a second time for certainty."""
    return Role.SOURCE_ADMIN in roles and bool(
        Role.FUNCTIONAL_ADMIN in roles or {Role.TEAM_LEAD, Role.TEAM_MEMBER} <= roles
    )


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(
            roles,
            id="+".join(sorted(roles)) or "none",
            marks=[pytest.mark.long] if _needs_patience(roles) else [],
        )
        for roles in allowed_sets()
    ],
)
def test_one_person_gets_nowhere(setting: Any, roles: frozenset[Role]) -> None:
    visited = walk(Cast(setting, roles))
    assert visited.tried >= 50
    assert (visited.states > 40) == bool(roles & {Role.FUNCTIONAL_ADMIN, Role.TEAM_LEAD, Role.TEAM_MEMBER}), (
        "some roles can do much by themselves, and others nothing"
    )


def test_every_set_of_roles_that_one_person_may_hold_is_walked() -> None:
    assert len(list(allowed_sets())) == 14
    assert not any(roles_conflict(roles) for roles in allowed_sets())


@dataclass(frozen=True)
class Plant:
    """One fault in the product, who profits and how.

    Args:
        faults: what is replaced by what; two where one alone is still caught by another check.
    """

    faults: tuple[tuple[Any, str, Any], ...]
    roles: frozenset[Role]
    what: str


NEVER: Callable[..., bool] = lambda *_: False  # noqa: E731 - a fault has no name
PLANTS = {
    "who proposes may decide": Plant(
        ((proposals, "_require_second_person", lambda *_: None),),
        frozenset({Role.FUNCTIONAL_ADMIN}),
        "ended|decided about herself",
    ),
    "who administers may give herself a role": Plant(
        ((proposals, "find_other", lambda tx, _, who: tx.staff.get(who)),),
        frozenset({Role.FUNCTIONAL_ADMIN}),
        "holds another role",
    ),
    "a list may let in or move who hands it in": Plant(
        ((staffing, "require_administrator", lambda *_: "nobody"), (staffing, "needs_two", NEVER)),
        frozenset({Role.FUNCTIONAL_ADMIN}),
        "changed her own entry",
    ),
    "a list may block who oversees": Plant(
        ((staffing, "needs_two", NEVER),), frozenset({Role.FUNCTIONAL_ADMIN}), "ended"
    ),
    "a team lead may let go who oversees": Plant(
        ((teams, "needs_two", NEVER),), frozenset({Role.TEAM_LEAD}), "ended"
    ),
    "a cover carries what rests on the delegate's word": Plant(
        ((CareRelation, "rests_on", NEVER),), frozenset({Role.TEAM_MEMBER}), "sees more"
    ),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_fault_is_found(setting: Any, monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    for where, name, fault in plant.faults:
        monkeypatch.setattr(where, name, fault)
    with pytest.raises(Violation, match=plant.what) as found:
        walk(Cast(setting, plant.roles), 3)
    assert 1 <= len(found.value.path) <= 3
