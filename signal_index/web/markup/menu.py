"""The main menu of each role, and what the roles are called."""

from collections.abc import Mapping, Sequence

from policy.vocabulary import Role

from .words import say

ROLE_LABELS: Mapping[str, str] = {
    Role.TEAM_MEMBER: say("Wijkteammedewerker"),
    Role.TEAM_LEAD: say("Teamleider"),
    Role.PRIVACY_OFFICER: say("Privacy officer"),
    Role.FUNCTIONAL_ADMIN: say("Functioneel beheerder"),
    Role.SOURCE_ADMIN: say("Bronbeheerder"),
}
HELP = ("help", say("Hulp"))
_COVERS = ("covers", say("Vervanging"))
MENUS: Mapping[str, Sequence[tuple[str, str]]] = {
    Role.TEAM_MEMBER: (
        ("caseload", say("Mijn caseload")),
        ("my_looks", say("Mijn raadplegingen")),
        ("messages", say("Berichten")),
        _COVERS,
        HELP,
    ),
    Role.TEAM_LEAD: (("team", say("Te bevestigen")), ("own_team", say("Mijn team")), _COVERS, HELP),
    Role.PRIVACY_OFFICER: (
        ("work_list", say("Te beoordelen")),
        ("search", say("Zoeken")),
        ("openings", say("Zaaknummers")),
        ("figures", say("Rapportage")),
        ("proposals", say("Voorstellen")),
        ("rules", say("Regels")),
        ("log_health", say("Logboek")),
        HELP,
    ),
    Role.FUNCTIONAL_ADMIN: (
        ("administration", say("Begin")),
        ("staff", say("Medewerkers")),
        ("teams", say("Teams")),
        ("proposals", say("Voorstellen")),
        ("stand_ins", _COVERS[1]),
        ("sources", say("Bronnen")),
        ("steering", say("Stuurinformatie")),
        HELP,
    ),
}
BADGED = frozenset({"messages", "own_team", "proposals"})
"""Entries that have a number beside them when something waits there; no role has two of them."""
