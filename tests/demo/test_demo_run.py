"""The demonstration does what it says, ends what it starts, and leaves no person in what the parties keep."""

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crypto.chain import Bsn, encrypt, hop, open_item
from crypto.group import random_scalar
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets
from deploy.demo.municipality import Municipality, build, passes_eleven_test
from deploy.demo.pages.browser import Browser
from deploy.demo.processes import free_ports

PROJECT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 600

LINES = [
    r"48 residents; 6 workers in 2 teams; 8 sources",
    r"Gemeente Veldermeer: 36 messages read, 33 trajecten in them; \d+ flags published",
    r"Schuldhulp De Vaart: 1 messages read, 11 trajecten in them; 9 flags published",
    r"Werkplein Veldermeer: 1 messages read, 13 trajecten in them; 12 flags published",
    r"Bewindvoering De Sleutel: 1 messages read, 4 trajecten in them; 4 flags published",
    r"Quarantined at Gemeente Veldermeer: bsn-invalid, 0028-wmo305\.xml:\d+",
    r"Quarantined at Gemeente Veldermeer: start-missing,",
    r"Quarantined at Gemeente Veldermeer: status-unknown,",
    r"Quarantined at Schuldhulp De Vaart: bsn-missing,",
    r"Bewindvoering De Sleutel: 4 x beschermingsbewind, out of date: nothing since \d{4}-\d\d-\d\d",
    r"wmo-voorziening: Er is een Wmo-voorziening\. Sinds \d{4}-\d\d \(Dagcentrum De Boei, .*; bel Balie De Boei",
    r"schuldhulptraject: Er is een schuldhulptraject\. Sinds .* \(bron afgeschermd\)",
    r"schuldhulp-afstemming shows only: beschermingsbewind, bijstandsuitkering, schuldhulptraject\.",
    r"Recorded before it was shown: record [0-9a-f]{8}/\d+",
    r"404 not-in-caseload: ",
    r"A case that does not exist gives the same answer, byte for byte",
    r"Marga Verkerk \(team leader\) signs in and confirms it on her page",
    r"Gemeente Veldermeer: 2 messages read, .* 1 withdrawn",
    r"Gone: wmo-voorziening at Dagcentrum De Boei",
    r"Signed in at http://127\.0\.0\.1:\d+, with a second factor, and back at http://127\.0\.0\.1:\d+/caseload",
    r"5 signals in 3 areas of life, at http://127\.0\.0\.1:\d+/raadplegingen/[0-9a-f-]{36}:",
    r"  Er is een beschermingsbewind\. Niet actueel .* Bel Secretariaat De Sleutel 085-0000108",
    r"She doubts a signal: question V-[0-9A-Z]{4}-[0-9A-Z]{4}, to be mentioned on the phone",
    r"A link of Regiesysteem Veldermeer opens the case, once, and shows nothing by itself",
    r"Her messages: Vertel de inwoner dat u keek; ",
    r"Until \d\d-\d\d-\d{4} Samira Haddou sees \d+ cases: her own, and his",
    r"[0-9a-f]{8}/\d+  wt-202  voorbereiding-huisbezoek  refused: no-relation",
    r"signal-index doctor: \d+ points are in order; the audit log: \d+ records hold, no gaps",
    r"One to mend: Bewindvoering De Sleutel, beschermingsbewind: nothing since ",
    r"all processes are stopped",
]
SECRETS = {
    "identity-provider/issuer.key",
    "index/index.key",
    "pseudonymiser-a/a.key",
    "pseudonymiser-b/b.key",
    "publisher-bewindvoering/publisher.key",
    "publisher-gemeente/publisher.key",
    "publisher-regiesysteem/entrance.key",
    "publisher-regiesysteem/publisher.key",
    "publisher-schuldhulp/publisher.key",
    "publisher-werkplein/publisher.key",
    "witness/witness.key",
}


@contextmanager
def demonstration(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Start it as a terminal does: the leader of a group of its own."""
    command = [sys.executable, str(PROJECT / "deploy/demo/run.py"), *options]
    running = subprocess.Popen(
        command, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        running.communicate(timeout=SECONDS_MAX)


def processes_about(folder: Path) -> list[str]:
    """Command lines of running processes that name this folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words:
            found.append(words)
    return found


def read_until(running: subprocess.Popen[str], words: str) -> None:
    assert running.stdout is not None
    seen = []
    for line in running.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail("ended before " + repr(words) + ":\n" + "".join(seen))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "run"


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    """What one complete run printed; it ended well."""
    with demonstration("--once", "--keep", str(folder)) as running:
        printed, _ = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 0, printed
    return printed


@pytest.fixture(scope="module")
def residents(output: str) -> Municipality:
    """The municipality of the run."""
    assert output
    return build(datetime.now(ZoneInfo("Europe/Amsterdam")).date())


@pytest.fixture(scope="module")
def bsn_traces(residents: Municipality) -> dict[str, bytes]:
    return {resident.key: resident.bsn.encode() for resident in residents.residents}


@pytest.fixture(scope="module")
def pseudonyms(folder: Path, residents: Municipality) -> dict[str, bytes]:
    """Every resident's pseudonym, made with the keys of all parties together, as no party could."""
    a = PseudonymiserSecrets.load(folder / "pseudonymiser-a/a.key")
    b = PseudonymiserSecrets.load(folder / "pseudonymiser-b/b.key")
    index = IndexSecrets.load(folder / "index/index.key")
    manifest = Manifest.load(folder / "index/manifest.json")
    made = {}
    for resident in residents.residents:
        item = encrypt(Bsn.parse(resident.bsn).person_point(), manifest.a.layer, random_scalar())
        item = hop(a.hop, manifest.b.layer, item, random_scalar())
        item = hop(b.hop, manifest.index.layer, item, random_scalar())
        pseudonym = open_item(index.opening, item)
        assert pseudonym is not None
        made[resident.key] = pseudonym.encoded
    return made


def ways_to_write(secret: bytes) -> list[bytes]:
    """The bytes themselves, and as hexadecimal and base64 text."""
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        base64.b64encode(secret).rstrip(b"="),
        base64.urlsafe_b64encode(secret).rstrip(b"="),
    ]


def found_in(files: list[Path], traces: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Which resident's trace stands in which file; the trace itself is not repeated."""
    wanted = [(key, way) for key, trace in traces.items() for way in ways_to_write(trace)]
    return [(file.name, key) for file in files for key, way in wanted if way in file.read_bytes()]


def kept_files(folder: Path) -> list[Path]:
    """Everything in the run directory but the source messages, which hold BSNs by their nature."""
    return [file for file in folder.rglob("*") if file.is_file() and "inbox" not in file.parts]


@pytest.mark.parametrize("line", LINES)
def test_the_run_tells_what_happened(output: str, line: str) -> None:
    assert re.search(line, output)


def test_no_line_holds_a_possible_bsn(output: str) -> None:
    numbers = re.findall(r"(?<![0-9a-f])[0-9]{9}(?![0-9a-f])", output)
    assert not [number for number in numbers if passes_eleven_test(number)]


def test_every_secret_key_is_in_one_place_only(output: str, folder: Path) -> None:
    assert output
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.key")} == SECRETS


def test_nothing_is_left_running(output: str, folder: Path) -> None:
    assert output
    assert processes_about(folder) == []


def test_no_party_keeps_a_bsn_outside_its_inbox(folder: Path, bsn_traces: dict[str, bytes]) -> None:
    files = kept_files(folder)
    names = {file.name for file in files}
    assert names >= {"index.sqlite", "ledger.sqlite", "state.sqlite", "service.log", "commands.log"}
    assert found_in(files, bsn_traces) == []


def test_nobody_keeps_a_pseudonym_in_the_clear(folder: Path, pseudonyms: dict[str, bytes]) -> None:
    assert len(set(pseudonyms.values())) == len(pseudonyms) >= 40
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert found_in(files, pseudonyms) == []


def test_the_search_finds_what_it_looks_for(
    folder: Path, bsn_traces: dict[str, bytes], pseudonyms: dict[str, bytes], tmp_path: Path
) -> None:
    inbox = [file for file in folder.rglob("*") if file.is_file() and "inbox" in file.parts]
    assert {key for _, key in found_in(inbox, bsn_traces)} >= {"several", "minor", "couple", "partner"}
    for number, way in enumerate(ways_to_write(pseudonyms["several"])):
        (tmp_path / str(number)).write_bytes(b"before " + way + b" after")
    found = found_in(list(tmp_path.iterdir()), {"several": pseudonyms["several"]})
    assert {name for name, _ in found} == {"0", "1", "2", "3", "4"}


def test_nothing_private_of_a_message_reaches_the_index(folder: Path, residents: Municipality) -> None:
    private = {resident.surname.encode() for resident in residents.residents} | {
        b"Energie Bedacht",
        b"9950AB",
    }
    files = [
        file
        for party in ("index", "pseudonymiser-a", "pseudonymiser-b")
        for file in (folder / party).iterdir()
    ]
    assert not [(file.name, word) for file in files for word in private if word in file.read_bytes()]


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with demonstration("--once", "--keep", str(tmp_path)) as running:
        printed, _ = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 1
    assert "is not empty and no earlier demonstration made it" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("moment", "running_then"),
    [
        pytest.param("Keys: every organisation", 1, id="commands"),
        pytest.param("identity provider ready", 5, id="services", marks=pytest.mark.long),
    ],
)
def test_ctrl_c_in_a_second_run_leaves_nothing_running(
    output: str, folder: Path, tmp_path: Path, moment: str, running_then: int
) -> None:
    assert output
    again = shutil.copytree(folder, tmp_path / "again")
    with demonstration("--once", "--keep", str(again)) as running:
        read_until(running, moment)
        assert len(processes_about(again)) >= running_then
        with demonstration("--once", "--keep", str(again)) as intruder:
            said, _ = intruder.communicate(timeout=SECONDS_MAX)
        assert "another demonstration is at work" in said
        os.killpg(running.pid, signal.SIGINT)
        printed, _ = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 128 + signal.SIGINT
    assert "Stopping on SIGINT; nothing stays running." in printed
    assert processes_about(again) == []


def blocks_until(running: subprocess.Popen[str], words: str) -> list[list[str]]:
    """The blocks of lines to copy, which stand at the margin, up to the one with these words in it."""
    assert running.stdout is not None
    blocks: list[list[str]] = [[]]
    for line in running.stdout:
        if line[:1].isspace():
            blocks += [[]] if blocks[-1] else []
        else:
            blocks[-1].append(line.strip())
        if words in line:
            return blocks
    pytest.fail("ended before " + repr(words))


@pytest.mark.long
def test_it_keeps_serving_until_ctrl_c_and_what_it_prints_to_try_works(tmp_path: Path) -> None:
    again = tmp_path / "serving"
    (port,) = free_ports(1)
    with demonstration("--keep", str(again), "--port", str(port)) as running:
        read_until(running, "Open it in your browser")
        (address,), (link,), (fresh,), tries = blocks_until(running, "when an hour has passed")
        with Browser(address) as browser:
            browser.open(link)
            browser.press("Noor de Wit")
            opened = browser.url
        answers = [
            subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False).stdout
            for line in (fresh, *tries)
        ]
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=SECONDS_MAX)
    assert address == f"http://127.0.0.1:{port}/"
    assert re.fullmatch(rf"{address}caseload/[0-9a-f-]{{36}}/raadplegen", opened)
    expected = [
        f"{address}openen?kaartje=",
        "WT-",
        "schuldhulptraject",
        "lookup.answered",
        "bijstandsuitkering",
    ]
    for answer, words in zip(answers, [*expected, "1 point to mend"], strict=False):
        assert words in answer
    assert running.returncode == 0
    assert processes_about(again) == []


def test_a_port_that_is_taken_is_said_before_anything_else(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demonstration("--once", "--keep", str(tmp_path / "run"), "--port", str(port)) as running:
            printed, _ = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 1
    assert f"expected that port {port} is free" in printed
    assert not (tmp_path / "run").exists()
