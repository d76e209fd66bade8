"""The team lead's page by real forms: what waits for a second person, confirming it, and who may not."""

import uuid
from datetime import date
from typing import Any

import pytest


@pytest.fixture
def waiting(world: Any) -> Any:
    """One case a worker registered for herself, beside one that somebody else registered for her."""
    own = world.relation(case_reference="WT-2026-0201", registered_by="w.een", valid_until=date(2026, 6, 30))
    world.register_relations(
        (world.PEOPLE[0], own), (world.PEOPLE[1], world.relation(case_reference="WT-2026-0202"))
    )
    return own


def path_of(relation: Any) -> str:
    return f"/team/{uuid.UUID(bytes=relation.relation_id)}/bevestigen"


def confirmed_by(world: Any, relation: Any) -> Any:
    return world.database.run(lambda tx: tx.relations.get(world.GEMEENTE, relation.relation_id)).confirmed_by


def test_with_nothing_waiting_it_says_so(walk: Any) -> None:
    page = walk(staff_id="t.lead").open("/team")
    assert "Er is niets te bevestigen" in page.text
    assert not page.all("//main//form")


def test_a_case_says_whose_it_is_and_until_when_and_what_confirming_means(waiting: Any, walk: Any) -> None:
    page = walk(staff_id="t.lead").open("/team")
    cards = [" ".join(each.text_content().split()) for each in page.all("//main//li[h2 or .//h2]")]
    assert cards == [
        "WT-2026-0201 Medewerker: w.eenVan 1 januari 2026 tot en met 30 juni 2026 Bevestigen (WT-2026-0201)"
    ]
    assert "Bevestigt u? Dan kan de medewerker in deze zaak kijken." in page.text
    assert "Bevestigt u niet? Dan ziet de medewerker niets." in page.text


def test_confirming_opens_the_case_for_the_worker(waiting: Any, walk: Any, world: Any) -> None:
    case = f"/caseload/{uuid.UUID(bytes=waiting.relation_id)}/raadplegen"
    assert walk().open(case).status == 404
    page = walk(staff_id="t.lead").open("/team").tap("Bevestigen (WT-2026-0201)")
    assert page.status == 200
    assert "De zaak is bevestigd" in page.text
    assert "Er is niets te bevestigen" in page.text
    assert confirmed_by(world, waiting) == "t.lead"
    assert walk().open(case).status == 200


def test_confirming_twice_says_that_it_was_done(waiting: Any, walk: Any, world: Any) -> None:
    page = walk(staff_id="t.lead").open("/team").tap("Bevestigen (WT-2026-0201)")
    again = page.send(path_of(waiting))
    assert again.status == 409
    assert (again.heading, again.text) == (
        "Dit is al gedaan",
        "Dit is al gedaan Deze zaak is al bevestigd. Naar het begin",
    )
    assert len(world.records("relation.confirmed")) == 1


def test_her_own_case_has_no_button_and_cannot_be_confirmed_by_her(walk: Any, world: Any) -> None:
    own = world.relation(worker="w.leidt", registered_by="w.leidt", case_reference="WT-2026-0203")
    world.register_relations((world.PEOPLE[0], own))
    page = walk(staff_id="w.leidt", role="teamleider").open("/team")
    assert "Dit is uw eigen zaak. Die kunt u niet zelf bevestigen. Vraag een andere teamleider." in page.text
    assert not page.all("//main//form")
    assert page.send(path_of(own)).status == 409
    assert confirmed_by(world, own) is None
    assert walk(staff_id="t.lead").open("/team").offers("Bevestigen (WT-2026-0203)")


def test_another_team_is_not_hers_to_see_or_confirm(walk: Any, world: Any) -> None:
    other = world.relation(team="zuid", registered_by="w.een", case_reference="WT-2026-0204")
    world.register_relations((world.PEOPLE[0], other))
    page = walk(staff_id="t.lead").open("/team")
    assert b"WT-2026-0204" not in page.content
    refused = page.send(path_of(other))
    status, content = refused.status, refused.content
    unknown = page.open("/team").send(f"/team/{uuid.uuid4()}/bevestigen")
    assert status == unknown.status == 404
    assert content == unknown.content
    assert confirmed_by(world, other) is None


@pytest.mark.parametrize("who", ["w.een", "w.twee", "p.officer", "f.beheer", "b.bron", "w.niets"])
def test_other_roles_confirm_nothing(waiting: Any, walk: Any, world: Any, who: str) -> None:
    other = walk(staff_id=who)
    assert other.open("/team").status == 403
    assert other.open("/hulp").send(path_of(waiting)).status == 403
    assert confirmed_by(world, waiting) is None


def test_a_worker_who_also_leads_confirms_in_that_role_only(waiting: Any, walk: Any) -> None:
    assert walk(staff_id="w.leidt").open("/team").status == 403
    assert walk(staff_id="w.leidt", role="teamleider").open("/team").status == 200
