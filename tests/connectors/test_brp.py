import json
import os
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import brp
from connectors.brp.question import FIELDS, PERSONS_MAX
from connectors.reading import FileRefused, Observation, Reading, Residence, read_bsn
from connectors.trajecten import TrajectRecord, flags, merge
from crypto.chain import Bsn
from tests.support.messages import RECEIVED, message

CASES = tomllib.loads((Path(__file__).parent / "cases/brp.toml").read_text("utf-8"))["case"]
CAME_IN = datetime(2026, 4, 14, 8, tzinfo=UTC)
USUAL: Mapping[str, Mapping[str, Any]] = {
    "alive": {"outcome": "withdraw", "type": "overleden", "reason": "not-deceased"},
    "free": {"outcome": "withdraw", "type": "onder-curatele", "reason": "no-guardianship"},
    "here": {"outcome": "unchanged", "source": None, "reason": "residence"},
}
LINE = {
    "type": None,
    "since": None,
    "until": None,
    "source": "brp",
    "municipality": "0344",
    "person": 1,
    "reason": None,
}
PERSON = {"burgerservicenummer": "999900006", "gemeenteVanInschrijving": {"code": "0344"}}

Run = Callable[..., Any]


def answer(*persons: Mapping[str, Any]) -> bytes:
    people = [{**PERSON, **person} for person in persons]
    left = [{key: value for key, value in person.items() if value is not None} for person in people]
    return json.dumps({"type": "RaadpleegMetBurgerservicenummer", "personen": left}).encode()


def read(content: bytes, received: datetime = RECEIVED, **options: Any) -> list[Reading]:
    return list(brp.read(message(content, "antwoord.json", received), brp.BrpOptions(**options)))


def expected(line: Mapping[str, Any] | str) -> dict[str, object]:
    told = {**LINE, **(USUAL[line] if isinstance(line, str) else line)}
    return {key: None if value in ("NULL", 0) else value for key, value in told.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_document_reads_as_the_table_says(
    case: Mapping[str, Any], connector_read: Run, tmp_path: Path
) -> None:
    file = tmp_path / "antwoord.json"
    file.write_bytes(case["document"].encode() if "document" in case else answer(json.loads(case["person"])))
    os.utime(file, (CAME_IN.timestamp(), CAME_IN.timestamp()))
    result = connector_read("brp", file)
    assert result.exit_code == 0
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected(line) for line in case["lines"]
    ]


@pytest.mark.parametrize(
    "document",
    [
        '"999900006"',
        "null",
        "7",
        "{}",
        '{"type": "RaadpleegMetBurgerservicenummer"}',
        '{"a": [{"overlijden": {}}]}',
    ],
)
def test_what_is_no_answer_is_refused(document: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(document.encode())
    assert refused.value.code == "unsupported-message"


def test_fields_that_were_not_asked_say_nothing_by_being_absent() -> None:
    told = read(answer({}), fields_asked=("burgerservicenummer", "gemeenteVanInschrijving"))
    assert [each.type for each in told if isinstance(each, Observation)] == ["overleden"]


def test_the_source_is_what_the_settings_say(connector_read: Run, tmp_path: Path) -> None:
    settings = tmp_path / "connector.toml"
    settings.write_text('[formats.brp]\nsource = "gemeente:0344"\n')
    result = connector_read("brp", answer({}), options=["--settings", str(settings)])
    assert [line["source"] for line in result.lines] == ["gemeente:0344", "gemeente:0344", None]


def test_a_position_says_which_person_of_which_answer() -> None:
    positions = [
        each.position for each in read(answer({"overlijden": {}}, {"indicatieCurateleRegister": True}))
    ]
    assert positions[0] == "antwoord.json: personen[0]"
    assert positions[-1] == "antwoord.json: personen[1]"


def test_an_event_is_dated_by_its_own_time_and_never_after_it_came_in() -> None:
    event = {
        "specversion": "1.0",
        "type": "nl.brp.verhuisd.emigratie",
        "data": {"burgerservicenummer": "999900006"},
    }
    for time, stated_on in (
        ("2026-11-20T08:00:00+01:00", datetime(2026, 11, 20, 7, tzinfo=UTC)),
        ("2036-01-01T00:00:00Z", RECEIVED),
        ("gisteren", RECEIVED),
        ("2026-11-20T08:00:00", RECEIVED),
        ("0001-01-01T00:00:00+14:00", RECEIVED),
    ):
        (reading,) = read(json.dumps({**event, "time": time}).encode())
        assert isinstance(reading, Residence)
        assert reading.stated_on == stated_on


def test_a_long_list_is_read_a_person_at_a_time() -> None:
    people = [{"burgerservicenummer": "999900006", "naam": {"voornamen": "x" * 2_000}}] * 5_000
    assert len(read(json.dumps({"personen": people}).encode())) == 5_000


# --- What a series of answers adds up to -------------------------------------------------------------------------


def held(*answers: tuple[int, Mapping[str, Any]]) -> dict[str, str | None]:
    """The types that stand after these answers, each a number of days after the first, with their months."""
    records: dict[Any, TrajectRecord] = {}
    for day, person in answers:
        for seen in read(answer(person), datetime(2026, 1, 10, tzinfo=UTC) + timedelta(days=day)):
            if isinstance(seen, Observation):
                records[seen.identity] = merge(records.get(seen.identity), seen)
    wishes = flags(records.values(), date(2027, 1, 1))
    return {wish.type: str(wish.since) if wish.since else None for wish in wishes if wish.asserted}


GUARDED = {"indicatieCurateleRegister": True}
DEAD = {"overlijden": {"datum": {"type": "Datum", "datum": "2026-01-02"}}}


def test_guardianship_is_since_the_earliest_answer_and_anew_after_it_ended() -> None:
    assert held((0, GUARDED), (40, GUARDED), (300, GUARDED)) == {"onder-curatele": "2026-01"}
    assert held((300, GUARDED), (0, GUARDED)) == {"onder-curatele": "2026-01"}
    assert held((0, GUARDED), (40, {}), (300, GUARDED)) == {"onder-curatele": "2026-11"}
    assert held((0, GUARDED), (3, {}), (4, GUARDED)) == {"onder-curatele": "2026-01"}
    assert held((0, GUARDED), (40, {})) == {}


def test_an_answer_to_another_question_ends_no_guardianship() -> None:
    assert held((0, GUARDED), (40, {"naam": {}}), (50, {"gemeenteVanInschrijving": None})) == {
        "onder-curatele": "2026-01"
    }


def test_a_year_of_daily_answers_is_kept_in_a_dozen_statements() -> None:
    records: dict[Any, TrajectRecord] = {}
    for day in range(365):
        for seen in read(answer(GUARDED), datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)):
            if isinstance(seen, Observation):
                records[seen.identity] = merge(records.get(seen.identity), seen)
    assert max(len(record.starts) for record in records.values()) == 12


@given(st.permutations([(0, DEAD), (1, {}), (2, DEAD), (3, {"overlijden": {}}), (4, GUARDED), (5, DEAD)]))
def test_a_mistaken_death_is_taken_back_in_whatever_order_it_is_told(
    answers: list[tuple[int, Mapping[str, Any]]],
) -> None:
    assert held(*answers) == {"overleden": "2026-01"}
    assert held(*answers, (6, {})) == {}


# --- The question ------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([f"{number}" for number in range(999900000, 999900900)]), max_size=70))
def test_everybody_is_asked_about_once_and_at_most_twenty_at_a_time(numbers: list[str]) -> None:
    people = [person for person in map(read_bsn, numbers) if isinstance(person, Bsn)]
    bodies = [json.loads(body) for body in brp.questions(people)]
    asked = [number for body in bodies for number in body["burgerservicenummer"]]
    assert asked == [person.digits for person in dict.fromkeys(people)]
    assert all(1 <= len(body["burgerservicenummer"]) <= PERSONS_MAX for body in bodies)
    assert all(body["type"] == "RaadpleegMetBurgerservicenummer" for body in bodies)
    assert all(body["fields"] == list(FIELDS) for body in bodies)


def test_what_comes_unasked_is_not_asked_for() -> None:
    """BRP answers a question that names such a field with a fault."""
    unasked = {"opschortingBijhouding", "geheimhoudingPersoonsgegevens", "inOnderzoek", "rni", "verificatie"}
    assert not {field.partition(".")[0] for field in FIELDS} & unasked
