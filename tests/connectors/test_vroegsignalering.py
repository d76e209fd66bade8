import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.ddas import vroegsignalering
from connectors.ddas.vroegsignalering import VroegsignaleringOptions
from connectors.reading import FileRefused, Reading
from connectors.trajecten import FlagWish
from crypto.encoding import Month
from tests.support.adding_up import wishes
from tests.support.messages import message

CASES = tomllib.loads((Path(__file__).parent / "cases/vroegsignalering.toml").read_text("utf-8"))["case"]
ON = VroegsignaleringOptions(enabled=True)
SIGNAL = {
    "ID": "VS-1",
    "signaaldatum": "2026-01-05",
    "status": "Nog niet opgepakt",
    "signaalpartner": {"type": "Energie"},
    "client": {"burgerservicenummer": "999900006"},
}

Run = Callable[..., Any]


def delivery(signals: object, cases: object = None, *, made: str = "2026-02-05", **members: object) -> bytes:
    levering = {
        "teller": 1,
        "gemeentecode": "0344",
        "aanleverendeOrganisatie": {"naam": "Gemeente Voorbeeld", "kvk-nummer": "90001234"},
        "vroegsignalen": signals,
        "vroegsignaalzaken": cases,
        **members,
    }
    named = {key: value for key, value in levering.items() if value is not None}
    return json.dumps({"aanleverdatumEnTijd": f"{made}T10:30:00Z", "leveringen": [named]}).encode()


def read(content: bytes, options: VroegsignaleringOptions = ON) -> list[Reading]:
    return list(vroegsignalering.read(message(content, "levering.json"), options))


def refusal(content: bytes, options: VroegsignaleringOptions = ON) -> tuple[str, str]:
    with pytest.raises(FileRefused) as refused:
        read(content, options)
    return refused.value.code, refused.value.position


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    settings = tmp_path_factory.mktemp("settings") / "connector.toml"
    settings.write_text('[formats."ddas-vroegsignalering"]\nenabled = true\n')
    return ["--settings", str(settings)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_signal_on_its_own_reads_as_the_table_says(
    case: Mapping[str, Any], switched_on: list[str], connector_read: Run
) -> None:
    said = json.loads(case.get("signal", "{}"))
    signal = {**SIGNAL, **said} if isinstance(said, dict) else said
    cases, members = json.loads(case.get("cases", "null")), json.loads(case.get("delivery", "{}"))
    content = delivery([signal], cases, **members)
    result = connector_read("ddas-vroegsignalering", content, options=switched_on)
    assert result.exit_code == 0, result.stderr
    (line,) = result.lines
    told = {
        "type": "vroegsignaal",
        "since": None,
        "until": None,
        "source": "kvk:90001234",
        "municipality": "0344",
        "person": 1,
        "reason": None,
        **case["line"],
    }
    expected = {key: None if value in ("NULL", 0) else value for key, value in told.items()}
    assert {**line, "reason": result.codes()[0]} == expected


def test_the_format_is_off_until_the_settings_switch_it_on(connector_read: Run) -> None:
    result = connector_read("ddas-vroegsignalering", delivery([SIGNAL]))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "format-off" in result.stderr
    assert refusal(b"no JSON at all", VroegsignaleringOptions()) == ("format-off", "levering.json")


def test_a_whole_sample_reads_in_its_own_order(
    samples: Path, switched_on: list[str], connector_read: Run
) -> None:
    result = connector_read("ddas-vroegsignalering", samples / "vroegsignalen.json", options=switched_on)
    found = [(line["outcome"], line["since"], line["source"], line["municipality"]) for line in result.lines]
    assert found == [
        ("assert", "2026-01", "kvk:90001234", "0344"),
        ("withdraw", None, "kvk:90001234", "0344"),
        ("withdraw", None, "kvk:90001234", "0344"),
        ("assert", "2026-01", "gemeente:0355", "0355"),
    ]


def test_the_order_of_members_makes_no_difference(samples: Path) -> None:
    """Cases before signals, who delivers and the date behind both; as a database that sorts its keys writes it."""
    content = (samples / "vroegsignalen.json").read_bytes()

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert read(json.dumps(turned(json.loads(content))).encode()) == read(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b'{"leveringen": [', "not-json"),
        (b'{"vroegsignalen": []}', "not-ddas"),  # as the example of v0.1 has it
        (
            b'{"aanleverdatumEnTijd": "2026-02-05", "leveringen": [{"schuldhulptrajecten": []}]}',
            "unsupported-message",
        ),
        (b'{"leveringen": []}', "header-invalid"),
    ],
)
def test_what_is_no_such_delivery_is_refused(content: bytes, code: str) -> None:
    assert refusal(content)[0] == code


def test_an_organisation_named_twice_is_refused() -> None:
    twice = delivery([SIGNAL], aanleverende_organisatie={"kvk-nummer": "90005678"})
    assert refusal(twice) == ("header-invalid", "levering.json: leveringen[0]")


def test_a_name_that_holds_null_names_nobody() -> None:
    content = delivery([SIGNAL]).replace(b'"teller": 1,', b'"teller": 1, "aanleverende_organisatie": null,')
    assert read(content) == read(delivery([SIGNAL]))


def test_more_numbers_than_are_kept_refuse_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [{"resultaat": "Overig", "vroegsignalen": [{"ID": str(number)}]} for number in range(3)]
    monkeypatch.setattr(vroegsignalering, "NUMBERS_MAX", 3)
    assert len(read(delivery([SIGNAL], cases))) == 1
    monkeypatch.setattr(vroegsignalering, "NUMBERS_MAX", 2)
    assert refusal(delivery([SIGNAL], cases)) == (
        "too-large",
        "levering.json: leveringen[0].vroegsignaalzaken",
    )


def counted(*deliveries: bytes) -> list[FlagWish]:
    return list(wishes((each for content in deliveries for each in read(content)), date(2026, 4, 15)))


def test_a_signal_that_gets_another_number_in_the_next_delivery_still_ends() -> None:
    """The format promises nothing about numbers beyond one delivery."""
    first = delivery([SIGNAL])
    closed = {**SIGNAL, "ID": "77", "status": "Niet opgepakt: andere reden"}
    later = delivery([closed, {**SIGNAL, "signaaldatum": "2026-02-03"}], made="2026-03-05")
    assert [(wish.asserted, wish.since) for wish in counted(first)] == [(True, Month(2026, 1))]
    for order in ((first, later), (later, first)):
        assert [(wish.asserted, wish.since) for wish in counted(*order)] == [(True, Month(2026, 2))]


def test_of_two_signals_on_one_day_the_open_one_counts() -> None:
    closed = {**SIGNAL, "ID": "VS-2", "status": "Niet opgepakt: andere reden"}
    for signals in ([SIGNAL, closed], [closed, SIGNAL]):
        assert [wish.asserted for wish in counted(delivery(signals))] == [True]


def test_two_municipalities_are_two_flags() -> None:
    other = delivery([SIGNAL], aanleverendeOrganisatie={}, gemeentecode="0355")
    assert sorted(wish.source for wish in counted(delivery([SIGNAL]), other)) == [
        "gemeente:0355",
        "kvk:90001234",
    ]
