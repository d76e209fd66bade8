"""A case stays with its team: a worker who moved on is not told that nothing is running, but that it is not hers."""

from datetime import timedelta
from typing import Any

from signal_index.model import Caseload
from signal_index.model.workplace import CoverReason
from signal_index.usecases import relations
from signal_index.usecases.workplace.covers import CoverRequest, arrange


def _caseload(office: Any, staff_id: str) -> Caseload:
    found: Caseload = office.act(
        staff_id, lambda tx, actor: relations.caseload(tx, actor, office.world.clock)
    )
    return found


def test_a_case_of_the_team_she_left_is_not_in_her_caseload(office: Any) -> None:
    relation = office.relation("w.een")
    assert office.world.look(relation.relation_id).status_code == 200
    assert [each.relation_id for each in _caseload(office, "w.een").own] == [relation.relation_id]
    office.hire("w.een", team="zuid")
    moved = office.world.look(relation.relation_id)
    assert (moved.status_code, moved.content) == (404, office.world.look(bytes(16)).content)
    assert _caseload(office, "w.een").own == ()
    unknown, refused = office.world.records("lookup.refused")
    assert (refused.fields["reason"], unknown.fields["reason"]) == ("other-team", "no-relation")


def test_a_case_is_hers_again_once_it_moves_along(office: Any) -> None:
    relation = office.relation("w.een", team="zuid")
    assert office.world.look(relation.relation_id).status_code == 404
    office.hire("w.een", team="zuid")
    assert office.world.look(relation.relation_id).status_code == 200


def test_who_stands_in_gets_no_case_of_another_team(office: Any) -> None:
    world = office.world
    relation = office.relation("w.een", team="zuid")
    request = CoverRequest("w.twee", world.DAY, world.DAY + timedelta(days=7), CoverReason.LEAVE)
    office.act("w.een", lambda tx, actor: arrange(tx, actor, request, world.clock))
    assert world.look(relation.relation_id, "w.twee").status_code == 404
    assert [covered.relations for covered in _caseload(office, "w.twee").covered] == [()]
