"""One line of a feed, in whatever form it came, as a checked row of the sheet.

Whatever is wrong is told by column, never by value; which characters a field may hold is the sheet's to say.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from connectors.reading import read_day
from connectors.state import Intent
from crypto.encoding import Month
from crypto.errors import MalformedInput
from crypto.sheet import AgeBand, ZorgrelatieOperation, ZorgrelatieRow
from crypto.sheet.fields import MalformedRow

from .feed import LineFault

T = TypeVar("T")

ACTIONS: Final[Mapping[str, Intent]] = {
    "registreren": Intent.KEEP,
    "wijzigen": Intent.KEEP,
    "beeindigen": Intent.END,
    "vergissing": Intent.MISTAKE,
}
_AGE_BANDS: Final = {band.value: band for band in AgeBand} | {"": AgeBand.UNKNOWN}
_MARKS: Final = {"ja": True, "nee": False}
_COLUMN_OF: Final = {
    "team": "team",
    "worker": "medewerker",
    "case_reference": "zaakreferentie",
    "valid_from": "van",
    "valid_until": "tot",
    "registered_by": "geregistreerd_door",
    "age_band_changes": "leeftijdsgroep_wijzigt",
}
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ANY_GENERATION: Final = 1


def relation_id(line: Mapping[str, str]) -> bytes:
    """Return the 16 bytes of the line's relation id.

    Raises:
        LineFault: it is not a UUID, or the one of zeros.
    """
    text = line["relatie_id"]
    value = UUID(text).bytes if _UUID.fullmatch(text) else bytes(16)
    if not any(value):
        raise LineFault("relation-id-invalid", "relatie_id")
    return value


def row(line: Mapping[str, str], intent: Intent, as_of: date) -> ZorgrelatieRow:
    """Return what the line says, as a row without a generation.

    Args:
        line: the values of a `Line`.
        intent: of its action.
        as_of: the last day of a relation that ends without saying when.

    Raises:
        LineFault: a field is empty or not of its form.
    """
    if intent is Intent.END:
        last_day = _day(line, "tot") if line["tot"] else as_of
        return end_row(relation_id(line), line["organisatie"], last_day)
    if intent is Intent.MISTAKE:
        return ZorgrelatieRow(
            ZorgrelatieOperation.WITHDRAW_MISTAKE,
            relation_id=relation_id(line),
            generation=_ANY_GENERATION,
            organisation=line["organisatie"],
        )
    return _whole_row(line)


def end_row(relation: bytes, organisation: str, last_day: date) -> ZorgrelatieRow:
    """Return the row that ends a relation on this last day."""
    return ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=relation,
        generation=_ANY_GENERATION,
        organisation=organisation,
        valid_until=last_day,
    )


def _whole_row(line: Mapping[str, str]) -> ZorgrelatieRow:
    for column in ("team", "medewerker", "zaakreferentie", "van", "tot", "geregistreerd_door"):
        if not line[column]:
            raise LineFault("value-missing", column)
    try:
        return ZorgrelatieRow(
            ZorgrelatieOperation.REGISTER,
            relation_id=relation_id(line),
            generation=_ANY_GENERATION,
            organisation=line["organisatie"],
            team=line["team"],
            worker=line["medewerker"],
            case_reference=line["zaakreferentie"],
            valid_from=_day(line, "van"),
            valid_until=_day(line, "tot"),
            registered_by=line["geregistreerd_door"],
            age_band=_one_of(line, "leeftijdsgroep", _AGE_BANDS),
            age_band_changes=_month(line, "leeftijdsgroep_wijzigt"),
            shielded=_one_of(line, "afgeschermd", _MARKS),
            coordinator=_one_of(line, "coordinator", _MARKS),
        )
    except MalformedRow as fault:
        # The message begins with the field's name and never holds its value.
        raise LineFault("value-invalid", _COLUMN_OF.get(str(fault).split()[0])) from None


def _one_of(line: Mapping[str, str], column: str, values: Mapping[str, T]) -> T:
    if line[column] not in values:
        raise LineFault("value-invalid", column)
    return values[line[column]]


def _day(line: Mapping[str, str], column: str) -> date:
    day = read_day(line[column])
    if day is None:
        raise LineFault("value-invalid", column)
    return day


def _month(line: Mapping[str, str], column: str) -> Month | None:
    if not line[column]:
        return None
    try:
        return Month.parse(line[column])
    except MalformedInput:
        raise LineFault("value-invalid", column) from None
