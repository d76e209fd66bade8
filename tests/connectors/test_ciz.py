import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import ciz
from connectors.reading import FileRefused, Observation, Reading, SourceUnavailable
from connectors.trajecten import FlagWish, TrajectRecord, flags, merge
from tests.support.messages import RECEIVED, message

CASES = tomllib.loads((Path(__file__).parent / "cases/ciz.toml").read_text("utf-8"))["case"]
DECISION = {"bsn": "999900006", "besluitnummer": 12345, "ingangsdatum": "2025-11-03"}
LINE = {
    "type": "wlz-indicatie",
    "since": None,
    "until": None,
    "source": "kvk:62253778",
    "municipality": None,
    "person": 1,
    "reason": None,
}

Run = Callable[..., Any]


def answer(*decisions: Mapping[str, Any]) -> bytes:
    whole = [{**DECISION, **decision} for decision in decisions]
    left = [{key: value for key, value in decision.items() if value is not None} for decision in whole]
    return json.dumps({"data": {"wlzIndicatie": left}}).encode()


def read(content: bytes, days_later: int = 0) -> list[Reading]:
    received = RECEIVED + timedelta(days=days_later)
    return list(ciz.read(message(content, "antwoord.json", received)))


def counted(*answers: bytes) -> list[FlagWish]:
    """The wishes after these answers, one a day."""
    records: dict[Any, TrajectRecord] = {}
    for day, content in enumerate(answers):
        for seen in read(content, day):
            assert isinstance(seen, Observation)
            records[seen.identity] = merge(records.get(seen.identity), seen)
    return flags(records.values(), date(2026, 12, 1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_document_reads_as_the_table_says(case: Mapping[str, Any], connector_read: Run) -> None:
    document = case["document"].encode() if "document" in case else answer(json.loads(case["decision"]))
    result = connector_read("ciz", document)
    assert result.exit_code == 0
    told = [{**LINE, **line} for line in case["lines"]]
    expected = [
        {key: None if value in ("NULL", 0) else value for key, value in line.items()} for line in told
    ]
    assert [
        {**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)
    ] == expected


@pytest.mark.parametrize(
    "document",
    [
        "7",
        "null",
        "{}",
        '{"data": {}}',
        '{"data": null}',
        '{"data": {"zendNotificatie": {"notificatieID": "1"}}}',
    ],
)
def test_what_is_no_answer_is_refused(document: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(document.encode())
    assert refused.value.code == "unsupported-message"


def test_several_decisions_are_one_flag_that_lasts_until_the_last_of_them_ends() -> None:
    earlier = {"besluitnummer": 1, "ingangsdatum": "2024-02-01", "einddatum": "2026-10-31"}
    later = {"besluitnummer": 2, "ingangsdatum": "2026-03-01"}
    (wish,) = counted(answer(earlier, later))
    assert (wish.asserted, str(wish.since)) == (True, "2026-03")
    (wish,) = counted(answer(earlier, later), answer({**later, "vervaldatum": "2026-11-01"}))
    assert not wish.asserted


@pytest.mark.parametrize(
    ("corrected", "since"),
    [
        ({"ingangsdatum": "2026-01-01"}, "2026-01"),
        ({"vervaldatum": "2026-01-31"}, None),
        ({"vervaldatum": "2025-01-31"}, None),
    ],
)
def test_the_register_replaces_what_it_said_of_a_decision_before(
    corrected: Mapping[str, Any], since: str | None
) -> None:
    (wish,) = counted(answer({}), answer(corrected))
    assert (str(wish.since) if wish.asserted else None) == since
    (wish,) = counted(answer({}), answer(corrected), answer({}))
    assert str(wish.since) == "2025-11", "a lapse that was a mistake is taken back"


def test_a_number_as_text_is_the_same_decision() -> None:
    (wish,) = counted(answer({}), answer({"besluitnummer": "12345", "einddatum": "2026-01-01"}))
    assert not wish.asserted


def test_a_fault_is_told_after_what_could_be_read_and_names_its_source() -> None:
    document = json.loads(answer({})) | {"errors": [{"message": "x"}]}
    told = read(json.dumps(document).encode())
    assert [type(each) for each in told] == [Observation, SourceUnavailable]
    assert isinstance(told[1], SourceUnavailable)
    assert (told[1].source, told[1].type) == (ciz.CIZ, None)


def test_a_position_names_the_registers_own_queries_and_no_others() -> None:
    own = read(answer({"besluitnummer": 1}, {"besluitnummer": 2}))
    assert own[1].position == "antwoord.json: data.wlzIndicatie[1]"
    others = read(answer({}).replace(b"wlzIndicatie", b"Voorbeeldstra"))
    assert others[0].position == "antwoord.json: data[0]"


def test_the_source_is_what_the_settings_say(connector_read: Run, tmp_path: Path) -> None:
    settings = tmp_path / "connector.toml"
    settings.write_text('[formats.ciz]\nsource = "uzovi:5151"\n')
    (line,) = connector_read("ciz", answer({}), options=["--settings", str(settings)]).lines
    assert line["source"] == "uzovi:5151"


def test_the_decision_is_nowhere_in_a_reading() -> None:
    (reading,) = read(answer({"besluitnummer": 87654321, "stoornis": [{"ziektebeeldStoornis": "F20"}]}))
    assert isinstance(reading, Observation)
    assert "87654321" not in repr(reading) + reading.traject


def test_a_long_list_is_read_a_decision_at_a_time() -> None:
    many = [{**DECISION, "besluitnummer": number, "commentaar": "x" * 2_000} for number in range(5_000)]
    assert len(read(json.dumps({"data": {"wlzIndicatie": many}}).encode())) == 5_000
