"""Rules by real requests: what waits, who still must agree, and two people who put it in force on their own pages."""

from dataclasses import replace
from typing import Any

import pytest

from policy.rulesets import bundled, load, no_rules
from policy.vocabulary import Role
from tests.support.rulebook import Book
from tests.support.rules import Fixed, another

GRANT = "grants/T98-schuldhulp-erbij-2026-01-01.cedar"
READ = "Ik las wat er verandert en vergeleek het kenmerk"
BADGE = "//nav//*[@class='utrecht-number-badge']"
PAGES = (("f.tweede", "/beheer/regels", "/beheer"), ("p.officer", "/toezicht/regels", "/toezicht/werklijst"))
EACH = pytest.mark.parametrize(("staff_id", "path", "start"), PAGES)


@pytest.fixture
def book(house: Any) -> Book:
    return Book(house.world)


def part(walker: Any, name: str) -> str:
    """What stands under one of the headings."""
    return " ".join(walker.find(f"//section[@aria-labelledby='{name}']").text_content().split())


def with_one_more() -> dict[str, str]:
    old, new = "T03-schuldhulp-wgs", "T98-schuldhulp-erbij"
    files = dict(another())
    more = files["grants/T03-schuldhulp-wgs-2026-01-01.cedar"].replace(old, new)
    return {**files, GRANT: more}


@EACH
def test_what_waits_says_who_proposed_it_what_changes_and_who_must_agree(
    book: Book, walk: Any, staff_id: str, path: str, start: str
) -> None:
    digest = book.propose("f.beheer", with_one_more())
    begin = walk(staff_id=staff_id).open(start)
    assert "Er wachten regels op u" in begin.text
    page = begin.tap("Bekijk de regels")
    assert (page.status, page.path) == (200, path)
    assert page.find(BADGE).text_content().split()[0] == "1"
    assert f"Regels {digest[:12]} Wacht op u" in part(page, "wachten")
    page.tap("Regels " + digest[:12])
    assert page.path == f"{path}/{digest}"
    for words in ("door f.beheer", "Nog nodigFunctioneel beheerder", "Nog nodigPrivacy officer"):
        assert words in page.text, words
    rules = load(with_one_more())
    (new,) = (each for each in rules.in_force(book.world.DAY).rules if each.file == GRANT)
    assert f"{new.title} {' '.join(new.officer_text.split())} ({GRANT})" in part(page, "anders")
    assert "De soorten signalen, de doelen en de grondslagen (catalogue.toml)" in part(page, "anders")
    assert f"signal-index rules diff {load(bundled()).digest[:12]} {digest[:12]}" in part(page, "anders")
    assert page.headings("h3") == ["Nieuw", "Anders"]
    assert all(each.title_nl in part(page, "beloften") for each in rules.promises)
    assert digest in page.text


def test_two_people_put_rules_in_force_on_their_own_pages(book: Book, walk: Any) -> None:
    digest = book.propose("f.beheer")
    one = walk(staff_id="f.tweede").open(f"/beheer/regels/{digest}")
    assert one.tap("Keur goed").status == 400
    assert one.text.count("Lees eerst wat er verandert.") == 1
    assert not book.held(digest).approvals
    one.choose(READ).tap("Keur goed")
    assert (one.status, one.path) == (200, "/beheer/regels?besluit=goed")
    assert "Uw akkoord is vastgelegd" in one.text
    assert "Wacht op een ander" in part(one, "wachten")
    assert not one.all(BADGE)
    one.tap("Regels " + digest[:12])
    assert "f.tweede (Functioneel beheerder)" in one.text
    assert "U stelde deze regels voor, of keurde ze al goed." in one.text
    other = walk(staff_id="p.officer").open(f"/toezicht/regels/{digest}")
    other.choose(READ).tap("Keur goed")
    assert book.counting == digest
    assert "Er wachten geen regels." in other.text
    assert "Goedgekeurd door f.tweede, p.officer" in other.text
    decided = part(one.open("/beheer/regels"), "besloten")
    assert f"Regels {digest[:12]} Geldt nu" in decided
    assert f"Regels {load(bundled()).digest[:12]} Gold eerder" in decided


@EACH
def test_refusing_takes_one_and_no_tick(book: Book, walk: Any, staff_id: str, path: str, start: str) -> None:
    digest = book.propose("f.beheer")
    page = walk(staff_id=staff_id).open(f"{path}/{digest}").tap("Weiger")
    assert page.path == f"{path}?besluit=weiger"
    assert "De regels zijn geweigerd" in page.text
    assert not page.open(f"{path}/{digest}").all("//main//form")
    again = page.send(f"{path}/{digest}", ("besluit", "weiger"))
    assert (again.status, again.heading) == (409, "Dit is al gedaan")


@EACH
def test_whoever_proposed_it_or_comes_too_late_has_no_form(
    book: Book, walk: Any, staff_id: str, path: str, start: str
) -> None:
    digest = book.propose(staff_id)
    page = walk(staff_id=staff_id).open(f"{path}/{digest}")
    assert "U stelde deze regels voor, of keurde ze al goed." in page.text
    assert not page.all("//main//form")
    assert not page.all(BADGE)
    forced = page.send(f"{path}/{digest}", ("besluit", "goed"), ("gelezen", "ja"))
    assert (forced.status, forced.heading) == (403, "Dit kunt u niet zelf doen")
    assert book.world.records("action.refused")[0].fields["reason"] == "own-rules"
    role = Role.PRIVACY_OFFICER if staff_id == "p.officer" else Role.FUNCTIONAL_ADMIN
    book.hire("x.derde", role)
    book.approve("x.derde", digest)
    colleague = {"f.tweede": "f.beheer", "p.officer": "p.tweede"}[staff_id]
    late = walk(staff_id=colleague).open(f"{path}/{digest}")
    assert "Iemand in uw rol keurde deze regels al goed." in late.text
    assert not late.all("//main//form")


@EACH
def test_a_form_that_says_nothing_or_nonsense_changes_nothing(
    book: Book, walk: Any, staff_id: str, path: str, start: str
) -> None:
    digest = book.propose("f.beheer")
    page = walk(staff_id=staff_id).open(f"{path}/{digest}")
    assert page.send(page.path).status == 200
    assert page.send(page.path, ("besluit", "misschien")).path == f"{path}/{digest}"
    assert page.send(f"{path}/{'0' * 64}", ("besluit", "weiger")).status == 404
    assert page.open(f"{path}/{'0' * 64}").status == 404
    assert page.open(f"{path}/{digest[:12]}").status == 404
    assert book.held(digest).missing == (Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER)


@EACH
def test_files_that_were_changed_behind_the_product_cannot_be_agreed_to(
    book: Book, walk: Any, staff_id: str, path: str, start: str
) -> None:
    planted = replace(book.held(book.propose("f.beheer")), digest="ab" * 32)
    book.world.database.run(lambda tx: tx.rulebook.put(planted, another(2)))
    page = walk(staff_id=staff_id).open(f"{path}/{'ab' * 32}")
    assert "Ze zijn veranderd nadat ze zijn voorgesteld." in page.text
    assert not page.offers("Keur goed")
    forced = page.send(page.path, ("besluit", "goed"), ("gelezen", "ja"))
    assert (forced.status, forced.heading) == (409, "Keur deze regels niet goed")
    assert page.open(f"{path}/{'ab' * 32}").tap("Weiger").status == 200


@EACH
def test_without_rules_the_first_page_of_the_day_says_so(
    book: Book, walk: Any, staff_id: str, path: str, start: str
) -> None:
    book.world.desk = replace(book.world.desk, rulebook=Fixed(no_rules()))
    begin = walk(book.world, staff_id=staff_id).open(start)
    assert "Zolang dat zo is, ziet niemand iets." in begin.text
    assert begin.tap("Bekijk de regels").path == path
    assert walk(book.world).open("/status").status == 503
    told = walk(book.world).open("/status").text
    assert "Een functioneel beheerder en een privacy officer moeten ze eerst goedkeuren." in told


def test_nobody_else_has_these_pages(book: Book, walk: Any) -> None:
    digest = book.propose("f.beheer")
    for staff_id, paths in {
        "w.een": ("/beheer/regels", "/toezicht/regels"),
        "p.officer": ("/beheer/regels",),
        "f.beheer": ("/toezicht/regels",),
    }.items():
        for path in paths:
            assert walk(staff_id=staff_id).open(path).status == 403
            assert walk(staff_id=staff_id).open(f"{path}/{digest}").status == 403
