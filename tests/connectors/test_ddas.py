import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors import ddas
from connectors.formats import Options
from connectors.reading import FileRefused, Observation, Reading
from tests.support.messages import message

CASES = tomllib.loads((Path(__file__).parent / "cases/ddas.toml").read_text("utf-8"))["case"]
TRAJECT = {
    "startdatum": "2025-11-03",
    "gemeentecode": "0344",
    "client": [{"Burgerservicenummer": "999900006"}],
}

Write = Callable[..., bytes]
Run = Callable[..., Any]


def read(delivery: bytes, options: Options | None = None) -> list[Reading]:
    return list(ddas.read(message(delivery, "levering.json"), options or Options()))


def refusal(delivery: bytes, options: Options | None = None) -> tuple[str, str]:
    with pytest.raises(FileRefused) as refused:
        read(delivery, options)
    return refused.value.code, refused.value.position


def expected(case: Mapping[str, Any]) -> dict[str, object]:
    told = {
        "type": "schuldhulptraject",
        "since": None,
        "until": None,
        "source": "kvk:90001234",
        "municipality": "0344",
        "person": 1,
        "reason": None,
        **case["line"],
    }
    return {key: None if value in ("NULL", 0) else value for key, value in told.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_traject_on_its_own_reads_as_the_table_says(
    case: Mapping[str, Any], write_ddas: Write, connector_read: Run
) -> None:
    traject = json.loads(case["traject"])
    if isinstance(traject, dict):
        traject = {"gemeentecode": "0344", "client": TRAJECT["client"], **traject}
    organisation = json.loads(case["organisation"]) if "organisation" in case else None
    result = connector_read("ddas", write_ddas([traject], organisation=organisation))
    assert result.exit_code == 0
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected(case)
    ]


def test_a_whole_sample_reads_in_its_own_order(samples: Path, connector_read: Run) -> None:
    result = connector_read("ddas", samples / "schuldhulp.json")
    found = [(line["outcome"], line["source"], line["municipality"], line["person"]) for line in result.lines]
    assert found == [
        ("assert", "kvk:90001234", "0344", 1),
        ("assert", "kvk:90001234", "0344", 2),
        ("withdraw", "kvk:90001234", None, 3),
        ("unchanged", "kvk:90001234", "0344", 4),
        ("withdraw", "gemeente:0355", "0355", 5),
        ("assert", "gemeente:0355", "0355", 6),
    ]
    assert result.codes() == [None, None, "ended", "application-only", "refused", None]


def test_a_reason_names_the_place_in_the_file(samples: Path, connector_read: Run) -> None:
    lines = connector_read("ddas", samples / "schuldhulp.json").lines
    assert str(lines[3]["reason"]).endswith(
        "schuldhulp.json: leveringen[0].schuldhulptrajecten[2].client[0])"
    )


def test_one_bad_client_does_not_cost_the_other(write_ddas: Write, connector_read: Run) -> None:
    clients = [{"Burgerservicenummer": "123"}, "geen object", {"Burgerservicenummer": "999900018"}]
    result = connector_read("ddas", write_ddas([{**TRAJECT, "client": clients}]))
    assert result.codes() == ["bsn-invalid", "client-missing", None]
    assert [line["person"] for line in result.lines] == [None, None, 1]


@pytest.mark.parametrize("trajecten", [None, []])
def test_a_delivery_without_trajecten_says_nothing(trajecten: object, write_ddas: Write) -> None:
    assert read(write_ddas(trajecten)) == []


def test_what_should_be_a_list_or_an_object_and_is_not_is_set_aside(
    write_ddas: Write, connector_read: Run
) -> None:
    assert connector_read("ddas", write_ddas({"startdatum": "2025-11-03"})).codes() == ["record-malformed"]
    assert connector_read("ddas", write_ddas([], leveringen=["x", None])).codes() == ["record-malformed"] * 2


@pytest.mark.parametrize(
    ("header", "stated"),
    [
        ({}, "2026-02-01T12:00:00+00:00"),
        ({"aanleverdatumEnTijd": "2026-02-01 13:00:00"}, "2026-02-01T13:00:00+00:00"),
        ({"aanleverdatumEnTijd": "2026-02-01T13:00:00+02:00"}, "2026-02-01T13:00:00+02:00"),
        ({"aanleverdatumEnTijd": "ABSENT"}, "2026-01-31T00:00:00+00:00"),
        ({"aanleverdatumEnTijd": None}, "2026-01-31T00:00:00+00:00"),
    ],
)
def test_the_delivery_is_dated_by_its_header(
    header: Mapping[str, object], stated: str, write_ddas: Write
) -> None:
    (reading,) = read(write_ddas([TRAJECT], **header))
    assert isinstance(reading, Observation)
    assert reading.stated_on.isoformat() == stated


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ({"aanleverdatumEnTijd": "gisteren"}, "aanleverdatumEnTijd"),
        ({"aanleverdatumEnTijd": 20260201}, "aanleverdatumEnTijd"),
        ({"aanleverdatumEnTijd": "0001-01-01T00:00:00+02:00"}, "aanleverdatumEnTijd"),
        ({"aanleverdatumEnTijd": "ABSENT", "einddatumLevering": "2026"}, "einddatumLevering"),
        ({"aanleverdatumEnTijd": "", "einddatumLevering": None}, "aanleverdatumEnTijd"),
    ],
)
def test_a_header_without_a_usable_date_refuses_the_file(
    header: Mapping[str, object], place: str, write_ddas: Write
) -> None:
    assert refusal(write_ddas([TRAJECT], **header)) == ("header-invalid", f"levering.json: {place}")


@pytest.mark.parametrize(
    ("delivery", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"[]", "not-ddas"),
        (b"{}", "not-ddas"),
        (b'{"leveringen": {}}', "not-ddas"),
        (b'{"schuldhulptrajecten": []}', "not-ddas"),
        (b'{"leveringen": [', "not-json"),
        (b'{"leveringen": []} {}', "not-json"),
        (b'{"leveringen": [NaN]}', "not-json"),
        (b'{"leveringen": [-Infinity]}', "not-json"),
        (b'{"leveringen": [' + b"9" * 5000 + b"]}", "not-json"),
        (b"{'leveringen': []}", "not-json"),
        (b'{"leveringen": [], "leveringen": []}', "duplicate-key"),
        (b'{"leveringen": [{"a": {"b": 1, "b": 1}}]}', "duplicate-key"),
        (b'{"leveringen": ' + b"[" * 65 + b"]" * 65 + b"}", "too-deep"),
        (b'{"leveringen": ' + b"[" * 200_000, "too-deep"),
        (b'{"leveringen": [{"a":' * 50_000, "too-deep"),
        (b'{"naam": "\xe9"}', "bad-encoding"),
        ('{"leveringen": []}'.encode("utf-16"), "bad-encoding"),
        ('{"leveringen": []}'.encode("utf-16-le"), "not-json"),
        (b"\x1f\x8b\x08\x00", "compressed"),
    ],
)
def test_a_file_that_is_not_strict_json_of_this_kind_is_refused(delivery: bytes, code: str) -> None:
    assert refusal(delivery)[0] == code


def test_a_refusal_names_the_line() -> None:
    assert refusal(b'{\n "a": 1,\n "b": }') == ("not-json", "levering.json:3")
    assert refusal(b'{\n "a": "\xff"}') == ("bad-encoding", "levering.json:2")


def test_a_file_over_the_limit_is_refused(write_ddas: Write) -> None:
    delivery = write_ddas([TRAJECT])
    assert refusal(delivery, Options(max_bytes=len(delivery) - 1))[0] == "too-large"
    assert len(read(delivery, Options(max_bytes=len(delivery)))) == 1


def test_nesting_up_to_the_limit_is_accepted(write_ddas: Write) -> None:
    def nested(depth: int) -> object:
        return [] if depth == 0 else [nested(depth - 1)]

    # the delivery is one level, the header member that holds the list the next
    assert len(read(write_ddas([TRAJECT], extra=nested(62)))) == 1
    assert refusal(write_ddas([TRAJECT], extra=nested(63)))[0] == "too-deep"


def test_a_byte_order_mark_is_tolerated(write_ddas: Write) -> None:
    assert len(read(b"\xef\xbb\xbf" + write_ddas([TRAJECT]))) == 1


def test_unknown_members_are_passed_over(write_ddas: Write) -> None:
    assert len(read(write_ddas([{**TRAJECT, "nieuw": {"x": [1, 2]}}], title="Uitwisselmodel"))) == 1


def test_a_refusal_does_not_quote_the_file() -> None:
    with pytest.raises(FileRefused) as refused:
        read(b'{"Burgerservicenummer": 999900006 x}')
    assert "999900006" not in str(refused.value)
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None
