"""The feed as JSON: the same relations as the CSV, strictly; and which form a file has."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.caseload import (
    COLUMNS,
    CaseloadTaken,
    Feed,
    FeedRefused,
    csv_feed,
    form_of,
    json_feed,
    take_in,
)
from connectors.config import Caseload, SetupFault

ORGANISATION = "00000099000000009958"
TODAY = date(2026, 11, 22)

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12
)
RELATIONS = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXTS)), min_size=1, max_size=4)


def relation(**changes: Any) -> dict[str, Any]:
    values = {
        "actie": "registreren",
        "relatie_id": "1f4de7f6-34a1-4ce1-9f5e-0123456789ab",
        "bsn": "999900006",
        "organisatie": ORGANISATION,
        "team": "noord",
        "medewerker": "wt-101",
        "zaakreferentie": "Z-2026-001",
        "van": "2026-01-05",
        "tot": "2027-01-05",
        "geregistreerd_door": "tl-100",
        "leeftijdsgroep": "18+",
        "leeftijdsgroep_wijzigt": "",
        "afgeschermd": "nee",
        "coordinator": "ja",
    }
    return {name: value for name, value in (values | changes).items() if value != "ABSENT"}


def take(source: Any, content: bytes, *, complete: bool = False) -> CaseloadTaken:
    feed = Feed("c.json", content, json_feed.lines, complete)
    return take_in(source.state, ORGANISATION, feed, TODAY, TODAY)


@given(RELATIONS)
def test_whatever_stands_in_a_file_its_forms_say_the_same(relations: list[dict[str, str]]) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=";")
    writer.writerows([COLUMNS, *([each[column] for column in COLUMNS] for each in relations)])
    contents = (
        (csv_feed.lines, table.getvalue()),
        (json_feed.lines, json.dumps(relations)),
        (json_feed.lines, "\ufeff" + json.dumps(relations, indent=2, ensure_ascii=False)),
        (json_feed.lines, "".join(json.dumps(each) + "\n" for each in relations)),
    )
    said = [
        [line.values for line in read(Feed("c", content.encode(), read, complete=True))]
        for read, content in contents
    ]
    assert said[0] == said[1] == said[2] == said[3]


def test_null_leaving_out_and_true_are_read_as_json_means_them(source: Any) -> None:
    content = [
        relation(leeftijdsgroep=None, leeftijdsgroep_wijzigt="ABSENT", afgeschermd=False, coordinator=True)
    ]
    assert take(source, json.dumps(content).encode()).to_register == 1
    (kept,) = source.state.persons.relations()
    assert (kept.row.age_band, kept.row.shielded, kept.row.coordinator) == ("onbekend", False, True)


@pytest.mark.parametrize(
    ("changes", "aside"),
    [
        ({"bsn": 999900006}, "members c.json: [1], member 3"),
        ({"bsn": ["999900006"]}, "members c.json: [1], member 3"),
        ({"team": True}, "members c.json: [1], member 5"),
        ({"naam": "Voorbeeldstra"}, "members c.json: [1], member 15"),
        ({"BSN": "999900006"}, "members c.json: [1], member 15"),
        ({"bsn": "ABSENT"}, "bsn-missing c.json: [1], member bsn"),
        ({"coordinator": "true"}, "value-invalid c.json: [1], member coordinator"),
        ({"coordinator": None}, "value-invalid c.json: [1], member coordinator"),
        ({"organisatie": None}, "organisation-not-registered c.json: [1], member organisatie"),
        ({"van": "05-01-2026"}, "value-invalid c.json: [1], member van"),
    ],
)
def test_a_bad_object_is_set_aside_by_number_and_member(
    changes: dict[str, Any], aside: str, source: Any
) -> None:
    good = relation(relatie_id="1f4de7f6-34a1-4ce1-9f5e-0123456789ac")
    taken = take(source, json.dumps([good, relation(**changes)]).encode(), complete=True)
    assert taken.to_register == 1
    (entry,) = source.state.quarantine.entries(file="c.json")
    assert f"{entry.reason} {entry.place}" == aside


@pytest.mark.parametrize("value", [None, "999900006", [], 3, {}])
def test_what_is_no_relation_withholds_every_ending(value: Any, source: Any) -> None:
    take(source, json.dumps([relation()]).encode(), complete=True)
    taken = take(source, json.dumps([value]).encode(), complete=True)
    assert (taken.to_end, taken.ends_withheld) == (0, True)


ONE = json.dumps(relation()).encode()


@pytest.mark.parametrize(
    ("content", "complete", "refusal"),
    [
        (b"", True, "c.json:1: cut-off"),
        (b"\n", True, "c.json: empty"),
        (b"[]", True, "c.json: empty"),
        (b"[" + ONE, False, "c.json:1: not-json"),
        (b"[" + ONE + b",]", False, "c.json:1: not-json"),
        (b"[" + ONE + b"] []", False, "c.json:1: not-json"),
        (b"[" + ONE.replace(b'"team"', b'"bsn"') + b"]", False, "c.json:1: duplicate-key"),
        (ONE + b"\n" + ONE, True, "c.json:2: cut-off"),
        (ONE + b"\n" + ONE[:-9] + b"\n", False, "c.json:2: not-json"),
        (ONE + b"\n\n" + ONE.replace(b'"team"', b'"bsn"') + b"\n", False, "c.json:3: duplicate-key"),
        (ONE + b"\n" + ONE + ONE + b"\n", False, "c.json:2: not-json"),
        (ONE.replace(b"noord", b"no\xffrd"), False, "c.json:1: bad-encoding"),
        (json.dumps(relation(), indent=1).encode(), False, "c.json:1: not-json"),
        (json.dumps([relation()]).encode("utf-16"), False, "c.json:1: bad-encoding"),
        (b"PK\x03\x04" + bytes(30), False, "c.json:1: compressed"),
        (b'{"team": NaN}\n', False, "c.json:1: not-json"),
    ],
)
def test_a_file_that_is_no_use_is_refused_as_a_whole(
    content: bytes, complete: Any, refusal: str, source: Any
) -> None:
    with pytest.raises(FeedRefused) as refused:
        take(source, content, complete=complete)
    assert str(refused.value).startswith(f"{refusal}: ")
    assert refused.value.__cause__ is None
    assert list(source.state.persons.relations()) == []


@pytest.mark.parametrize(
    ("suffix", "cases", "form"),
    [
        (".csv", False, "csv"),
        (".CSV", True, "csv"),
        (".jsonl", True, "json"),
        (".ndjson", False, "json"),
        (".json", False, "json"),
        (".json", True, None),
        (".txt", False, None),
        ("", False, None),
    ],
)
def test_the_form_is_taken_from_the_name_only_where_that_is_clear(
    suffix: str, cases: Any, form: str | None
) -> None:
    zgw = {"zgw": {"zaaktypen": ["https://zaken.example/zaaktypen/1"]}} if cases else {}
    caseload = Caseload.model_validate({"organisation": ORGANISATION, **zgw})
    if form is not None:
        assert form_of(suffix, caseload) == form
    else:
        with pytest.raises(SetupFault, match="say --format csv or json or zgw"):
            form_of(suffix, caseload)
