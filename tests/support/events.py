"""A CloudEvent about a traject, made up."""

from collections.abc import Mapping
from typing import Any, Final

EVENT: Final[Mapping[str, Any]] = {
    "specversion": "1.0",
    "type": "nl.sociaaldomein.traject-gestart.v1",
    "source": "urn:nld:oin:00000001823288444000:systeem:trajecten",
    "id": "f3dce042-cd6e-4977-844d-05be8dce7cea",
    "time": "2026-04-01T12:00:00Z",
}
DATA: Final[Mapping[str, Any]] = {
    "traject": "T-1",
    "bsn": "999900006",
    "bron": "kvk:90001234",
    "soort": "schuldhulptraject",
    "begin": "2026-01-08",
    "einde": None,
}


def event(
    values: Mapping[str, Any] | None = None, /, *, change: str = "gestart", **attributes: Any
) -> dict[str, Any]:
    """An event with these of the six values and these attributes; ABSENT leaves an attribute out."""
    type_name = f"nl.sociaaldomein.traject-{change}.v1"
    whole = {**EVENT, "type": type_name, "data": {**DATA, **(values or {})}, **attributes}
    return {name: value for name, value in whole.items() if value != "ABSENT"}
