import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.istandaarden import iwmo
from connectors.reading import FileRefused, Kind, Nothing, Observation, Quarantined, Reading
from tests.support.messages import message as as_message

CASES = tomllib.loads((Path(__file__).parent / "cases/iwmo.toml").read_text("utf-8"))["case"]
TYPES = {"wmo": "wmo-voorziening", "jw": "jeugdhulp"}
ORDER = {"ToewijzingNummer": "300201", "Ingangsdatum": "2026-01-08"}
START = {"ToewijzingNummer": "300201", "Begindatum": "2026-01-08", "StatusAanlevering": "1"}

Write = Callable[..., bytes]
Run = Callable[..., Any]


def read(message: bytes) -> list[Reading]:
    return list(iwmo.read(as_message(message)))


def refusal(message: bytes) -> tuple[str, str]:
    with pytest.raises(FileRefused) as refused:
        read(message)
    return refused.value.code, refused.value.position


def expected(case: Mapping[str, Any]) -> dict[str, object]:
    told = {
        "type": TYPES[case["message"].rstrip("0123456789")],
        "since": None,
        "until": None,
        "source": "agb:98980001",
        "municipality": "0344",
        "person": 1,
        "reason": None,
        **case["line"],
    }
    return {key: None if value in ("NULL", 0) else value for key, value in told.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_product_on_its_own_reads_as_the_table_says(
    case: Mapping[str, Any], write_iwmo: Write, connector_read: Run
) -> None:
    client = (case.get("bsn", "999900006") or None, [case["product"]])
    result = connector_read("iwmo", write_iwmo(case["message"], [client], header=case.get("header")))
    assert result.exit_code == 0
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected(case)
    ]


def test_a_whole_sample_reads_in_its_own_order(samples: Path, connector_read: Run) -> None:
    result = connector_read("iwmo", samples / "wmo305.xml", as_of="2026-02-01")
    assert [(line["outcome"], line["since"], line["person"]) for line in result.lines] == [
        ("assert", "2026-01", 1),
        ("unchanged", "2026-03", 1),
    ]


def test_a_default_namespace_another_encoding_and_stray_spaces_are_read(
    samples: Path, connector_read: Run
) -> None:
    result = connector_read("iwmo", samples / "jw307-default-namespace.xml")
    assert [(line["outcome"], line["source"], line["municipality"]) for line in result.lines] == [
        ("withdraw", "agb:98980002", "0344"),
        ("unchanged", "agb:98980002", "0344"),
    ]
    assert result.codes() == ["ended", "temporarily-stopped"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_an_encoding_with_a_byte_order_mark_is_read(encoding: str, write_iwmo: Write) -> None:
    text = (
        write_iwmo("wmo305", [("999900006", [START])])
        .decode()
        .replace("UTF-8", encoding.removesuffix("-sig"))
    )
    assert len(read(text.encode(encoding))) == 1


@pytest.mark.parametrize("encoding", ["windows-1252", "ISO-8859-1", "ISO-8859-15"])
def test_an_older_encoding_is_read_when_it_is_declared(encoding: str, write_iwmo: Write) -> None:
    text = write_iwmo(
        "wmo301", [("999900006", [{**ORDER, "Commentaar": "geïndiceerd, circa € 40"}])]
    ).decode()
    if encoding == "ISO-8859-1":
        text = text.replace("€", "EUR")
    assert len(read(text.replace("UTF-8", encoding).encode(encoding))) == 1
    assert refusal(text.encode(encoding))[0] == "bad-encoding"


def test_every_client_and_every_product_is_its_own_reading(write_iwmo: Write) -> None:
    second = {**START, "ToewijzingNummer": "300202"}
    message = write_iwmo(
        "wmo305", [("999900006", [START, second]), ("999900018", [START]), ("999900031", [])]
    )
    readings = read(message)
    assert all(isinstance(reading, Observation) for reading in readings)
    assert len({reading.identity for reading in readings if isinstance(reading, Observation)}) == 3


def test_a_client_cannot_lend_her_bsn_to_the_next(write_iwmo: Write, connector_read: Run) -> None:
    message = write_iwmo("wmo305", [("999900006", [START]), (None, [START]), ("999900018", [START])])
    result = connector_read("iwmo", message)
    assert [line["person"] for line in result.lines] == [1, None, 2]


def test_a_bsn_after_the_products_still_counts(write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [(None, [START])])
    late = message.replace(b"</m:Client>", b"<m:Bsn>999900006</m:Bsn></m:Client>")
    assert [type(reading) for reading in read(late)] == [Observation]


def test_two_bsns_in_one_client_set_the_rest_aside(write_iwmo: Write, connector_read: Run) -> None:
    bsn = b"<m:Bsn>999900006</m:Bsn>\n"
    message = write_iwmo("wmo305", [("999900006", [START])]).replace(bsn, bsn + b"<m:Bsn>999900018</m:Bsn>")
    assert connector_read("iwmo", message).codes() == ["bsn-ambiguous"]


def test_a_value_that_stands_there_twice_is_set_aside(write_iwmo: Write, connector_read: Run) -> None:
    begin = b"<m:Begindatum>2026-01-08</m:Begindatum>"
    message = write_iwmo("wmo305", [("999900006", [START])]).replace(begin, begin + begin)
    assert connector_read("iwmo", message).codes() == ["record-malformed"]


def test_products_outside_any_client_do_not_pass_unseen(write_iwmo: Write, connector_read: Run) -> None:
    message = write_iwmo("wmo305", [(None, [START])])
    loose = message.replace(b"<m:Client>", b"<m:Los>").replace(b"</m:Client>", b"</m:Los>")
    assert connector_read("iwmo", loose).codes() == ["client-missing"]


def test_a_start_and_its_stop_share_a_traject_by_assignment_number(write_iwmo: Write) -> None:
    start = {**START, "Product": "02A05"}
    stop = {"ToewijzingNummer": "0300201", "Einddatum": "2026-03-01", "StatusAanlevering": "1"}
    (started,) = read(write_iwmo("wmo305", [("999900006", [start])]))
    (stopped,) = read(write_iwmo("wmo307", [("999900006", [stop])]))
    assert isinstance(started, Observation)
    assert isinstance(stopped, Observation)
    assert started.identity == stopped.identity


def test_without_an_assignment_number_the_product_and_first_day_tell_trajecten_apart(
    write_iwmo: Write,
) -> None:
    products = [
        {"Product": code, "Begindatum": day, "StatusAanlevering": "1"}
        for code in ("02A05", "07A01")
        for day in ("2026-01-08", "2026-02-08")
    ]
    readings = read(write_iwmo("wmo305", [("999900006", products)]))
    assert len({reading.identity for reading in readings if isinstance(reading, Observation)}) == 4


def test_the_product_is_nowhere_in_a_reading(write_iwmo: Write) -> None:
    product = {"Product": "54Z99", "Begindatum": "2026-01-08", "StatusAanlevering": "1"}
    (reading,) = read(write_iwmo("jw305", [("999900006", [product])]))
    assert isinstance(reading, Observation)
    assert "54Z99" not in repr(reading) + reading.traject


@pytest.mark.parametrize("message", ["wmo302", "jw306", "wmo323"])
def test_other_messages_of_the_same_exchange_change_nothing(message: str, write_iwmo: Write) -> None:
    content = write_iwmo(message, [("999900006", [START])])
    assert read(content) == [Nothing("other-message", "message.xml:2")]
    assert refusal(content[:-5])[0] == "not-well-formed"


@pytest.mark.parametrize(
    ("namespace", "code"),
    [
        ("http://www.istandaarden.nl/iwmo/2_0/wmo305/schema/2_0", "unsupported-version"),
        ("http://www.istandaarden.nl/iwmo/4_0/wmo305/schema", "unsupported-version"),
        ("http://www.istandaarden.nl/ijw/3_2/wmo305/schema", "unsupported-message"),
        ("http://www.istandaarden.nl.example/iwmo/3_2/wmo305/schema", "unsupported-message"),
        ("http://x.example/www.istandaarden.nl/iwmo/3_2/wmo305/schema", "unsupported-message"),
        ("urn:x", "unsupported-message"),
    ],
)
def test_another_namespace_is_refused(namespace: str, code: str, write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [("999900006", [START])], namespace=namespace)
    assert refusal(message) == (code, "message.xml:2")


@pytest.mark.parametrize("release", ["3_0", "3_1"])
def test_earlier_minor_releases_are_read(release: str, write_iwmo: Write) -> None:
    namespace = f"http://www.istandaarden.nl/iwmo/{release}/wmo305/schema"
    assert len(read(write_iwmo("wmo305", [("999900006", [START])], namespace=namespace))) == 1


@pytest.mark.parametrize("code", ["420", "438", "305", None])
def test_a_message_code_of_another_message_refuses_the_file(code: str | None, write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [("999900006", [START])], header={"BerichtCode": code})
    assert refusal(message)[0] == "message-code-mismatch"


def test_a_message_without_a_header_is_refused(write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [("999900006", [START])])
    header = message[message.index(b"<m:Header>") : message.index(b"</m:Header>") + len(b"</m:Header>")]
    assert refusal(message.replace(header, b""))[0] == "header-missing"
    assert (
        refusal(message.replace(header, b"").replace(b"</m:Bericht>", header + b"</m:Bericht>"))[0]
        == "header-missing"
    )


@pytest.mark.parametrize("twice", [b"<m:Header>", b"<m:Afzender>"])
def test_a_header_that_says_something_twice_is_refused(twice: bytes, write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [("999900006", [START])])
    end = twice.replace(b"<", b"</")
    said = message[message.index(twice) : message.index(end) + len(end)]
    assert refusal(message.replace(said, said + said))[0] == "header-invalid"


def test_an_order_its_start_and_its_stop_are_one_traject_at_the_provider(write_iwmo: Write) -> None:
    stop = {**START, "RedenBeeindiging": "19", "Einddatum": "2026-03-01"}
    told = [
        *read(write_iwmo("wmo301", [("999900006", [{**ORDER, "Product": "02A05"}])])),
        *read(write_iwmo("wmo305", [("999900006", [START])])),
        *read(write_iwmo("wmo307", [("999900006", [stop])])),
    ]
    assert [seen.kind for seen in told if isinstance(seen, Observation)] == [
        Kind.ASSIGNED,
        Kind.STARTED,
        Kind.STOPPED,
    ]
    assert len({seen.identity for seen in told if isinstance(seen, Observation)}) == 1


def test_relatives_in_an_order_are_not_its_client(write_iwmo: Write) -> None:
    relative = b"<m:Relaties><m:Relatie><m:Bsn>999900018</m:Bsn></m:Relatie></m:Relaties>"
    message = write_iwmo("jw301", [("999900006", [ORDER])])
    (seen,) = read(message.replace(b"<m:ToegewezenProducten>", relative + b"<m:ToegewezenProducten>"))
    assert isinstance(seen, Observation)
    assert seen.person.digits == "999900006"


def test_a_root_without_a_namespace_is_refused() -> None:
    assert (
        refusal(b"<Bericht><Header><BerichtCode>305</BerichtCode></Header></Bericht>")[0]
        == "unsupported-message"
    )


def test_a_message_without_products_says_nothing(write_iwmo: Write) -> None:
    assert read(write_iwmo("wmo305", [("999900006", [])])) == []


def test_a_message_without_clients_is_set_aside(write_iwmo: Write) -> None:
    (reading,) = read(write_iwmo("wmo305", []))
    assert isinstance(reading, Quarantined)
    assert reading.code == "client-missing"
