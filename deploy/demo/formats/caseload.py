"""The feed of the regiesysteem: which worker has which client, as CSV.

Source: the columns `connectors/caseload` reads.
"""

import csv
import io
from datetime import date

from deploy.demo.municipality import Case, Municipality
from deploy.demo.organisations import MUNICIPALITY

COLUMNS = (
    "actie",
    "relatie_id",
    "bsn",
    "organisatie",
    "team",
    "medewerker",
    "zaakreferentie",
    "van",
    "tot",
    "geregistreerd_door",
    "leeftijdsgroep",
    "leeftijdsgroep_wijzigt",
    "afgeschermd",
    "coordinator",
)
AGE_BANDS = ((12, "0-11"), (16, "12-15"), (18, "16-17"))


def write(place: Municipality) -> bytes:
    """Write every care relation as one line."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(case, place.today) for case in place.cases)
    return out.getvalue().encode()


def _row(case: Case, today: date) -> tuple[str, ...]:
    band, changes = age_band(case.resident.born, today)
    return (
        "registreren",
        str(case.relation_id),
        case.resident.bsn,
        MUNICIPALITY.oin,
        case.worker.team,
        case.worker.staff_id,
        case.reference,
        case.begin.isoformat(),
        case.until.isoformat(),
        case.registered_by,
        band,
        changes,
        _yes_no(case.shielded),
        _yes_no(case.coordinator),
    )


def age_band(born: date, today: date) -> tuple[str, str]:
    """The age band on a day and the month in which it changes, empty for adults."""
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    for limit, band in AGE_BANDS:
        if age < limit:
            return band, f"{born.year + limit}-{born.month:02d}"
    return "18+", ""


def _yes_no(value: bool) -> str:  # noqa: FBT001 - a column, not a switch
    return "ja" if value else "nee"
