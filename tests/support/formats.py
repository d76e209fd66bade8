"""Every installed format under contract: its samples, made up, and the settings they are read with."""

import json
from pathlib import Path
from typing import Final

from connectors import csv_lines, ddas, json_lines
from connectors.istandaarden import ggk, iwmo
from connectors.lines.layout import COLUMNS, TYPES
from connectors.testing import FormatContract, Sample
from tests.support.envelopes import SECTORMODEL, enveloped

SAMPLES: Final = Path(__file__).parents[1] / "connectors" / "samples"


def _sample(name: str, observations: int) -> Sample:
    return Sample((SAMPLES / name).read_bytes(), observations)


class Iwmo(FormatContract):
    """Orders, starts and stops."""

    format = iwmo.FORMAT
    types = frozenset({"wmo-voorziening", "jeugdhulp"})
    samples = (_sample("wmo305.xml", 2), _sample("jw307-default-namespace.xml", 2))


class Ggk(FormatContract):
    """Two messages in the envelopes they come in, the second in the form of before patch 4."""

    format = ggk.FORMAT
    types = Iwmo.types
    samples = (
        Sample(enveloped(Iwmo.samples[0].content, "WMO305"), observations=2),
        Sample(
            enveloped(Iwmo.samples[1].content, "JW307", holder="bericht", namespace=SECTORMODEL),
            observations=2,
        ),
    )


class Ddas(FormatContract):
    """Two deliveries in one file."""

    format = ddas.FORMAT
    types = frozenset({"schuldhulptraject"})
    samples = (_sample("schuldhulp.json", 6),)


class Csv(FormatContract):
    """Both ways to write a day."""

    format = csv_lines.FORMAT
    types = TYPES
    samples = (
        Sample(
            b"traject;bsn;bron;soort;begin;einde\n"
            b"T-1;999900006;agb:98980001;wmo-voorziening;2026-01-08;\n"
            b"T-2;999900018;gemeente:0344;bijstandsuitkering;08-01-2026;31-03-2026\n",
            observations=2,
        ),
    )
    is_in_lines = True


class JsonLines(FormatContract):
    """One that runs and one that ended."""

    format = json_lines.FORMAT
    types = TYPES
    samples = (
        Sample(
            "".join(
                json.dumps(dict(zip(COLUMNS, values, strict=True))) + "\n"
                for values in (
                    ("T-1", "999900006", "kvk:90001234", "schuldhulptraject", "2026-01-08", None),
                    ("T-2", "999900018", "brin:20KD", "studiefinanciering", "2025-09-01", "2026-02-28"),
                )
            ).encode(),
            observations=2,
        ),
    )
    is_in_lines = True


UNDER_CONTRACT: Final[dict[str, type[FormatContract]]] = {
    "csv": Csv,
    "ddas": Ddas,
    "ggk": Ggk,
    "iwmo": Iwmo,
    "jsonl": JsonLines,
}
