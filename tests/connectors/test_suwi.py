"""Suwi answers: what each service's records come to, and what an answer that is not plain data comes to."""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import suwi
from connectors.formats import FormatFault
from connectors.reading import FileRefused, Observation, Quarantined, Reading
from connectors.suwi.registers import SuwiOptions
from connectors.testing import FormatContract, Sample
from tests.support import suwi as written
from tests.support.messages import message
from tests.support.suwi import FAULT, SOAP_11, SOAP_12, answer, client, elements, enveloped, response

CASES = tomllib.loads((Path(__file__).parent / "cases/suwi.toml").read_text("utf-8"))["case"]
SAMPLES = Path(__file__).parent / "samples"
TYPES = {
    "uwv": ["ww-uitkering", "ziektewet-uitkering", "wia-uitkering", "wao-uitkering", "wajong-uitkering"],
    "bijstand": ["bijstandsuitkering"],
    "svb": ["aow-uitkering", "anw-uitkering", "aio-aanvulling"],
    "duo-persoon": ["opleiding"],
    "duo-stufi": ["studiefinanciering"],
}
SOURCES = {
    "uwv": "suwi:uwv",
    "bijstand": "suwi:gemeente",
    "svb": "suwi:svb",
    "duo-persoon": "suwi:duo",
    "duo-stufi": "suwi:duo",
}
RECEIVED = datetime(2026, 4, 14, 8, tzinfo=UTC)
AOW = {"DatBUitkeringsverhouding": "20200101", "SzWet": {"CdSzWet": "AOW"}}
PW = {"DatBUitkeringsverhouding": "20250101", "SzWet": {"CdSzWet": "PW"}}
ENROLLED = {"Onderwijsovereenkomst": {"DatInschrijvingOpleiding": "20240801"}}

Run = Callable[..., Any]
Store = Callable[..., Path]


class TestContractOfOneMunicipality(FormatContract):
    format = suwi.FORMAT
    types = frozenset(TYPES["bijstand"])
    settings = {"municipality": "0344"}  # noqa: RUF012 - as the contract declares it
    samples = (Sample((SAMPLES / "suwi-bijstand-soap.xml").read_bytes(), observations=1),)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Store an answer that came in at a moment."""
    numbers = count()

    def run(content: bytes, received: datetime = RECEIVED) -> Path:
        path = tmp_path / f"answer-{next(numbers)}.xml"
        path.write_bytes(content)
        os.utime(path, (received.timestamp(), received.timestamp()))
        return path

    return run


def read(content: bytes, **settings: object) -> list[Reading]:
    return list(suwi.read(message(content, received=RECEIVED), SuwiOptions.model_validate(settings)))


def refusal(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read(content)
    return refused.value.code


def states(readings: Sequence[Reading]) -> dict[str, str]:
    """The kind said of each type."""
    return {seen.type: seen.kind.value for seen in readings if isinstance(seen, Observation)}


def content_of(case: Mapping[str, Any]) -> bytes:
    if "answer" in case:
        return response(case["service"], elements(case["answer"])).encode()
    return answer(case["service"], case["client"])


def expected(case: Mapping[str, Any]) -> list[dict[str, object]]:
    lines = list(case.get("lines", []))
    if "client" in case:
        told = {line.get("type") for line in lines} | set(case.get("silent", []))
        absent = [kind for kind in TYPES[case["service"]] if kind not in told]
        lines += [{"type": kind, "outcome": "withdraw", "reason": "nothing-running"} for kind in absent]
    keys = ("type", "since", "until", "municipality", "reason")
    blank: dict[str, object] = {**dict.fromkeys(keys), "source": SOURCES[case["service"]], "person": 1}
    return sorted(({**blank, **line, "person": line.get("person", 1) or None} for line in lines), key=repr_of)


def repr_of(line: Mapping[str, object]) -> str:
    return repr(sorted(line.items()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_answer_reads_as_the_table_says(
    case: Mapping[str, Any], store: Store, connector_read: Run
) -> None:
    result = connector_read("suwi", store(content_of(case)))
    assert result.exit_code == 0
    lines = [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)]
    assert sorted(lines, key=repr_of) == expected(case)


@pytest.mark.parametrize("soap", [SOAP_11, SOAP_12])
@pytest.mark.parametrize("service", TYPES)
def test_an_envelope_around_an_answer_makes_no_difference(soap: str, service: str) -> None:
    inner = response(service, client({"Studiefinanciering": {"DatBToekenningsperiodeStufi": "20250901"}}))
    bare, wrapped = read(inner.encode()), read(enveloped(inner, soap=soap))
    assert states(bare)
    assert states(bare) == states(wrapped)


@pytest.mark.parametrize("soap", [SOAP_11, SOAP_12])
def test_a_soap_fault_is_a_fault_of_a_source_nobody_knows(soap: str, connector_read: Run) -> None:
    detail = (
        "<detail><fwi:Fout xmlns:fwi='http://bkwi.nl/SuwiML/FWI/v0205'><Code>1</Code></fwi:Fout></detail>"
    )
    for fault in (FAULT, FAULT.replace("<detail/>", detail)):
        result = connector_read("suwi", enveloped(fault, soap=soap))
        assert [(line["outcome"], line["source"]) for line in result.lines] == [("source-unavailable", None)]
        assert result.codes() == ["source-fault"]


def test_several_answers_in_one_envelope_stay_apart() -> None:
    bodies = (
        response("svb", client({"Uitkeringsverhouding": AOW})),
        response("uwv", "<fwi:NietsGevonden/>"),
        response("duo-persoon", client(ENROLLED, "999900018"), prefix="ns4"),
    )
    kinds = [type(reading).__name__ for reading in read(enveloped("".join(bodies)))]
    assert kinds == ["Observation", "Observation", "Observation", "Nothing", "Observation"]


def test_children_may_have_the_namespace_of_the_root() -> None:
    content = answer("svb", {"Uitkeringsverhouding": AOW}).decode()
    own = content.replace("smls:", "").replace("xmlns:smls", "xmlns")
    assert states(read(own.encode())) == states(read(content.encode()))
    assert states(read(own.encode()))["aow-uitkering"] == "state"


@pytest.mark.parametrize(
    "namespace",
    [
        "http://bkwi.nl/SuwiML/Diensten/UWVDossierInkomstenGSDDigitaleDiensten/v0200",
        "http://bkwi.nl/SuwiML/Diensten/UWVDossierInkomstenGSD/v0300",
        "http://bkwi.nl/SuwiML/Diensten/SVBDossierPersoonGSD/v0200",
        "urn:x",
    ],
)
def test_another_service_or_version_is_refused(namespace: str) -> None:
    inner = response("uwv", client({}), namespace=namespace)
    assert refusal(inner.encode()) == "unsupported-message"
    assert refusal(enveloped(inner)) == "unsupported-message"


def test_a_question_or_an_envelope_with_nothing_in_it_is_no_answer() -> None:
    question = response("svb", "<Burgerservicenr>999900006</Burgerservicenr>").replace("InfoResponse", "Info")
    for content in (
        question.encode(),
        enveloped(question),
        enveloped(response("svb", "")),
        enveloped(""),
        b"<ClientSuwi/>",
    ):
        assert refusal(content) == "unsupported-message"


def test_a_fault_after_many_clients_still_counts() -> None:
    many = "".join(client(ENROLLED) for _ in range(50))
    readings = read(response("duo-persoon", many + "<fwi:FWI><Fout/></fwi:FWI>").encode())
    assert [type(reading).__name__ for reading in readings] == ["SourceUnavailable"]


def test_an_answer_about_more_people_than_can_be_held_is_refused() -> None:
    enough, many = (response("duo-persoon", client(ENROLLED) * number).encode() for number in (3, 10_001))
    assert len(read(enough)) == 3
    assert refusal(many) == "too-large"


def test_a_place_is_the_line_of_the_record() -> None:
    content = answer("svb", {"Uitkeringsverhouding": [AOW, {**AOW, "DatBUitkeringsverhouding": "x"}]})
    line = 1 + content[: content.rindex(b"<Uitkeringsverhouding>")].count(b"\n")
    assert [reading.position for reading in read(content) if isinstance(reading, Quarantined)] == [
        f"message.xml:{line}"
    ]


@pytest.mark.parametrize(
    ("party", "outcome", "source"),
    [
        ("0344", "assert", "gemeente:0344"),
        ("9001", "assert", "gemeente:0344"),
        ("P401", "assert", "gemeente:0344"),
        ("", "assert", "gemeente:0344"),
        ("0518", "quarantine", "gemeente:0344"),
    ],
)
def test_with_a_municipality_named_only_its_own_benefits_are_told(
    party: str, outcome: str, source: str, tmp_path: Path, store: Store, connector_read: Run
) -> None:
    settings = tmp_path / "connector.toml"
    settings.write_text('[formats.suwi]\nmunicipality = "0344"\nparties = ["9001"]\n')
    content = answer("bijstand", {"Uitkeringsverhouding": {**PW, "Bron": {"CdPartijSuwi": party}}})
    result = connector_read("suwi", store(content), options=["--settings", str(settings)])
    told = {(line["outcome"], line["source"], line["municipality"]) for line in result.lines}
    assert told >= {(outcome, source, "0344")}
    assert ("withdraw" in {line["outcome"] for line in result.lines}) == (outcome == "quarantine")


def test_which_code_is_which_type_is_a_setting_and_a_type_left_out_is_never_told() -> None:
    content = answer(
        "uwv", {"Inkomstenverhouding": {"Inkomstenperiode": {"DatBIkp": "20250101", "CdSrtIkv": "88"}}}
    )
    assert states(read(content, uwv={"ww-uitkering": ["88"]})) == {"ww-uitkering": "state"}
    assert read(content, uwv={}) == []


@pytest.mark.parametrize(
    "settings",
    [{"uwv": {"aow-uitkering": ["33"]}}, {"municipality": "Utrecht"}, {"svb": {"aow-uitkering": "AOW"}}],
)
def test_a_wrong_setting_is_refused_without_quoting_it(settings: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        SuwiOptions.model_validate(settings)
    with pytest.raises(FormatFault) as fault:
        suwi.FORMAT.reader(settings)
    assert "Utrecht" not in str(fault.value)


def ww(*periods: Mapping[str, str]) -> bytes:
    return answer(
        "uwv", {"Inkomstenverhouding": {"Inkomstenperiode": [{**each, "CdSrtIkv": "33"} for each in periods]}}
    )


FIRST = ww({"DatBIkp": "20250101"})
LATER = answer(
    "uwv", {"Inkomstenverhouding": {"Inkomstenperiode": {"DatBIkp": "20260301", "CdSrtIkv": "15"}}}
)


def counted(files: Sequence[Path], connector_read: Run, as_of: str) -> tuple[str, str | None]:
    lines = connector_read("suwi", *files, as_of=as_of, options=["--flags"]).lines
    return next((line["outcome"], line["since"]) for line in lines if line["type"] == "ww-uitkering")


def in_every_order(files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    yield from permutations(files)
    yield [*files, *files]


@pytest.mark.parametrize(
    ("answers", "since"),
    [
        ([FIRST], "2025-01"),
        ([FIRST, LATER], None),
        ([FIRST, LATER, ww({"DatBIkp": "20260401"})], "2026-04"),
        ([FIRST, ww({"DatBIkp": "20250601"})], "2025-06"),
        ([ww({"DatBIkp": "20250101", "DatEIkp": "20251231"}), FIRST], "2025-01"),
        ([FIRST, response("uwv", "<fwi:FWI><Fout/></fwi:FWI>").encode()], "2025-01"),
        ([FIRST, response("uwv", "<fwi:NietsGevonden/>").encode()], "2025-01"),
        ([FIRST, enveloped(FAULT)], "2025-01"),
        ([FIRST, ww({"DatBIkp": "20250101", "DatEIkp": "onbekend"})], "2025-01"),
    ],
)
def test_the_last_answer_counts_in_whatever_order_they_are_read(
    answers: Sequence[bytes], since: str | None, store: Store, connector_read: Run
) -> None:
    files = [store(content, RECEIVED.replace(hour=8 + hour)) for hour, content in enumerate(answers)]
    wanted = ("assert", since) if since else ("withdraw", None)
    for order in in_every_order(files):
        assert counted(order, connector_read, "2026-04-15") == wanted


def test_two_benefits_of_one_type_are_one_flag_until_the_last_ends(store: Store, connector_read: Run) -> None:
    content = ww(
        {"DatBIkp": "20250101", "DatEIkp": "20260430"}, {"DatBIkp": "20250601", "DatEIkp": "20260531"}
    )
    told = [
        counted([store(content)], connector_read, day) for day in ("2026-04-30", "2026-05-31", "2026-06-01")
    ]
    assert told == [("assert", "2025-01"), ("assert", "2025-01"), ("withdraw", None)]


def test_what_the_figure_measures_is_read_whole() -> None:
    content = written.realistic([("15", ["202601", "202602"]), ("33", ["202603", "202604"])])
    assert states(read(content))["ww-uitkering"] == "state"
    assert not [reading for reading in read(content) if isinstance(reading, Quarantined)]
