"""The other pages of oversight by real requests: figures, rules and log; and what stands on none of them."""

import re
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from policy.rulesets import bundled, load, no_rules
from signal_index import audit
from signal_index.model import Actor
from signal_index.model.log import REFUSAL_REASONS, Cosigned, Refusal
from signal_index.usecases import log
from signal_index.usecases.oversight.health import Expected
from tests.support.rules import Fixed, another

RULES = load(bundled())
READABLE = (
    "/toezicht/werklijst",
    "/toezicht/zoeken",
    "/toezicht/zaaknummers",
    "/toezicht/rapportage",
    "/toezicht/regels",
    "/toezicht/logboek",
)
NINE_DIGITS = re.compile(r"(?<![\da-f])\d{9}(?![\da-f])")


@pytest.fixture
def officer(walk: Any) -> Any:
    return walk(staff_id="p.officer")


@pytest.fixture
def looked(world: Any) -> Any:
    """A worker looked in her own case; a signal was shown."""
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-2026-0301")))
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {world.PEOPLE[0]: "2025-11"})
    world.publish_nothing_else()
    (relation,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    world.look(relation.relation_id)
    return relation


def look_path(world: Any) -> str:
    entry = world.records("lookup.answered")[0]
    name = world.database.run(lambda tx: tx.names.of_look(entry.writer, entry.number))
    return f"/toezicht/raadplegingen/{uuid.UUID(bytes=name)}"


# --- What stands on none of them ----------------------------------------------------------------------------------


def test_no_page_holds_a_pseudonym_a_bsn_a_case_or_a_relation(looked: Any, officer: Any, world: Any) -> None:
    bsn = world.PEOPLE[0].digits
    person = looked.person.encoded
    private = {
        bsn,
        "WT-2026-0301",
        str(uuid.UUID(bytes=looked.relation_id)),
        person.hex(),
        person.hex().upper(),
    }
    for path in (*READABLE, look_path(world), f"{look_path(world)}/zaaknummer"):
        page = officer.open(path)
        assert page.status == 200, path
        text = page.content.decode()
        assert not [each for each in private if each in text], path
        assert not NINE_DIGITS.search(re.sub(r"value=\"[^\"]*\"", "", text)), path


@pytest.mark.parametrize("who", ["w.een", "t.lead", "f.beheer", "b.bron", "w.niets"])
def test_every_page_is_the_privacy_officers_alone_and_trying_is_on_record(
    walk: Any, world: Any, who: str
) -> None:
    other = walk(staff_id=who)
    for number, path in enumerate(READABLE, start=1):
        assert other.open(path).status == 403, path
        assert len(world.records("action.refused")) == number


def test_every_read_of_the_log_is_on_record_and_reading_rules_is_none(
    looked: Any, officer: Any, world: Any
) -> None:
    read = ("oversight.read", "look.read", "looks.searched", "worklist.read")
    for path, more in (
        ("/toezicht/zaaknummers", 1),
        ("/toezicht/rapportage", 1),
        ("/toezicht/logboek", 1),
        (look_path(world), 1),
        ("/toezicht/zoeken", 0),
        ("/toezicht/regels", 0),
    ):
        before = len(world.records(*read))
        officer.open(path)
        assert len(world.records(*read)) == before + more, path


# --- Figures ------------------------------------------------------------------------------------------------------


@pytest.fixture
def april(world: Any) -> Any:
    """A month that is over, with looks for three purposes, one of them only a few times."""
    counts = {"voorbereiding-huisbezoek": 31, "schuldhulp-afstemming": 18, "toets-zelfredzaamheid": 4}

    def job(tx: Any) -> None:
        actor = Actor.in_all_roles("w.een", tx.staff.get("w.een"), second_factor=True, token_id="test")
        for purpose, count in counts.items():
            for _ in range(count):
                said: dict[str, Any] = {"purpose": purpose, "any_shown": True}
                tx.audit.append(audit.act("lookup.answered", world.clock, actor, **said))

    world.clock = datetime(2026, 4, 14, 9, tzinfo=UTC)
    world.database.run(job)
    world.clock = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return counts


def rows(page: Any, table: str) -> dict[str, str]:
    """A table by its caption: first cell to last."""
    found = page.all(f"//caption[@id='{table}']/ancestor::table//tbody/tr")
    return {
        " ".join(row[0].text_content().split()): " ".join(row[-1].text_content().split()) for row in found
    }


def test_figures_show_what_they_may_and_the_chart_says_the_same(april: Any, officer: Any) -> None:
    page = officer.open("/toezicht/rapportage")
    assert page.heading == "Rapportage over april 2026"
    shown = rows(page, "tabel-doelen")
    assert shown == {
        "Voorbereiding van een huisbezoek": "31",
        "Afstemmen van schuldhulp": "niet getoond",
        "Gesprek over zelfredzaamheid": "niet getoond",
        "Eerste vraag bij het loket": "niet getoond",
        "Onderzoek voor de Wmo": "niet getoond",
        "Hulp zoeken voor jeugd en gezin": "niet getoond",
        "Begeleiding naar werk en inkomen": "niet getoond",
        "Totaal": "53",
    }
    titles = [" ".join(each.text_content().split()) for each in page.all("//main//svg/title")]
    for text, count in list(shown.items())[:-1]:
        assert f"{text}: {count}" in titles
    assert "Aantallen onder de 10 tonen wij niet." in page.text


def test_a_month_of_few_looks_is_one_sentence(looked: Any, walk: Any, world: Any) -> None:
    grow(world)
    world.clock = datetime(2026, 4, 4, 9, tzinfo=UTC)
    page = walk(staff_id="p.officer").open("/toezicht/rapportage")
    assert page.heading == "Rapportage over maart 2026"
    assert "Er waren deze maand minder dan 10 raadplegingen. Daarom tonen wij geen aantallen." in page.text
    assert not page.all("//main//svg[.//title]")
    assert not page.all("//main//table")
    assert "Lijsten die zijn gemaakt" in page.text
    assert [each.text_content() for each in page.all("//main//ul[@class='si-choose']//a")] == [
        "maart\u00a02026"
    ]


def test_another_closed_month_can_be_chosen_and_no_other(april: Any, officer: Any, world: Any) -> None:
    assert officer.open("/toezicht/rapportage").tap("maart\u00a02026").heading == "Rapportage over maart 2026"
    assert world.records("oversight.read")[0].fields["selection"] == "2026-03"
    for month in ("2026-05", "2030-01", "2020-01"):
        assert officer.open(f"/toezicht/rapportage?maand={month}").status == 404
    assert officer.open("/toezicht/rapportage?maand=alles").heading == "Rapportage over april 2026"


# --- Rules --------------------------------------------------------------------------------------------------------


def test_which_rules_count_with_every_version_and_where_to_read_them(officer: Any) -> None:
    page = officer.open("/toezicht/regels")
    assert RULES.digest in page.text
    for rule in RULES.in_force(date(2026, 3, 3)).rules:
        assert rule.key in page.text
    assert page.tap("Lees de regels zelf").path == "/regels"


def test_without_rules_it_says_that_nobody_sees_anything(house: Any, world: Any, walk: Any) -> None:
    world.desk = replace(world.desk, rulebook=Fixed(no_rules()))
    page = walk(world, staff_id="p.officer").open("/toezicht/regels")
    assert "Zolang dat zo is, ziet niemand iets." in page.text


# --- The log ------------------------------------------------------------------------------------------------------


def grow(world: Any) -> Any:
    """Put everything into the tree; the head afterwards."""
    return world.database.run(lambda tx: log.integrate(tx, world.clock)).head


def test_a_log_that_grows_and_is_watched_is_in_order(looked: Any, officer: Any, world: Any) -> None:
    head = grow(world)
    cosigned = Cosigned("getuige.example", head.size, head.checkpoint, world.clock)
    world.database.run(lambda tx: tx.witnesses.put_cosigned(cosigned))
    page = officer.open("/toezicht/logboek")
    assert "Het logboek is in orde" in page.text
    assert f"bij {head.size} regels" in page.text


def test_records_that_wait_for_the_tree_for_a_minute_are_a_standstill(
    looked: Any, walk: Any, world: Any
) -> None:
    grow(world)
    world.look(looked.relation_id)
    world.clock += timedelta(seconds=30)
    assert "Nieuwe regels komen er niet bij" not in walk(staff_id="p.officer").open("/toezicht/logboek").text
    world.clock += timedelta(minutes=2)
    page = walk(staff_id="p.officer").open("/toezicht/logboek")
    assert "Nieuwe regels komen er niet bij" in page.text
    assert "Het logboek is in orde" not in page.text


@pytest.mark.parametrize("reason", sorted(REFUSAL_REASONS))
def test_every_refusal_of_a_witness_has_words_and_something_to_do(
    looked: Any, officer: Any, world: Any, reason: str
) -> None:
    grow(world)
    world.database.run(lambda tx: tx.witnesses.put_refusal(Refusal("getuige.example", reason, world.clock)))
    page = officer.open("/toezicht/logboek")
    assert "Bevestigt niet" in page.text
    assert ("Bewaar uw uitvoer en uw bewijzen. Hieronder" in page.text) == (reason in {"fork", "proof"})
    assert reason not in page.text.split("Zelf controleren")[0].split()
    assert page.all("//main//li//strong")


def test_a_gap_is_called_an_incident(looked: Any, officer: Any, world: Any) -> None:
    gap = audit.event("log.gap", world.clock, writer="00" * 8, number=3)
    world.database.run(lambda tx: tx.audit.append(gap))
    page = officer.open("/toezicht/logboek")
    assert "Er is een regel verdwenen" in page.text
    assert "Het logboek is in orde" not in page.text
    assert "Bewaar uw uitvoer en uw bewijzen." in page.text
    (first, *_) = page.all("//main//div[contains(@class, 'utrecht-alert ')]")
    assert "utrecht-alert--error" in first.get("class")


def test_rules_that_the_log_does_not_know_are_called_an_incident(
    looked: Any, officer: Any, world: Any
) -> None:
    planted = adopted_by_nobody(world)
    page = officer.open("/toezicht/logboek")
    assert "De database noemt andere toegangsregels dan het logboek" in page.text
    assert "Het logboek is in orde" not in page.text
    (first, *_) = page.all("//main//div[contains(@class, 'utrecht-alert ')]")
    assert "utrecht-alert--error" in first.get("class")
    told = world.request("GET", "/v1/logboek", headers=world.token("p.officer")).json()
    assert (told["inOrde"], told["incident"], told["toegangsregelsVreemd"]) == (False, True, True)
    assert planted not in page.text


def adopted_by_nobody(world: Any) -> str:
    """A set of rules that stands in the database as adopted, and in no record; its digest."""

    def plant(tx: Any) -> str:
        held = tx.rulebook.get(RULES.digest)
        later = tuple(replace(each, at=world.clock) for each in held.approvals)
        files = another()
        digest = load(files).digest
        tx.rulebook.put(replace(held, digest=digest, approvals=later), files)
        return digest

    return str(world.database.run(plant))


def test_a_witness_of_the_settings_that_never_answered_is_listed_with_the_limit(
    looked: Any, new_house: Any, walk: Any, world: Any
) -> None:
    head = grow(world)
    cosigned = Cosigned("getuige.example", head.size, head.checkpoint, world.clock)
    world.database.run(lambda tx: tx.witnesses.put_cosigned(cosigned))
    expected = Expected(("getuige.example", "stil.example"), timedelta(minutes=15))
    world.desk = replace(world.desk, expected=expected)
    page = new_house().browser("p.officer").get("/toezicht/logboek")
    text = " ".join(page.text.split())
    assert "stil.example" in text
    assert "En weigerde ook niet." in text
    assert "Een bevestiging mag hooguit 15 minuten oud zijn." in text
    assert "Het logboek is in orde" not in text
    world.desk = replace(world.desk, expected=Expected(("getuige.example",), timedelta(minutes=15)))
    assert "Het logboek is in orde" in new_house().browser("p.officer").get("/toezicht/logboek").text


def test_the_last_check_by_the_index_itself_is_told(looked: Any, officer: Any, world: Any) -> None:
    assert "nog niet zelf nagerekend" in officer.open("/toezicht/logboek").text
    checked = audit.event("log.checked", world.clock, actor="operator", token="os-account:x", records=3)
    world.database.run(lambda tx: tx.audit.append(checked))
    assert "De index rekende het logboek zelf het laatst na op" in officer.open("/toezicht/logboek").text


def test_the_place_of_a_look_and_its_proof(looked: Any, officer: Any, world: Any, house: Any) -> None:
    path = look_path(world)
    assert "Nog niet. Dat gebeurt meestal binnen een seconde." in officer.open(path).text
    head = grow(world)
    page = officer.open(path)
    assert f"van {head.size}" in page.text
    assert "Nog geen getuige" in page.text
    cosigned = Cosigned("getuige.example", head.size, head.checkpoint, world.clock)
    world.database.run(lambda tx: tx.witnesses.put_cosigned(cosigned))
    witnesses = officer.open(path).find("//main//dt[. = 'Bevestigd door']/following-sibling::dd")
    assert witnesses.text_content().strip() == "getuige.example"
    response = house.browser("p.officer").post(f"{path}/bewijs")
    assert response.status_code == 200
    assert response.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert "attachment" in response.headers["content-disposition"]
    assert world.records("receipt.redeemed")[0].fields["actor"] == "p.officer"
    assert house.browser("w.een").post(f"{path}/bewijs").status_code == 403
