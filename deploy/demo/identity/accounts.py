"""Who can sign in at the demonstration, and what each of them has to see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo.organisations import GERT, INEKE, MARGA, NOOR, SAMIRA, STAFF, Employee

CLIENT = "signaalindex"  # what the index is called at the identity provider
FILE = "accounts.json"
SECOND_FACTOR = {"acr": "http://eidas.europa.eu/LoA/substantial", "amr": ["pwd", "mfa"]}


@dataclass(frozen=True)
class Suggestion:
    """Somebody worth signing in as.

    Args:
        note_nl: what she has to see, on the page where one chooses.
        note_en: the same, for the terminal.
    """

    employee: Employee
    note_nl: str
    note_en: str


SUGGESTIONS = (
    Suggestion(NOOR, "zij heeft een volle caseload", "has a full caseload, messages, and a look of just now"),
    Suggestion(SAMIRA, "zij vervangt een collega", "stands in for a colleague, and sees his cases as well"),
    Suggestion(MARGA, "zij moet een zaak bevestigen", "leads a team; a case waits for her confirmation"),
    Suggestion(
        INEKE, "zij beoordeelt wie er keek", "reviews who looked; Joris is the second privacy officer"
    ),
    Suggestion(
        GERT,
        "hij beheert medewerkers en bronnen",
        "administers staff, roles and sources; sees no signal or case",
    ),
)


def write_accounts(folder: Path) -> None:
    """Write what the identity provider says about everybody, the suggestions first."""
    notes = {each.employee: {"nl": each.note_nl, "en": each.note_en} for each in SUGGESTIONS}
    in_order = [*notes, *(employee for employee in STAFF if employee not in notes)]
    accounts = [_account(employee, notes.get(employee)) for employee in in_order]
    text = json.dumps(accounts, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def _account(employee: Employee, note: Mapping[str, str] | None) -> Mapping[str, Any]:
    claims = {"sub": employee.staff_id, "name": employee.name, "email": employee.email, **SECOND_FACTOR}
    role = employee.role.replace("-", " ").capitalize()
    return {"claims": claims, "role": role, "note": note}
