"""What the reader tests share: hand-made messages, and the real command to read them with."""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from click.testing import CliRunner

from connectors.cli import connector

CODES = {
    "wmo301": "414",
    "wmo305": "418",
    "wmo307": "420",
    "jw301": "436",
    "jw305": "438",
    "jw307": "440",
}
WORDS = {"1": "Toegewezen", "7": "Stop"}
HEADER = {
    "Afzender": "98980001",
    "Ontvanger": "0344",
    "Identificatie": "VB1",
    "Dagtekening": "2026-02-01",
}

Client = tuple[str | None, Sequence[Mapping[str, str]]]
WriteIwmo = Callable[..., bytes]
WriteDdas = Callable[..., bytes]


@dataclass(frozen=True)
class Read:
    """What one run of `connector read` gave."""

    exit_code: int
    lines: list[dict[str, object]]
    stdout: str
    stderr: str

    def codes(self) -> list[str | None]:
        """The reason code of each line."""
        reasons = (line["reason"] for line in self.lines)
        return [None if reason is None else str(reason).split(":")[0] for reason in reasons]


ConnectorRead = Callable[..., Read]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder with whole sample messages."""
    return Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def write_iwmo() -> WriteIwmo:
    """Write a 301, 305 or 307 message; an element that is None is left out."""

    def write(
        message: str,
        clients: Iterable[Client],
        *,
        header: Mapping[str, str | None] | None = None,
        namespace: str | None = None,
    ) -> bytes:
        standard = "ijw" if message.startswith("jw") else "iwmo"
        filled = {"BerichtCode": CODES.get(message, "414"), **HEADER, **(header or {})}
        if message.endswith("301"):  # goes the other way
            filled = {**filled, "Afzender": filled["Ontvanger"], "Ontvanger": filled["Afzender"]}
        inner = {key: filled.pop(key) for key in ("Identificatie", "Dagtekening")}
        top = (
            elements(filled, "m") + f"<m:BerichtIdentificatie>{elements(inner, 'b')}</m:BerichtIdentificatie>"
        )
        schema = namespace or f"http://www.istandaarden.nl/{standard}/3_2/{message}/schema"
        base = f"http://www.istandaarden.nl/{standard}/3_2/basisschema/schema"
        people = "".join(client(bsn, products, WORDS.get(message[-1], "Start")) for bsn, products in clients)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<m:Bericht xmlns:m="{schema}" xmlns:b="{base}">\n'
            f"<m:Header>{top}</m:Header>\n{people}</m:Bericht>\n"
        ).encode()

    return write


def client(bsn: str | None, products: Sequence[Mapping[str, str]], word: str) -> str:
    written = "".join(
        f"<m:{word}Product>\n{elements(product, 'm')}</m:{word}Product>\n" for product in products
    )
    return (
        f"<m:Client>\n{elements({'Bsn': bsn}, 'm')}"
        f"<m:Naam><b:Geslachtsnaam><b:Achternaam>Voorbeeldstra</b:Achternaam></b:Geslachtsnaam></m:Naam>\n"
        f"<m:{word}Producten>\n{written}</m:{word}Producten>\n</m:Client>\n"
    )


def elements(texts: Mapping[str, str | None], prefix: str) -> str:
    """Elements in the order given; `Product` gets a code in it."""
    written = []
    for name, text in texts.items():
        if text is not None:
            inner = f"<b:Code>{escape(text)}</b:Code>" if name == "Product" else escape(text)
            written.append(f"<{prefix}:{name}>{inner}</{prefix}:{name}>\n")
    return "".join(written)


@pytest.fixture(scope="session")
def write_ddas() -> WriteDdas:
    """Write a delivery by one organisation."""

    def write(trajecten: object, *, organisation: object = None, **header: object) -> bytes:
        delivery = {
            "startdatumLevering": "2026-01-01",
            "einddatumLevering": "2026-01-31",
            "aanleverdatumEnTijd": "2026-02-01T12:00:00Z",
            "codeGegevensleverancier": "Voorbeeldpakket 4.1",
            "leveringen": [
                {
                    "teller": 1,
                    "aanleverende_organisatie": organisation or {"KvK-nummer": "90001234"},
                    "schuldhulptrajecten": trajecten,
                }
            ],
            **header,
        }
        return json.dumps({key: value for key, value in delivery.items() if value != "ABSENT"}).encode()

    return write


@pytest.fixture(scope="session")
def connector_read(tmp_path_factory: pytest.TempPathFactory) -> ConnectorRead:
    """Run `connector read` over files, given as paths or as bytes."""
    folder = tmp_path_factory.mktemp("messages")
    numbers = itertools.count()

    def stored(file: Path | bytes) -> str:
        if isinstance(file, Path):
            return str(file)
        path = folder / f"message-{next(numbers)}"
        path.write_bytes(file)
        return str(path)

    def run(
        format_name: str, *files: Path | bytes, as_of: str = "2026-04-15", options: Sequence[str] = ()
    ) -> Read:
        arguments = ["read", format_name, *map(stored, files), "--as-of", as_of, *options]
        result = CliRunner().invoke(connector, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        return Read(result.exit_code, lines, result.stdout, result.stderr)

    return run
