"""The two equalities on the pages, read as bytes; and that nothing but the signals' own place depends on a flag.

(a) A case that is not in the worker's caseload is one page, whatever the reason.
(b) With a live relation, "nothing there" and "nothing you may see" are one page.
"""

import re
from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow, ZorgrelatieOperation, ZorgrelatieRow

SOURCES = {
    ("agb:00000001", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000002", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000003", "jeugdhulp"): "GEMEENTE",
    ("kvk:00000004", "schuldhulptraject"): "ZORG",
}
HIDDEN = sorted(SOURCES)[:3]  # for the purpose below
FORM = {"doel": "schuldhulp-afstemming", "inwoner": "verteld"}
PAGES = ("", "/werkblad", "/koelkastblad", "/koelkastblad/blad", "/klopt-niet")
NINE_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{9}(?![0-9A-Za-z])")
TOGETHER = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def case(world: Any) -> str:
    """Path of the purpose step of a live case about which nobody has said anything."""
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    world.publish_nothing_else()
    return f"/caseload/{UUID(bytes=row.relation_id)}/raadplegen"


def say(world: Any, operation: SignaalOperation, pairs: Collection[tuple[str, str]]) -> None:
    """Let sources assert or withdraw a flag about the first person."""
    since = Month(2025, 11) if operation is SignaalOperation.ASSERT else None
    for source, kind in sorted(pairs):
        row = SignaalRow(operation, source=source, type=kind, generation=1, since=since)
        oin = getattr(world, SOURCES[source, kind])
        world.accept(oin, BatchClass.SIGNAAL, [(world.PEOPLE[0], row)])


def looked(walker: Any, path: str, form: dict[str, str]) -> dict[str, bytes]:
    """A fresh look, and every page about it, without what differs per view."""
    shown = walker.open(path).send(path, *form.items()).path
    found = {}
    for page in PAGES:
        if page in {"/werkblad", "/koelkastblad"}:
            walker.send(shown + page)
        walker.open(shown + page)
        assert walker.status == 200, (page, walker.text)
        headers = {
            name: value
            for name, value in walker.headers.items()
            if name not in {"x-request-id", "traceparent"}
        }
        found[page] = walker.masked() + repr(sorted(headers.items())).encode()
    return found


def around(page: bytes) -> bytes:
    """The page without the place of its signals, and without its headers, which tell its length."""
    tree = lxml.html.fromstring(page[: page.rindex(b"</html>") + 7])
    (place,) = tree.xpath("//*[@id='signalen']")
    place.drop_tree()
    return bytes(lxml.html.tostring(tree))


# --- (a) ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [None, FORM, {}])
def test_every_case_outside_the_caseload_is_the_same_page(world: Any, walk: Any, form: Any) -> None:
    rows = {
        "colleague": world.relation(worker="w.twee"),
        "unconfirmed": world.relation(registered_by="w.een"),
        "run out": world.relation(valid_until=date(2026, 3, 2)),
        "not begun": world.relation(valid_from=date(2026, 3, 4)),
        "ended": world.relation(),
    }
    world.register_relations(*zip(world.PEOPLE, rows.values(), strict=False))
    end = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=rows["ended"].relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=date(2026, 3, 2),
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[4], end)])
    worker = walk().open("/hulp")
    answers = {}
    for name, relation_id in {
        "unknown": bytes(16),
        **{n: row.relation_id for n, row in rows.items()},
    }.items():
        named = str(UUID(bytes=relation_id))
        path = f"/caseload/{named}/raadplegen"
        worker.open(path) if form is None else worker.send(path, *form.items())
        answers[name] = worker.status, worker.content.replace(named.encode(), b"CASE")
    assert answers["unknown"][0] == 404
    assert worker.heading == "Niet gevonden"
    for way_on in (
        "Deze zaak staat niet in uw caseload. Zet de inwoner in uw regiesysteem op uw naam,",
        "of vraag uw collega om u als vervanger te kiezen.",
        "Is iemand nu in gevaar? Bel 112. Of bel Veilig Thuis: 0800 2000.",
    ):
        assert way_on in worker.text
    assert [each.get("href") for each in worker.all("//main//p/a")] == ["tel:112", "tel:08002000"]
    assert len(set(answers.values())) == 1, {name: len(content) for name, (_, content) in answers.items()}


def test_a_look_of_somebody_else_and_an_unknown_look_are_the_same_page(case: str, walk: Any) -> None:
    shown = walk().open(case).send(case, *FORM.items()).path
    stranger = walk(staff_id="w.twee").open("/hulp")
    for page in PAGES:
        answers = set()
        for view in (shown.split("/")[2], str(UUID(int=7))):
            stranger.open(f"/raadplegingen/{view}{page}")
            answers.add((stranger.status, stranger.content.replace(view.encode(), b"VIEW")))
        assert len(answers) == 1, page
        assert stranger.status == 404


# --- (b) ----------------------------------------------------------------------------------------------------------


def test_nothing_there_and_nothing_you_may_see_are_the_same_pages(world: Any, case: str, walk: Any) -> None:
    worker = walk()
    empty = looked(worker, case, FORM)
    say(world, SignaalOperation.ASSERT, HIDDEN)
    assert looked(worker, case, FORM) == empty


@pytest.mark.parametrize("area", ["werk-en-opleiding", "jeugd-en-gezin"])
def test_flags_outside_the_areas_she_chose_change_no_byte(
    world: Any, case: str, walk: Any, area: str
) -> None:
    worker = walk()
    form = FORM | {"doel": "voorbereiding-huisbezoek", "leefgebied": area}
    empty = looked(worker, case, form)
    assert b"Er zijn geen signalen in de leefgebieden die u koos." in empty[""]
    say(world, SignaalOperation.ASSERT, SOURCES.keys() - {("agb:00000003", "jeugdhulp")})
    assert looked(worker, case, form) == empty


@TOGETHER
@given(hidden=st.sets(st.sampled_from(HIDDEN), min_size=1), informed=st.sampled_from(["verteld", "samen"]))
def test_flags_of_kinds_a_purpose_never_shows_change_no_byte(
    world: Any, case: str, walk: Any, hidden: set[tuple[str, str]], informed: str
) -> None:
    worker, form = walk(), FORM | {"inwoner": informed}
    say(world, SignaalOperation.ASSERT, [("kvk:00000004", "schuldhulptraject")])
    before = looked(worker, case, form)
    say(world, SignaalOperation.ASSERT, hidden)
    after = looked(worker, case, form)
    say(world, SignaalOperation.WITHDRAW, hidden)
    assert {page: _unkeyed(content) for page, content in after.items()} == {
        page: _unkeyed(content) for page, content in before.items()
    }


def _unkeyed(page: bytes) -> bytes:
    """Keys of signals differ per view, as its id does."""
    return re.sub(rb"\b[0-9a-f]{16}\b", b"KEY", page)


@TOGETHER
@given(shown=st.sets(st.sampled_from(sorted(SOURCES)), min_size=1))
@pytest.mark.parametrize("purpose", ["voorbereiding-huisbezoek", "toets-zelfredzaamheid"])
def test_flags_that_are_shown_change_the_place_of_the_signals_and_nothing_around_it(
    world: Any, case: str, walk: Any, purpose: str, shown: set[tuple[str, str]]
) -> None:
    worker, form = walk(), FORM | {"doel": purpose}
    empty = looked(worker, case, form)
    say(world, SignaalOperation.ASSERT, shown)
    filled = looked(worker, case, form)
    say(world, SignaalOperation.WITHDRAW, shown)
    for page in ("", "/werkblad", "/koelkastblad", "/koelkastblad/blad"):
        assert around(filled[page]) == around(empty[page]), page
    assert filled[""] != empty[""]
    assert filled["/werkblad"] != empty["/werkblad"]


def test_the_comparison_would_see_one_changed_word(case: str, walk: Any) -> None:
    page = looked(walk(), case, FORM)[""]
    assert around(page.replace(b"Wat ziet u hier niet?", b"Wat ziet u hier dus niet?")) != around(page)
    assert around(page.replace(b"Er zijn geen signalen voor dit doel.", b"Er is iets.")) == around(page)


# --- BSNs ---------------------------------------------------------------------------------------------------------


def test_no_page_of_a_look_holds_a_bsn(world: Any, case: str, walk: Any) -> None:
    say(world, SignaalOperation.ASSERT, SOURCES)
    worker = walk()
    pages = [worker.open("/caseload").content, worker.open("/raadplegingen").content]
    for purpose in ("voorbereiding-huisbezoek", "toets-zelfredzaamheid", "schuldhulp-afstemming"):
        pages += looked(worker, case, FORM | {"doel": purpose}).values()
    pages.append(worker.send(case).content)
    for page in pages:
        assert not [number for number in NINE_DIGITS.findall(page.decode()) if passes_eleven_test(number)]


def test_a_planted_bsn_would_be_seen() -> None:
    assert [
        number
        for number in NINE_DIGITS.findall("bel 085-0000000 over 999990007.")
        if passes_eleven_test(number)
    ]


def passes_eleven_test(number: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 11 == 0
