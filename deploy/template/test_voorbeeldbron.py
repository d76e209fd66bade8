"""The example format: a table of what it makes of a traject, and the contract every format keeps."""

import io
import json
from datetime import date

import pytest
import voorbeeldbron

from connectors.reading import Message, Observation, Quarantined
from connectors.testing import RECEIVED, FormatContract, Sample

TRAJECT = {
    "nummer": "P-17",
    "burgerservicenummer": "999900006",
    "gestart": "2026-01-08",
    "gestopt": None,
    "contactpersoon": "A. Voorbeeld",
}


def written(*trajecten: object) -> bytes:
    return json.dumps({"opgesteld": "2026-04-14T08:00:00+02:00", "trajecten": trajecten}).encode()


def read(traject: object) -> object:
    (reading,) = voorbeeldbron.read(Message(io.BytesIO(written(traject)), "lijst.json", RECEIVED))
    return reading


class TestContract(FormatContract):
    """Everything that holds for every format."""

    format = voorbeeldbron.FORMAT
    types = frozenset({"participatie-traject"})
    samples = (
        Sample(
            written(TRAJECT, {**TRAJECT, "nummer": "P-18", "gestart": "2025-11-03", "gestopt": "2026-02-28"}),
            2,
        ),
    )


def test_a_traject_that_runs_has_no_last_day() -> None:
    reading = read(TRAJECT)
    assert isinstance(reading, Observation)
    assert (reading.start, reading.end) == (date(2026, 1, 8), None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"burgerservicenummer": "123456789"}, "bsn-invalid"),
        ({"burgerservicenummer": None}, "bsn-missing"),
        ({"gestart": "8 januari"}, "start-invalid"),
        ({"gestart": None}, "start-missing"),
        ({"gestopt": "niet"}, "end-invalid"),
        ({"gestopt": "2025-12-31"}, "end-before-start"),
    ],
)
def test_what_is_not_clear_is_set_aside(changes: dict[str, object], code: str) -> None:
    reading = read({**TRAJECT, **changes})
    assert isinstance(reading, Quarantined)
    assert reading.code == code
