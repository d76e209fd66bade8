"""Envelopes of the municipal exchange: what is in them is read, and what is wrong with them is said."""

import gzip
import subprocess
import sys
import tomllib
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.istandaarden import ggk, iwmo
from connectors.planting import planted
from connectors.reading import FileRefused, Nothing, Reading, SourceUnavailable
from tests.support.envelopes import REFERENCE, enveloped, in_soap, notice
from tests.support.messages import message as as_message

CASES = tomllib.loads((Path(__file__).parent / "cases/ggk.toml").read_text("utf-8"))["case"]
PRODUCT = {
    "ToewijzingNummer": "300201",
    "Begindatum": "2026-01-08",
    "Ingangsdatum": "2026-01-08",
    "StatusAanlevering": "1",
}
LAST_DAY = {"RedenBeeindiging": "19", "Einddatum": "2026-03-01"}
SECRET = "zq7-vertrouwelijk"

Write = Callable[..., bytes]
Run = Callable[..., Any]


@pytest.fixture(scope="session")
def start(write_iwmo: Write) -> bytes:
    """A whole 305."""
    return write_iwmo("wmo305", [("999900006", [PRODUCT])])


INSIDE = "envelop.xml:17"  # the line where `enveloped` puts the base64


def read(envelope: bytes) -> list[Reading]:
    return list(ggk.read(as_message(envelope, "envelop.xml")))


def refusal(envelope: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(envelope)
    assert refused.value.__context__ is None
    assert SECRET not in str(refused.value)
    return refused.value


def written(case: Mapping[str, Any], write_iwmo: Write) -> bytes:
    kind = case["holds"]
    standard = "ijw" if kind.startswith("jw") else "iwmo"
    product = {**PRODUCT, **(LAST_DAY if kind.endswith("307") else {})}
    namespace = f"http://www.istandaarden.nl/{standard}/{case.get('release', '3_2')}/{kind}/schema"
    content = write_iwmo(kind, [(case.get("bsn", "999900006"), [product])], namespace=namespace)
    form = {key: case[key] for key in ("namespace", "holder") if key in case}
    return enveloped(content, case.get("functie"), case.get("code", "Di01"), **form)


def expected(case: Mapping[str, Any]) -> dict[str, object]:
    told = dict.fromkeys(("outcome", "type", "since", "until", "source", "municipality", "person", "reason"))
    if "type" in case["line"]:
        told |= {"source": "agb:98980001", "municipality": "0344", "person": 1}
    return {**told, **{key: value or None for key, value in case["line"].items()}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_envelope_reads_as_the_table_says(
    case: Mapping[str, Any], write_iwmo: Write, connector_read: Run
) -> None:
    envelope = written(case, write_iwmo)
    if "refused" in case:
        assert refusal(envelope).code == case["refused"]
        return
    result = connector_read("ggk", envelope)
    assert result.exit_code == 0
    told = [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)]
    assert told == [expected(case)]


def test_what_is_read_in_an_envelope_is_what_is_read_without_it(start: bytes) -> None:
    bare = list(iwmo.read(as_message(start, "envelop.xml")))
    envelope = enveloped(start, "WMO305")
    inside = read(envelope)
    for reading, other in zip(inside, bare, strict=True):
        assert repr(reading).partition("position")[0] == repr(other).partition("position")[0]


def test_a_position_is_that_of_the_envelope_and_that_in_its_message(start: bytes) -> None:
    envelope = enveloped(start, "WMO305")
    (reading,) = read(envelope)
    outer = envelope[: envelope.index(b"<g:xmlBestand>")].count(b"\n") + 1
    inner = start[: start.index(b"<m:StartProduct>")].count(b"\n") + 1
    assert reading.position == f"envelop.xml:{outer} payload:{inner}"


def test_an_envelope_that_comes_in_again_changes_nothing(
    start: bytes, write_iwmo: Write, connector_read: Run
) -> None:
    stop = write_iwmo(
        "wmo307", [("999900006", [{**PRODUCT, **LAST_DAY}])], header={"Dagtekening": "2026-03-05"}
    )
    first, last = enveloped(start, "WMO305"), enveloped(stop, "WMO307", reference=REFERENCE[::-1])
    as_new = enveloped(start, "WMO305", reference=REFERENCE.replace("0", "1"))
    once = connector_read("ggk", first, last, options=["--flags"]).lines
    assert [line["outcome"] for line in once] == ["withdraw"]
    for repeats in ([first, first, last], [first, last, first], [last, first, last, as_new]):
        assert connector_read("ggk", *repeats, options=["--flags"]).lines == once


# --- Faults and receipts ---------------------------------------------------------------------------------------------

QUOTED = "<s:body><s:code>IB210</s:code><s:omschrijving>{}</s:omschrijving><s:detailsXML>{}</s:detailsXML></s:body>"


@pytest.mark.parametrize("code", ["Fo01", "Fo02", "Fo03"])
@pytest.mark.parametrize("soap", [False, True])
def test_a_fault_says_that_a_message_was_not_delivered(code: str, soap: bool, start: bytes) -> None:  # noqa: FBT001
    quoted = enveloped(start, "WMO305").partition(b"?>\n")[2].decode()
    fault = notice(code, body=QUOTED.format(SECRET, quoted))
    (reading,) = read(in_soap(fault, around="e:Body e:Fault detail") if soap else fault)
    assert isinstance(reading, SourceUnavailable)
    assert (reading.code, reading.source, reading.type) == ("not-delivered", "agb:98980001", None)
    assert SECRET not in repr(reading)


def test_a_fault_to_a_municipality_is_about_every_source() -> None:
    (reading,) = read(notice("Fo01", receiver="0344"))
    assert isinstance(reading, SourceUnavailable)
    assert reading.source is None


def test_a_fault_ends_nothing(start: bytes, connector_read: Run) -> None:
    envelopes = [enveloped(start, "WMO305"), notice("Fo01")]
    result = connector_read("ggk", *envelopes, options=["--flags"])
    assert [line["outcome"] for line in result.lines] == ["assert"]


def test_a_fault_of_soap_itself_is_one_too() -> None:
    body = f"<e:Fault><faultcode>e:Server</faultcode><faultstring>{SECRET}</faultstring></e:Fault>"
    (reading,) = read(in_soap(f"<?xml version='1.0'?>\n{body}".encode()))
    assert isinstance(reading, SourceUnavailable)
    assert SECRET not in repr(reading)


@pytest.mark.parametrize("code", ["Bv01", "Bv02", "Bv03", "Bv04"])
def test_a_receipt_asks_for_nothing(code: str) -> None:
    for message in (notice(code), in_soap(notice(code))):
        (reading,) = read(message)
        assert isinstance(reading, Nothing)
        assert reading.code == "acknowledged"


@pytest.mark.parametrize(
    "stuf",
    ["http://www.stufstandaarden.nl/StUF/StUF0301", "http://www.egem.nl/StUF/StUF0310"],
)
def test_both_names_and_versions_of_stuf_are_known(stuf: str) -> None:
    assert isinstance(read(notice("Fo01", stuf=stuf))[0], SourceUnavailable)


# --- Envelopes that are not as they should be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "namespace", ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
)
def test_soap_around_an_envelope_makes_no_difference(namespace: str, start: bytes) -> None:
    envelope = enveloped(start, "WMO305")
    assert [type(each) for each in read(in_soap(envelope, namespace))] == [
        type(each) for each in read(envelope)
    ]


ALTERED: Mapping[str, tuple[str, str, str]] = {
    "the code of an answer in what is none": (">Di01<", ">Du01<", "message-code-mismatch"),
    "no code": ("<s:berichtcode>Di01</s:berichtcode>", "", "message-code-mismatch"),
    "two labels in one": ("<s:functie>", "<s:functie>WMO307</s:functie><s:functie>", "envelope-malformed"),
    "two messages": (
        "<g:xmlBestand>",
        "<g:xmlBestand>QUJD</g:xmlBestand><g:xmlBestand>",
        "envelope-malformed",
    ),
    "a message and a text": ("<g:xmlBestand>", "<g:tekstBestand/><g:xmlBestand>", "envelope-malformed"),
    "elements for base64": ("<g:xmlBestand>", "<g:xmlBestand><m/>", "envelope-malformed"),
    "no message": ("<g:bericht>", "<g:bericht/><g:x>", "not-well-formed"),
    "contents before the label": (
        "<g:stuurgegevens>",
        "<g:parameters/><g:stuurgegevens>",
        "envelope-malformed",
    ),
    "contents twice": (
        "<g:parameters>",
        "<g:parameters><g:bericht>QQ==</g:bericht></g:parameters><g:parameters>",
        "envelope-malformed",
    ),
    "two outsides": ("<g:parameters>", "<g:stuurgegevens/><g:parameters>", "envelope-malformed"),
    "something else around it": ("?>", "?><los>", "not-well-formed"),
    "an entity in the label": ("<s:functie>", "<s:functie>&x;", "not-well-formed"),
    "a DOCTYPE": ("?>", "?><!DOCTYPE g>", "doctype"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_envelope_that_is_not_as_prescribed_is_refused(name: str, start: bytes) -> None:
    before, after, code = ALTERED[name]
    envelope = enveloped(start, "WMO305").decode()
    assert before in envelope
    assert refusal(envelope.replace(before, after, 1).encode()).code == code


@pytest.mark.parametrize("part", ["parameters", "stuurgegevens", "bericht"])
def test_an_envelope_that_lacks_a_part_is_refused(part: str, start: bytes) -> None:
    envelope = enveloped(start, "WMO305")
    begin, end = f"<g:{part}>".encode(), f"</g:{part}>".encode()
    without = envelope[: envelope.index(begin)] + envelope[envelope.index(end) + len(end) :]
    assert refusal(without).code in {"envelope-malformed", "unsupported-message"}


def test_an_envelope_within_something_else_is_refused(start: bytes) -> None:
    envelope = enveloped(start, "WMO305").partition(b"?>\n")[2]
    assert refusal(b"<los>" + envelope + b"</los>").code == "unsupported-message"


# --- What may be in an envelope --------------------------------------------------------------------------------------

DOCTYPE = b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
CONTENT: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "empty"),
    "space": (lambda _: b" \n ", "not-well-formed"),
    "a message that is cut off": (lambda start: start[:-20], "not-well-formed"),
    "words": (lambda _: SECRET.encode(), "not-well-formed"),
    "a DOCTYPE": (lambda start: start.replace(b"?>\n", b"?>\n" + DOCTYPE), "doctype"),
    "an entity": (lambda start: start.replace(b"<m:Header>", b"<m:Header>&x;"), "not-well-formed"),
    "gzip": (gzip.compress, "compressed"),
    "a bomb in gzip": (lambda _: gzip.compress(b" " * 50_000_000), "compressed"),
    "zip": (lambda start: b"PK\x03\x04" + start, "compressed"),
    "base64 in base64": (b64encode, "not-well-formed"),
    "another encoding than it declares": (
        lambda start: start.decode().replace("Voorbeeldstra", "Voorbeeldë").encode("latin-1"),
        "bad-encoding",
    ),
    "elements very deep": (lambda start: start.replace(b"<m:Client>", b"<a>" * 5_000), "too-deep"),
    "a part without end": (
        lambda start: start.replace(b"<m:Bsn>", b"<x/>" * 1_200_000 + b"<m:Bsn>"),
        "too-large",
    ),
    "another envelope": (lambda start: enveloped(start, "WMO305"), "unsupported-message"),
}


@pytest.mark.parametrize("name", CONTENT)
def test_what_is_wrong_in_an_envelope_is_refused_where_it_stands(name: str, start: bytes) -> None:
    alter, code = CONTENT[name]
    refused = refusal(enveloped(alter(start), "WMO305"))
    assert (refused.code, refused.position.partition(" payload")[0]) == (code, INSIDE)


@pytest.mark.parametrize("mark", ["\ufeff", "<?xml version='1.0' encoding='windows-1252'?>"])
def test_a_byte_order_mark_or_another_encoding_is_no_fault(mark: str, start: bytes) -> None:
    text = start.decode().partition("?>\n")[2].replace("Voorbeeldstra", "Voorbeeld")
    encoding = "windows-1252" if mark.startswith("<") else "utf-8"
    assert len(read(enveloped((mark + text).encode(encoding), "WMO305"))) == 1


BASE64: Mapping[str, Callable[[str], str]] = {
    "cut off": lambda text: text[:-1],
    "cut off after the padding began": lambda text: text.rstrip("=")[:-2] + "=",
    "more after the end": lambda text: text + "QUJD" if text.endswith("=") else text + "=",
    "padding in front": lambda text: "=" + text,
    "another alphabet": lambda text: "-_" + text[2:],
    "a character of no alphabet": lambda text: text[:8] + "*" + text[8:],
    "a letter of another script": lambda text: "\u0410" + text[1:],
    "a comment in words": lambda text: f"{SECRET}: {text}",
}


@pytest.mark.parametrize("name", BASE64)
def test_what_is_not_whole_base64_is_refused(name: str, start: bytes) -> None:
    while len(start) % 3 != 1:  # so that there is padding
        start += b"\n"
    base64 = b64encode(start).decode()
    envelope = enveloped(b"", "WMO305").decode()
    altered = envelope.replace("<g:xmlBestand>", f"<g:xmlBestand>{BASE64[name](base64)}")
    refused = refusal(altered.encode())
    assert (refused.code, refused.position) == ("not-base64", INSIDE)


@pytest.mark.parametrize("space", [" ", "\r\n", "\t", "\n  "])
def test_space_in_base64_means_nothing(space: str, start: bytes) -> None:
    base64 = space.join(b64encode(start).decode())
    envelope = enveloped(b"", "WMO305").decode().replace("<g:xmlBestand>", f"<g:xmlBestand>{base64}")
    assert len(read(envelope.encode())) == 1


@pytest.mark.parametrize("stranger", [SECRET, "999900018", "<&\"';"])
def test_nothing_of_the_message_inside_comes_out(stranger: str, start: bytes) -> None:
    for content in planted(start, stranger):
        try:
            told = repr(read(enveloped(content, "WMO305")))
        except FileRefused as refused:
            told = str(refused)
        assert stranger not in told


# --- Size ------------------------------------------------------------------------------------------------------------


def test_a_message_larger_than_one_text_may_be_is_refused(start: bytes) -> None:
    assert refusal(enveloped(start + b" " * 7_600_000, "WMO305")).code == "too-large"


PEAK = """
import re, sys
from datetime import UTC, datetime
from connectors.istandaarden import ggk
from connectors.reading import FileRefused, Message
try:
    told = len(list(ggk.read(Message(open(sys.argv[1], "rb"), "envelop.xml", datetime.now(UTC)))))
except FileRefused as refusal:
    told = refusal.code
print(told, re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""


def peak_kilobytes(envelope: bytes, folder: Path) -> tuple[str, int]:
    """What an envelope gives, and the most memory that took."""
    file = folder / "envelop.xml"
    file.write_bytes(envelope)
    ran = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    told, peak = ran.stdout.split()
    return told, int(peak)


def test_a_large_envelope_takes_a_small_multiple_of_its_message(start: bytes, tmp_path: Path) -> None:
    size = 6_500_000
    junk = b"<los>" + b"vulling " * 40 + b"</los>\n"
    large = enveloped(start.replace(b"<m:Client>", junk * (size // len(junk)) + b"<m:Client>"), "WMO305")
    huge = large.replace(b"</g:xmlBestand>", b"\nQUJD" * 20_000_000 + b"</g:xmlBestand>")
    assert len(huge) > 100_000_000
    few, low = peak_kilobytes(enveloped(start, "WMO305"), tmp_path)
    many, high = peak_kilobytes(large, tmp_path)
    none, highest = peak_kilobytes(huge, tmp_path)
    assert (few, many, none) == ("1", "1", "too-large")
    assert max(high, highest) - low < 8 * size / 1000
