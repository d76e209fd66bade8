"""The rules as JSON, for everybody: the matrix of purposes and areas of life as the open page has it."""

from dataclasses import replace
from html import unescape

import pytest

from signal_index.usecases.rulebook.published import published
from signal_index.web.app import Surface, create_app
from tests.index.conftest import World
from tests.index.site.conftest import House
from tests.support.rules import Fixed


@pytest.mark.parametrize("surface", Surface)
def test_everybody_reads_them_on_every_surface_and_nothing_is_recorded(
    world: World, surface: Surface
) -> None:
    world.app = create_app(world.desk, surface)
    before = len(world.records())
    found = world.request("GET", "/v1/regels", headers={}).json()
    now = world.desk.rules.in_force(world.DAY)
    assert (found["vanKracht"], found["kenmerk"]) == (True, now.digest)
    assert [each["regel"] for each in found["regels"]] == [each.key for each in now.rules]
    assert [each["uitleg"] for each in found["regels"]] == [each.officer_text for each in now.rules]
    assert len(world.records()) == before


def test_the_matrix_has_every_purpose_and_every_area_and_what_the_page_says(world: World) -> None:
    book = published(world.desk.rules, world.DAY)
    found = world.request("GET", "/v1/regels", headers={}).json()
    assert [each["doel"] for each in found["doelen"]] == [each.purpose.code for each in book.reaches]
    areas = [area.code for area in book.areas]
    for row, reach in zip(found["doelen"], book.reaches, strict=True):
        assert [cell["leefgebied"] for cell in row["leefgebieden"]] == areas
        levels = tuple(None if cell is None else cell.value for cell in reach.cells)
        assert tuple(cell["niveau"] for cell in row["leefgebieden"]) == levels
        assert set(row["grondslagen"]) <= {each["code"] for each in found["grondslagen"]}
    assert {cell["niveau"] for row in found["doelen"] for cell in row["leefgebieden"]} > {None}


def test_the_page_and_the_json_rest_on_the_same_articles(world: World) -> None:
    page = unescape(House(world).browser("w.een").get("/regels").text)
    found = world.request("GET", "/v1/regels", headers={}).json()
    assert found["grondslagen"]
    assert all(f"{each['wet']}, {each['artikel']}" in page for each in found["grondslagen"])
    assert all(each["naam"] in page for each in found["doelen"])


def test_a_day_without_rules_says_so_and_reaches_nothing(world: World) -> None:
    none = replace(world.desk.rules, epochs=())
    world.app = create_app(replace(world.desk, rulebook=Fixed(none)), Surface.ALL)
    found = world.request("GET", "/v1/regels", headers={}).json()
    assert (found["vanKracht"], found["vanaf"], found["doelen"], found["regels"]) == (False, None, [], [])


def test_how_looks_are_chosen_is_nobody_else_s_to_read(world: World) -> None:
    assert "afspraken" not in world.request("GET", "/v1/regels", headers={}).json()
