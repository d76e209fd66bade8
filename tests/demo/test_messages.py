"""The source messages are in the real formats, and the faulty ones are faulty where they should be."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from connectors.cli import connector
from deploy.demo import messages
from deploy.demo.formats.caseload import COLUMNS, age_band
from deploy.demo.messages import SourceMessage
from deploy.demo.municipality import Municipality, build, is_official_bsn, passes_eleven_test
from deploy.demo.organisations import CODE, ORGANISATIONS, signal_type

SPACES = {"wmo": "iwmo", "jw": "ijw"}
CODES = {"wmo305": "418", "wmo307": "420", "jw305": "438", "jw307": "440"}


@pytest.fixture(scope="module")
def everything(place: Municipality) -> tuple[SourceMessage, ...]:
    return (
        *messages.first_delivery(place),
        *messages.second_delivery(place),
        messages.caseload_feed(place),
    )


@pytest.fixture(scope="module")
def reports(everything: tuple[SourceMessage, ...]) -> list[tuple[str, Any]]:
    """Kind and root element of every 305 and 307."""
    return [
        (Path(message.name).stem.partition("-")[2], etree.fromstring(message.content))
        for message in everything
        if message.name.endswith(".xml")
    ]


@pytest.fixture(scope="module")
def delivery(everything: tuple[SourceMessage, ...]) -> Any:
    return json.loads(next(message.content for message in everything if message.name.startswith("ddas/")))


@pytest.fixture(scope="module")
def rows(everything: tuple[SourceMessage, ...]) -> list[dict[str, str]]:
    text = next(message.content for message in everything if message.name.startswith("caseload/")).decode()
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def texts(root: Any, name: str) -> list[str]:
    return [element.text for element in root.iter("{*}" + name)]


def test_the_same_municipality_sends_the_same_bytes(
    place: Municipality, everything: tuple[SourceMessage, ...]
) -> None:
    again = build(place.today)
    sent = (*messages.first_delivery(again), *messages.second_delivery(again), messages.caseload_feed(again))
    assert sent == everything


def test_no_file_name_holds_a_number_of_nine_digits(everything: tuple[SourceMessage, ...]) -> None:
    assert not [message.name for message in everything if sum(c.isdigit() for c in message.name) >= 9]
    assert len({message.name for message in everything}) == len(everything)


def test_reports_come_in_four_kinds_each_with_its_code_and_name_spaces(
    reports: list[tuple[str, Any]],
) -> None:
    assert {kind for kind, _ in reports} >= {"wmo305", "wmo307", "jw305"}
    for kind, root in reports:
        standard = SPACES[kind[:-3]]
        assert root.tag == f"{{http://www.istandaarden.nl/{standard}/3_2/{kind}/schema}}Bericht"
        basic = f"{{http://www.istandaarden.nl/{standard}/3_2/basisschema/schema}}"
        assert root.find(f".//{basic}Dagtekening") is not None
        assert texts(root, "BerichtCode") == [CODES[kind]]
        assert texts(root, "Ontvanger") == [CODE]


def test_reports_come_from_all_four_providers(reports: list[tuple[str, Any]]) -> None:
    senders = {sender for _, root in reports for sender in texts(root, "Afzender")}
    assert senders == {source.number for source in ORGANISATIONS.values() if source.source.startswith("agb:")}


def test_no_report_is_dated_in_the_future(place: Municipality, reports: list[tuple[str, Any]]) -> None:
    dates = [date.fromisoformat(day) for _, root in reports for day in texts(root, "Dagtekening")]
    assert max(dates) <= place.today


def test_exactly_one_report_has_a_mistyped_bsn(reports: list[tuple[str, Any]]) -> None:
    numbers = [bsn for _, root in reports for bsn in texts(root, "Bsn")]
    wrong = [bsn for bsn in numbers if not passes_eleven_test(bsn)]
    assert len(wrong) == 1
    assert all(is_official_bsn(bsn) for bsn in numbers if bsn not in wrong)


def test_exactly_one_start_lacks_its_begin_date(reports: list[tuple[str, Any]]) -> None:
    assert [kind for kind, root in reports if not texts(root, "Begindatum")] == ["wmo305"]


def test_every_status_is_known_but_one(reports: list[tuple[str, Any]]) -> None:
    statuses = Counter(status for _, root in reports for status in texts(root, "StatusAanlevering"))
    assert statuses["7"] == statuses["3"] == statuses["2"] == 1
    assert statuses.keys() == {"1", "2", "3", "7"}


def test_stops_give_the_reasons_the_stories_need(reports: list[tuple[str, Any]]) -> None:
    reasons = {reason for _, root in reports for reason in texts(root, "RedenBeeindiging")}
    assert reasons == {"02", "19", "20", "31"}


def test_the_second_delivery_stops_one_traject_and_restarts_another(place: Municipality) -> None:
    kinds = [Path(message.name).stem[5:] for message in messages.second_delivery(place)]
    assert sorted(kinds) == ["wmo305", "wmo307"]


def test_the_debt_delivery_has_its_header_a_couple_an_ending_and_a_refusal(delivery: Any) -> None:
    assert delivery["leveringen"][0]["aanleverende_organisatie"]["KvK-nummer"] == "99030055"
    trajecten = delivery["leveringen"][0]["schuldhulptrajecten"]
    assert [len(traject["client"]) for traject in trajecten].count(2) == 1
    decisions = Counter(traject["intake"]["beschikkingssoort"] for traject in trajecten)
    assert decisions["Afwijzingsbeschikking"] == 1
    assert len([traject for traject in trajecten if "einddatum" in traject]) == 1
    nameless = [c for t in trajecten for c in t["client"] if "Burgerservicenummer" not in c]
    assert len(nameless) == 1
    assert {traject["gemeentecode"] for traject in trajecten} == {f"GM{CODE}"}


def test_the_caseload_has_the_agreed_columns_and_one_row_per_case(
    place: Municipality, rows: list[dict[str, str]]
) -> None:
    assert tuple(rows[0]) == COLUMNS
    assert [row["relatie_id"] for row in rows] == [str(case.relation_id) for case in place.cases]
    assert Counter(row["afgeschermd"] for row in rows)["ja"] == 1
    assert len([row for row in rows if row["geregistreerd_door"] == row["medewerker"]]) == 2


def test_one_relation_that_runs_ends_within_two_weeks(
    place: Municipality, rows: list[dict[str, str]]
) -> None:
    left = [(date.fromisoformat(row["tot"]) - place.today).days for row in rows]
    assert len([days for days in left if 0 <= days <= 14]) == 1


def test_the_lists_tell_of_each_traject_what_the_place_knows(
    place: Municipality, everything: tuple[SourceMessage, ...]
) -> None:
    by_folder = {message.name.partition("/")[0]: message.content for message in everything}
    assert by_folder["csv"].startswith(
        b"\xef\xbb\xbftraject;bsn;bron;soort;begin;einde\r\n"
    )  # as spreadsheets do
    listed = list(csv.DictReader(by_folder["csv"].decode("utf-8-sig").splitlines(), delimiter=";"))
    objects = [json.loads(line) for line in by_folder["jsonl"].splitlines()]
    told = {(each["traject"], each["bsn"]) for each in (*listed, *objects)}
    assert told == {(entry.number, entry.resident.bsn) for entry in place.entries}
    assert {each["soort"] for each in listed} == {"bijstandsuitkering", "participatie-traject"}
    assert {each["soort"] for each in objects} == {"beschermingsbewind"}
    assert [bool(each["einde"]) for each in listed].count(True) == 1


def test_only_minors_have_a_month_in_which_their_age_band_changes(rows: list[dict[str, str]]) -> None:
    assert all((row["leeftijdsgroep"] == "18+") == (row["leeftijdsgroep_wijzigt"] == "") for row in rows)
    assert {row["leeftijdsgroep"] for row in rows} == {"0-11", "12-15", "16-17", "18+"}


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2014, 10, 21), ("0-11", "2026-10")),
        (date(2014, 10, 20), ("12-15", "2030-10")),
        (date(2010, 10, 20), ("16-17", "2028-10")),
        (date(2008, 10, 21), ("16-17", "2026-10")),
        (date(2008, 10, 20), ("18+", "")),
    ],
)
def test_the_age_band_changes_on_the_birthday(born: date, expected: tuple[str, str]) -> None:
    assert age_band(born, date(2026, 10, 20)) == expected


def test_messages_are_written_in_order(place: Municipality, tmp_path: Path) -> None:
    sent = messages.second_delivery(place)
    paths = messages.write(sent, tmp_path)
    assert [path.read_bytes() for path in paths] == [message.content for message in sent]


def told(sent: Iterable[SourceMessage], day: date, folder: Path) -> Counter[tuple[str, str]]:
    """How many flags per source and type the product's own readers make of these messages."""
    found = Counter[tuple[str, str]]()
    paths = messages.write(sent, folder)
    for reader in ("iwmo", "ddas", "csv", "jsonl"):
        read = [str(path) for path in paths if path.parent.name == reader]
        done = CliRunner().invoke(connector, ["read", reader, "--flags", "--as-of", str(day), *read])
        assert done.exit_code == 0
        wishes = [json.loads(line) for line in done.stdout.splitlines()]
        found.update((wish["source"], wish["type"]) for wish in wishes if wish["outcome"] == "assert")
    return found


@pytest.mark.parametrize("later", [False, True])
def test_the_readers_find_in_the_messages_what_the_stories_say(
    place: Municipality, tmp_path: Path, *, later: bool
) -> None:
    sent = [*messages.first_delivery(place), *(messages.second_delivery(place) if later else ())]
    running = place.running(later=later)
    expected = Counter((ORGANISATIONS[who].source, signal_type(who)) for _, who in running)
    assert told(sent, place.today, tmp_path) == expected
