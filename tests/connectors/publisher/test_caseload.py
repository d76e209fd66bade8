"""The caseload feed: what a line may say, what a complete file ends, and what is refused."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from connectors.caseload import (
    COLUMNS,
    REASONS,
    REFUSALS,
    CaseloadTaken,
    Feed,
    FeedRefused,
    csv_feed,
    take_in,
)
from crypto.chain import Bsn

ORGANISATION = "00000099000000009958"
TODAY = date(2026, 11, 22)
RELATIONS = [UUID(int=1 + n) for n in range(20)]


def line(number: int, person: str, action: str = "registreren", **changes: str) -> dict[str, str]:
    values = {
        "actie": action,
        "relatie_id": str(RELATIONS[number]),
        "bsn": person,
        "organisatie": ORGANISATION,
        "team": "noord",
        "medewerker": "wt-101",
        "zaakreferentie": f"Z-2026-{number:03d}",
        "van": "2026-01-05",
        "tot": "2027-01-05",
        "geregistreerd_door": "tl-100",
        "leeftijdsgroep": "18+",
        "leeftijdsgroep_wijzigt": "",
        "afgeschermd": "nee",
        "coordinator": "ja",
    }
    return values | changes


def written(*lines: dict[str, str], delimiter: str = ";", end: str = "\r\n", bom: bool = False) -> bytes:
    rows = [COLUMNS, *([each[column] for column in COLUMNS] for each in lines)]
    text = end.join(delimiter.join(row) for row in rows) + end
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode()


def feed(
    source: Any, *lines: dict[str, str], complete: bool = False, name: str = "c.csv", **form: Any
) -> CaseloadTaken:
    content = form.pop("content", None) or written(*lines, **form)
    return take_in(source.state, ORGANISATION, Feed(name, content, csv_feed.lines, complete), TODAY, TODAY)


def held(index: Any) -> set[int]:
    return {RELATIONS.index(UUID(bytes=relation)) for relation in index.relations}


@pytest.fixture
def bsn(people: list[Bsn]) -> list[str]:
    return [person.digits for person in people]


@pytest.mark.parametrize(
    "form",
    [{}, {"delimiter": ","}, {"end": "\n"}, {"bom": True}],
    ids=["semicolon", "comma", "newline", "byte order mark"],
)
def test_the_first_feed_makes_a_complete_set_of_relations(
    form: dict[str, Any], source: Any, chain: Any, index: Any, bsn: list[str], people: list[Bsn], parties: Any
) -> None:
    taken = feed(source, *(line(n, bsn[n]) for n in range(12)), **form)
    assert (taken.lines, taken.to_register) == (12, 12)
    source.publisher.send(chain)
    assert held(index) == set(range(12))
    person, row = index.relations[RELATIONS[3].bytes]
    assert person == parties.pseudonym(people[3])
    assert (row.worker, row.case_reference, row.coordinator, row.shielded) == (
        "wt-101",
        "Z-2026-003",
        True,
        False,
    )
    assert index.series["", ""][-1].sealed


def test_changes_ends_and_mistakes_follow(source: Any, chain: Any, index: Any, bsn: list[str]) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(4)))
    source.publisher.send(chain)
    taken = feed(
        source,
        line(0, bsn[0], "wijzigen", medewerker="wt-102"),
        line(1, "", "beeindigen"),
        line(2, "", "vergissing", team="", medewerker="", van="", tot=""),
        name="second.csv",
    )
    assert (taken.to_register, taken.to_end, taken.to_take_back) == (1, 1, 1)
    source.publisher.send(chain)
    assert held(index) == {0, 3}
    assert index.relations[RELATIONS[0].bytes][1].worker == "wt-102"
    assert {"change", "end", "withdraw-mistake"} <= set(index.seen_operations[-1])


def test_a_delta_ends_nothing_it_does_not_name(source: Any, chain: Any, index: Any, bsn: list[str]) -> None:
    feed(source, line(0, bsn[0]), line(1, bsn[1]))
    feed(source, line(2, bsn[2]), name="second.csv")
    source.publisher.send(chain)
    assert held(index) == {0, 1, 2}


def test_a_complete_file_that_ends_most_relations_has_to_be_meant(source: Any, people: list[Bsn]) -> None:
    lines = [line(n, bsn.digits) for n, bsn in enumerate(people[:20])]
    feed(source, *lines, complete=True)
    few = written(*lines[:9])
    with pytest.raises(FeedRefused, match="--ends-most"):
        take_in(source.state, ORGANISATION, Feed("few.csv", few, csv_feed.lines, complete=True), TODAY, TODAY)
    assert len(list(source.state.persons.relations())) == 20
    meant = Feed("few.csv", few, csv_feed.lines, complete=True, may_end_most=True)
    assert take_in(source.state, ORGANISATION, meant, TODAY, TODAY).to_end == 11


def test_half_of_the_relations_may_end_by_one_file(source: Any, people: list[Bsn]) -> None:
    lines = [line(n, bsn.digits) for n, bsn in enumerate(people[:20])]
    feed(source, *lines, complete=True)
    assert feed(source, *lines[:10], complete=True, name="half.csv").to_end == 10


def test_a_complete_file_ends_what_it_no_longer_lists(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(5)), complete=True)
    source.publisher.send(chain)
    taken = feed(source, line(1, bsn[1]), line(3, bsn[3]), complete=True)
    assert taken.to_end == 3
    source.publisher.send(chain)
    assert held(index) == {1, 3}


def test_a_line_that_cannot_be_used_ends_nothing(source: Any, chain: Any, index: Any, bsn: list[str]) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(4)), complete=True)
    source.publisher.send(chain)
    faulty = [line(1, "123456789"), line(2, bsn[2], organisatie="1"), line(3, bsn[3], tot="31-12-2026")]
    taken = feed(source, *faulty, complete=True, name="second.csv")
    assert (taken.to_end, sum(taken.quarantined.values())) == (1, 3)
    source.publisher.send(chain)
    assert held(index) == {1, 2, 3}


def test_a_line_without_a_relation_withholds_every_end(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(3)), complete=True)
    taken = feed(source, line(0, bsn[0], relatie_id="?"), line(1, bsn[1]), complete=True)
    assert (taken.to_end, taken.ends_withheld) == (0, True)
    source.publisher.send(chain)
    assert held(index) == {0, 1, 2}


def test_a_delta_read_twice_changes_nothing_even_after_a_later_one(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, line(0, bsn[0]), name="1.csv")
    feed(source, line(0, bsn[0], "beeindigen"), name="2.csv")
    assert feed(source, line(0, bsn[0]), name="1.csv").repeated
    source.publisher.send(chain)
    assert held(index) == set()


def test_what_ended_before_this_state_knew_it_is_ended_at_the_index(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, line(0, bsn[0]), line(1, bsn[1]))
    source.publisher.send(chain)
    feed(source, line(5, bsn[5], "beeindigen"), name="2.csv")
    source.publisher.send(chain)
    assert "end" in index.seen_operations[-1]
    assert feed(source, line(6, "", "beeindigen"), name="3.csv").quarantined == {"bsn-missing": 1}


def test_a_relation_never_moves_to_another_person(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, line(0, bsn[0]))
    assert feed(source, line(0, bsn[1], "wijzigen"), name="2.csv").quarantined == {"person-changed": 1}
    assert feed(source, line(0, bsn[1], "beeindigen"), name="3.csv").quarantined == {"person-changed": 1}


def test_a_restored_index_gets_all_relations_again(
    source: Any, chain: Any, index: Any, bsn: list[str], observe: Any, people: list[Bsn]
) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(9)))
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    index.restore()
    feed(source, line(2, "", "beeindigen"), name="2.csv")
    source.publisher.send(chain)
    assert held(index) == set(range(9)) - {2}
    assert len(index.flags) == 1
    assert all(series[-1].sealed for series in index.series.values())


def test_relations_without_news_are_sent_again_to_a_restored_index(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, line(0, bsn[0]), complete=True)
    source.publisher.send(chain)
    index.restore()
    source.clock.now += timedelta(days=1)
    feed(source, line(0, bsn[0]), complete=True)
    source.publisher.send(chain)
    assert held(index) == {0}
    assert index.series["", ""][-1].sealed


def test_a_refused_relation_is_set_aside_and_the_rest_goes(
    source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    index.refuses = lambda row: "person-mismatch" if getattr(row, "relation_id", b"")[-1:] == b"\2" else None
    feed(source, *(line(n, bsn[n]) for n in range(3)))
    assert source.publisher.send(chain).quarantined == {"person-mismatch": 1}
    assert held(index) == {0, 2}
    assert index.series["", ""][-1].sealed


@pytest.mark.parametrize(
    ("changes", "reason", "column"),
    [
        ({"actie": "toevoegen"}, "action-unknown", "actie"),
        ({"actie": ""}, "action-unknown", "actie"),
        ({"relatie_id": "1"}, "relation-id-invalid", "relatie_id"),
        ({"relatie_id": "00000000-0000-0000-0000-000000000000"}, "relation-id-invalid", "relatie_id"),
        ({"bsn": ""}, "bsn-missing", "bsn"),
        ({"bsn": "123456789"}, "bsn-invalid", "bsn"),
        ({"bsn": "99990000"}, "bsn-invalid", "bsn"),
        ({"organisatie": "00000099000000000731"}, "organisation-not-registered", "organisatie"),
        ({"team": ""}, "value-missing", "team"),
        ({"team": "team noord"}, "value-invalid", "team"),
        ({"medewerker": "w" * 41}, "value-invalid", "medewerker"),
        ({"zaakreferentie": "Z"}, "value-invalid", "zaakreferentie"),
        ({"zaakreferentie": "Z-9999.00006"}, "value-invalid", "zaakreferentie"),
        ({"van": "05-01-2026"}, "value-invalid", "van"),
        ({"tot": "2026-02-30"}, "value-invalid", "tot"),
        ({"tot": "2025-12-31"}, "value-invalid", "tot"),
        ({"geregistreerd_door": ""}, "value-missing", "geregistreerd_door"),
        ({"leeftijdsgroep": "19"}, "value-invalid", "leeftijdsgroep"),
        ({"leeftijdsgroep": "0-11"}, "value-invalid", "leeftijdsgroep_wijzigt"),
        ({"leeftijdsgroep_wijzigt": "2030-01"}, "value-invalid", "leeftijdsgroep_wijzigt"),
        ({"leeftijdsgroep": "0-11", "leeftijdsgroep_wijzigt": "2030"}, "value-invalid", "leeftijdsgroep_wijzigt"),
        ({"afgeschermd": ""}, "value-invalid", "afgeschermd"),
        ({"coordinator": "true"}, "value-invalid", "coordinator"),
    ],
)  # fmt: skip
def test_a_bad_line_is_set_aside_by_line_and_column_and_never_by_value(
    changes: dict[str, str], reason: str, column: str, source: Any, bsn: list[str]
) -> None:
    taken = feed(source, line(0, bsn[0]), line(1, bsn[1], **changes))
    assert taken.quarantined == {reason: 1}
    assert taken.to_register == 1
    entry = source.state.quarantine.entries()[0]
    assert (entry.reason, entry.place) == (reason, f"c.csv:3, column {column}")
    assert reason in REASONS


@pytest.mark.parametrize(
    ("changes", "band"),
    [
        ({"leeftijdsgroep": ""}, "onbekend"),
        ({"leeftijdsgroep": "onbekend"}, "onbekend"),
        ({"leeftijdsgroep": "16-17", "leeftijdsgroep_wijzigt": "2027-05"}, "16-17"),
    ],
)
def test_an_age_that_is_not_known_is_not_guessed(
    changes: dict[str, str], band: str, source: Any, chain: Any, index: Any, bsn: list[str]
) -> None:
    feed(source, line(0, bsn[0], **changes))
    source.publisher.send(chain)
    assert index.relations[RELATIONS[0].bytes][1].age_band == band


GOOD = written(line(0, "999900006"), line(1, "999900018"))


@pytest.mark.parametrize(
    ("content", "complete", "code", "number"),
    [
        (b"", False, "columns", 1),
        (b"999900006;x\r\n", False, "columns", 1),
        (GOOD.replace(b"bsn;", b"", 1), False, "columns", 1),
        (GOOD.replace(b"coordinator", b"coordinator;naam", 1), False, "columns", 1),
        (GOOD.replace(b"team", b"medewerker", 1), False, "columns", 1),
        (GOOD[:-40], False, "fields", 3),
        (GOOD.replace(b"noord", b"no\0rd"), False, "nul", 2),
        (GOOD.replace(b"noord", b"no\xffrd"), False, "bad-encoding", 2),
        (GOOD.decode().encode("utf-16"), False, "nul", 1),
        (GOOD.replace(b"noord", b"n" * 200_000), False, "too-large", 2),
        (GOOD.replace(b"noord", b'"noord'), False, "not-csv", 3),
        (GOOD.replace(b"noord", b'"no"ord'), False, "not-csv", 2),
        (GOOD[:-3], True, "cut-off", 3),
        (written(), True, "empty", None),
    ],
    ids=["nothing", "no header", "missing", "extra", "twice", "cut", "nul", "latin", "utf-16", "huge", "open quote",
         "quote inside", "no line end", "no lines"],
)  # fmt: skip
def test_a_hostile_file_is_refused_as_a_whole_with_its_line(
    content: bytes, complete: Any, code: str, number: int | None, source: Any, chain: Any, index: Any
) -> None:
    with pytest.raises(FeedRefused) as refusal:
        take_in(source.state, ORGANISATION, Feed("c.csv", content, csv_feed.lines, complete), TODAY, TODAY)
    assert str(refusal.value) == f"c.csv{f':{number}' if number else ''}: {code}: {REFUSALS[code]}"
    assert refusal.value.__cause__ is None
    assert source.publisher.send(chain).batches == 0
    assert source.state.quarantine.entries() == []


def test_no_person_and_no_case_stands_in_the_state_in_the_clear(source: Any, bsn: list[str]) -> None:
    feed(source, *(line(n, bsn[n]) for n in range(20)), name=f"{bsn[0]}.csv")
    stored = source.state_bytes()
    assert not [n for n in range(20) if bsn[n].encode() in stored]
    assert b"Z-2026-" not in stored
    assert b"wt-101" not in stored
