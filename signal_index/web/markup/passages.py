"""Which passage of the help is about which page, so that the link to the help on a page leads straight there.

A test sees to it that every page has its line here, and every passage its place in the help.
"""

from collections.abc import Mapping
from typing import Final

_STEPS, _NOTHING, _WRONG, _PRINTING = "stappen", "niets", "klopt-niet", "afdrukken"
_ADMINISTRATOR, _SOURCE = "functioneel-beheerder", "bronbeheerder"
_WHO_HELPS, _PRIVACY_OFFICER, _RECORDED = "wie-helpt", "privacy-officer", "vastgelegd"

PASSAGES: Final[Mapping[str, str]] = {
    "home": _WHO_HELPS,
    "sign_in": _WHO_HELPS,
    "sign_in_return": _WHO_HELPS,
    "sign_in_start": _WHO_HELPS,
    "signed_out": "tijd",
    "expired": "tijd",
    "status": _WHO_HELPS,
    "help": "",
    "accessibility": _WHO_HELPS,
    "privacy": _RECORDED,
    "open_rules": _NOTHING,
    "arrive": _STEPS,
    "caseload": _STEPS,
    "look": _STEPS,
    "own_involvement": "prive",
    "view": _NOTHING,
    "my_looks": _RECORDED,
    "worksheet": _PRINTING,
    "fridge": _PRINTING,
    "fridge_sheet": _PRINTING,
    "question": _WRONG,
    "asked": _WRONG,
    "messages": "berichten",
    "covers": "afwezig",
    "team": "teamleider",
    "work_list": _PRIVACY_OFFICER,
    "one_look": _PRIVACY_OFFICER,
    "search": _PRIVACY_OFFICER,
    "open_person": _PRIVACY_OFFICER,
    "openings": _PRIVACY_OFFICER,
    "opening": _PRIVACY_OFFICER,
    "objections": _PRIVACY_OFFICER,
    "figures": _PRIVACY_OFFICER,
    "log_health": _PRIVACY_OFFICER,
    "rules": _PRIVACY_OFFICER,
    "own_team": "teamleider",
    "involvements": "prive",
    "administration": _ADMINISTRATOR,
    "staff_list": _ADMINISTRATOR,
    "staff": _ADMINISTRATOR,
    "member": _ADMINISTRATOR,
    "change_member": _ADMINISTRATOR,
    "proposals": _ADMINISTRATOR,
    "proposal": _ADMINISTRATOR,
    "teams": _ADMINISTRATOR,
    "team_roll": _ADMINISTRATOR,
    "stand_ins": _ADMINISTRATOR,
    "stand_in": _ADMINISTRATOR,
    "end_stand_in": _ADMINISTRATOR,
    "sources": _ADMINISTRATOR,
    "new_source": _ADMINISTRATOR,
    "source": _ADMINISTRATOR,
    "contact": _ADMINISTRATOR,
    "new_supplier": _ADMINISTRATOR,
    "supplier": _ADMINISTRATOR,
    "new_door": _ADMINISTRATOR,
    "door": _ADMINISTRATOR,
    "remove_source": _ADMINISTRATOR,
    "remove_supplier": _ADMINISTRATOR,
    "remove_door": _ADMINISTRATOR,
    "purposes": _ADMINISTRATOR,
    "steering": _ADMINISTRATOR,
    "key_requests": _ADMINISTRATOR,
    "rule_sets": _ADMINISTRATOR,
    "rule_set": _ADMINISTRATOR,
    "rules_to_decide": _PRIVACY_OFFICER,
    "source_series": _SOURCE,
    "deliveries": _SOURCE,
    "contacts": _SOURCE,
    "source_questions": _SOURCE,
    "keys": _SOURCE,
    "usage": _SOURCE,
}
"""By the name of a page that can be read, the id of a heading in the help; empty for its beginning."""


def help_on(page: str | None) -> str:
    """What to put behind the address of the help on a page.

    Args:
        page: its name, or that of the page in the menu it belongs to; None when there is none.
    """
    passage = PASSAGES.get(page or "", "")
    return f"#{passage}" if passage else ""
