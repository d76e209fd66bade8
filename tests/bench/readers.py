"""The readers: what a format costs beside the parser it stands on, over the same bytes, and the memory it takes."""

import json
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from lxml import etree

from connectors import ddas as ddas_format
from connectors import suwi as suwi_format
from connectors.istandaarden import iwmo as iwmo_format
from tests.bench.figures import Figure, Record, weigh
from tests.support import ddas as made_up
from tests.support.messages import message as as_message
from tests.support.suwi import realistic

SAMPLES = Path(__file__).parents[1] / "connectors" / "samples"
TRAJECTEN = 200
CLIENTS = 200
LARGE = 100 * 1024 * 1024

_PEAK = """
import sys
from datetime import UTC, datetime
from connectors import ddas
from connectors.reading import Message
for _ in ddas.read(Message(open(sys.argv[1], "rb"), "levering.json", datetime.now(UTC))):
    pass
print(open("/proc/self/status").read())
"""


def figures() -> list[Figure]:
    """What each reader costs, in time."""
    return [*iwmo(), suwi(), ddas()]


def iwmo() -> tuple[Figure, Figure]:
    """A message as it comes, with one client and two products, and one with far more clients than real ones have."""
    one = (SAMPLES / "wmo305.xml").read_bytes()
    head, client, tail = re.split(rb"( *<wmo305:Client>.*</wmo305:Client>\n)", one, flags=re.DOTALL)
    many = head + client * CLIENTS + tail
    return _iwmo("connector.iwmo", one, 50), _iwmo("connector.iwmo.clients", many, 5)


def _iwmo(name: str, message: bytes, per_round: int) -> Figure:
    return Figure(
        name,
        "CPU microseconds per message",
        lambda: [list(iwmo_format.read(as_message(message))) for _ in range(per_round)],
        "parsing the same message alone",
        lambda: [_parse(message) for _ in range(per_round)],
        per_round,
    )


def ddas() -> Figure:
    """Reading a delivery that is filled in fully, against the stock parser handing over the pairs of each object.

    Nobody sees a key that stands twice without the pairs; the parser takes half as long again for them. Against plain
    `json.loads`, which keeps the last of two, the reader takes 2.7 to 3 times as long.
    """
    delivery = made_up.file(TRAJECTEN)
    return Figure(
        "connector.ddas",
        "CPU microseconds per traject",
        lambda: list(ddas_format.read(as_message(delivery))),
        "parsing the same bytes, each object as pairs",
        lambda: json.loads(delivery, object_pairs_hook=dict),
        TRAJECTEN,
    )


def ddas_memory() -> Record:
    """Reading a file of 100 MB, against a small one."""
    small = made_up.file(TRAJECTEN)
    with TemporaryDirectory() as folder:
        little, large = Path(folder) / "little.json", Path(folder) / "large.json"
        little.write_bytes(small)
        made_up.write(large, TRAJECTEN * LARGE // len(small))
        return weigh(
            "connector.ddas_memory",
            "MB of memory at most, interpreter included, for a file of 100 MB",
            lambda: _peak_megabytes(large),
            f"the same reader on {TRAJECTEN} trajecten",
            lambda: _peak_megabytes(little),
        )


def suwi() -> Figure:
    """A UWV answer with two jobs and two benefits over three years, a period for each month."""
    months = [f"{year}{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    answer = realistic([("15", months), ("15", months[6:]), ("33", months[12:20]), ("31", months[20:])])

    return Figure(
        "connector.suwi",
        "CPU microseconds per message",
        lambda: [list(suwi_format.read(as_message(answer))) for _ in range(10)],
        "parsing the same message alone",
        lambda: [_parse(answer) for _ in range(10)],
        10,
    )


def _parse(document: bytes) -> int:
    """Walk every element of a document and do nothing with it."""
    return sum(1 for _ in etree.iterparse(BytesIO(document), resolve_entities=False, no_network=True))


def _peak_megabytes(file: Path) -> float:
    """The most memory that reading a file takes, in a process of its own."""
    command = [sys.executable, "-c", _PEAK, str(file)]
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    assert found is not None
    return int(found[1]) / 1024
