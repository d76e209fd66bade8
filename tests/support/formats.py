"""Every installed format under contract: its samples, made up, and the settings they are read with."""

import json
from pathlib import Path
from typing import ClassVar, Final

from connectors import brp, ciz, cloudevents, csv_lines, ddas, json_lines, suwi, zgw
from connectors.ddas import vroegsignalering
from connectors.istandaarden import ggk, iwmo
from connectors.lines.layout import COLUMNS, TYPES
from connectors.testing import FormatContract, Sample
from tests.support.envelopes import SECTORMODEL, enveloped
from tests.support.events import event
from tests.support.zgw import NOTIFICATION, SETTINGS, ZAAK, expanded, role

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


class DdasVroegsignalering(FormatContract):
    """Open, closed, and closed by a result; two municipalities in one file."""

    format = vroegsignalering.FORMAT
    types = frozenset({"vroegsignaal"})
    settings: ClassVar = {"enabled": True}
    samples = (_sample("vroegsignalen.json", 4),)


class Brp(FormatContract):
    """An answer about three persons, and an event that names one."""

    format = brp.FORMAT
    types = frozenset({"overleden", "onder-curatele"})
    samples = (
        _sample("brp.json", 6),
        Sample(
            b'{"specversion": "1.0", "type": "nl.brp.verhuisd.emigratie", "id": "7f1c", "time": "2026-04-13T08:00:00Z",'
            b' "data": {"pl_id": "17", "burgerservicenummer": "999900006"}}',
            observations=0,
        ),
    )


class Ciz(FormatContract):
    """Two decisions, one of them under a name of the asker, and an error beside them."""

    format = ciz.FORMAT
    types = frozenset({"wlz-indicatie"})
    samples = (_sample("ciz.json", 2),)


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


class Suwi(FormatContract):
    """An answer of each register but student finance, one of them in an envelope."""

    format = suwi.FORMAT
    types = frozenset(
        {"ww-uitkering", "ziektewet-uitkering", "wia-uitkering", "wao-uitkering", "wajong-uitkering"}
        | {"bijstandsuitkering", "aow-uitkering", "anw-uitkering", "aio-aanvulling", "opleiding"}
    )
    samples = (
        _sample("suwi-uwv.xml", 5),
        _sample("suwi-bijstand-soap.xml", 1),
        _sample("suwi-svb.xml", 3),
        _sample("suwi-duo-persoon.xml", 1),
    )


class CloudEvents(FormatContract):
    """One event with line breaks in it, a batch, and a traject that is taken back."""

    format = cloudevents.FORMAT
    types = TYPES
    samples = (
        Sample(json.dumps(event(), indent=1).encode(), observations=1),
        Sample(
            json.dumps(
                [
                    event({"traject": "T-2", "bron": "gemeente:0344"}, sequence="7"),
                    event({"bsn": "999900018", "einde": "2026-03-31"}, change="beeindigd", subject="T-1"),
                ]
            ).encode(),
            observations=2,
        ),
        Sample(json.dumps(event({"bsn": "999900031"}, change="ingetrokken")).encode(), observations=1),
    )


class Zgw(FormatContract):
    """A zaak with its roles expanded, a list of two, one beside its roles that is over, and a notification."""

    format = zgw.FORMAT
    settings = SETTINGS
    types = frozenset({"schuldhulptraject"})
    samples = (
        Sample(json.dumps(expanded()).encode(), observations=1),
        Sample(
            json.dumps({"count": 2, "next": None, "results": [expanded(), expanded({"uuid": "2"})]}).encode(),
            observations=2,
        ),
        Sample(
            json.dumps(
                {
                    "opgehaald": "2026-04-01T12:00:00Z",
                    "zaak": {**ZAAK, "einddatum": "2026-03-31"},
                    "rollen": [role(bsn="999900018")],
                }
            ).encode(),
            observations=1,
        ),
        Sample(json.dumps(NOTIFICATION).encode(), observations=0),
    )


UNDER_CONTRACT: Final[dict[str, type[FormatContract]]] = {
    "brp": Brp,
    "ciz": Ciz,
    "cloudevents": CloudEvents,
    "csv": Csv,
    "ddas": Ddas,
    "ddas-vroegsignalering": DdasVroegsignalering,
    "ggk": Ggk,
    "iwmo": Iwmo,
    "jsonl": JsonLines,
    "suwi": Suwi,
    "zgw": Zgw,
}
