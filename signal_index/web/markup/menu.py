"""What roles are called, and which pages stand in the menu of each; a surface leaves out those it does not have."""

from collections.abc import Mapping, Sequence
from typing import Final

from policy.vocabulary import Role

from .words import say

ROLE_LABELS: Mapping[str, str] = {
    Role.TEAM_MEMBER: say("Wijkteammedewerker"),
    Role.TEAM_LEAD: say("Teamleider"),
    Role.PRIVACY_OFFICER: say("Privacy officer"),
    Role.FUNCTIONAL_ADMIN: say("Functioneel beheerder"),
    Role.SOURCE_ADMIN: say("Bronbeheerder"),
}
HELP: Final = ("help", say("Hulp"))
_COVERS: Final = ("covers", say("Vervanging"))
MENUS: Mapping[str, Sequence[tuple[str, str]]] = {
    Role.TEAM_MEMBER: (
        ("caseload", say("Mijn caseload")),
        ("my_looks", say("Mijn raadplegingen")),
        ("messages", say("Berichten")),
        _COVERS,
        HELP,
    ),
    Role.TEAM_LEAD: (
        ("team", say("Te bevestigen")),
        ("own_team", say("Mijn team")),
        ("involvements", say("Privé bekend")),
        _COVERS,
        HELP,
    ),
    Role.PRIVACY_OFFICER: (
        ("work_list", say("Te beoordelen")),
        ("search", say("Zoeken")),
        ("openings", say("Zaaknummers")),
        ("objections", say("Bezwaren")),
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
        ("key_requests", say("Sleutels")),
        ("rule_sets", say("Regels")),
        ("steering", say("Stuurinformatie")),
        HELP,
    ),
    Role.SOURCE_ADMIN: (
        ("source_series", say("Onze signalen")),
        ("deliveries", say("Leveringen")),
        ("contacts", say("Contactpunten")),
        ("source_questions", say("Meldingen")),
        ("keys", say("Sleutels")),
        ("usage", say("Gebruik")),
        HELP,
    ),
}
OWNERS_ONLY: Final = frozenset({"sources", "key_requests"})
"""Entries about the index as a whole: of the menu of who administers for the organisation whose index it is."""
